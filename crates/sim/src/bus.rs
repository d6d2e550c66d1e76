//! A simulated servo bus: the wire, the servos on it, and the mechanics that they move.
//!
//! The host side is bytes and times, nothing else: [`ServoBus::host_writes`] and [`ServoBus::host_reads`] are what a serial
//! port does. The bus reads no clock. Each request takes effect at the moment at which its last byte has been received, and the
//! mechanics are brought to exactly that moment first, so results depend on the times given and not on how often the bus is
//! called.
//!
//! Timing of answers, each after the end of the request:
//! * one servo: [`BusOptions::turnaround`], then its own return delay;
//! * sync read: servos answer in the order of the request, each after its own return delay once the one before has finished.
//!   One that stays silent is passed over after [`BusOptions::silent_turn`];
//! * ping to all: each id has its own slot, the length of a status packet, as if every id below had answered.

mod meter;
mod options;
mod plugs;
mod power;
mod requests;
mod serve;

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ulna_bus::Model;
use ulna_bus::{dynamixel, feetech};

use crate::adapter::{Adapter, Deliveries};
use crate::fault::Faults;
use crate::plant::{Drive, Plant, Sense};
use crate::servo::{Electronics, Servo, TICK};
use crate::wire::{ReceivedByte, Wire};
pub use meter::{Meter, Traffic, WireCounters};
pub use options::BusOptions;
pub use plugs::{PlugMove, Plugs};
use requests::{DynamixelRequest, FeetechRequest};

/// Silence after which servos take the next byte for the beginning of a packet.
const QUIET_GAP: Duration = Duration::from_millis(1);

/// The mechanics do not have one joint for each servo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the bus has {servos} servos but its mechanics move {plant}; give one servo for each joint of the plant"
)]
pub struct WrongPlant {
    /// Servos given.
    pub servos: usize,
    /// What the plant has.
    pub plant: usize,
}

/// A bus with servos and what they move.
#[derive(Debug, Clone)]
pub struct ServoBus<P> {
    options: BusOptions,
    wire: Wire,
    /// What servos make of the bytes, in each language that one of them speaks.
    feetech: Option<feetech::Decoder>,
    dynamixel: Option<dynamixel::Decoder>,
    /// End of the last byte that the servos received.
    last_byte: Duration,
    servos: Vec<Servo>,
    drives: Vec<Drive>,
    /// Which servos have power, and which plugs should be in.
    powered: Vec<bool>,
    plugs: Plugs,
    /// What the hand at the plugs will do, by rising time.
    planned: VecDeque<(Duration, PlugMove)>,
    /// What servos that repeat themselves go on saying.
    stuck: Vec<Option<Servo>>,
    plant: P,
    faults: Faults,
    /// Where the mechanics are, and when protections count next.
    now: Duration,
    next_tick: Duration,
    answer: [u8; dynamixel::MAX_PACKET],
    counters: WireCounters,
    meter: Meter,
}

impl<P: Plant> ServoBus<P> {
    /// Puts `servos` in front of `plant`, in its order, and switches the power on. What was set in the servos before, such as
    /// offsets, is what an arm has been through before the run.
    pub fn new(servos: Vec<Servo>, plant: P, options: BusOptions) -> Result<Self, WrongPlant> {
        if servos.len() != plant.servos() {
            return Err(WrongPlant {
                servos: servos.len(),
                plant: plant.servos(),
            });
        }
        let has = |is: fn(&Electronics) -> bool| servos.iter().any(|servo| is(servo.electronics()));
        let mut bus = Self {
            wire: match options.instant {
                true => Wire::new(0, Adapter::DIRECT),
                false => Wire::new(options.baud, options.adapter),
            },
            feetech: has(|servo| matches!(servo, Electronics::Sts(_))).then(feetech::Decoder::new),
            dynamixel: has(|servo| matches!(servo, Electronics::X(_)))
                .then(dynamixel::Decoder::new),
            last_byte: Duration::ZERO,
            drives: vec![Drive::default(); servos.len()],
            powered: vec![false; servos.len()],
            plugs: Plugs::default(),
            planned: VecDeque::new(),
            stuck: vec![None; servos.len()],
            servos,
            plant,
            faults: Faults::new(&options.faults),
            now: Duration::ZERO,
            next_tick: TICK,
            answer: [0; dynamixel::MAX_PACKET],
            counters: WireCounters::default(),
            meter: Meter::default(),
            options,
        };
        for servo in &mut bus.servos {
            if let Some(version) = bus.faults.firmware(servo.id()) {
                servo.set_firmware(version.major, version.minor);
            }
        }
        bus.look_at_cables(Duration::ZERO);
        Ok(bus)
    }

    /// New servos with these ids and models.
    pub fn with_models(
        models: &[(u8, Model)],
        plant: P,
        options: BusOptions,
    ) -> Result<Self, WrongPlant> {
        let servos = models.iter().map(|&(id, model)| Servo::new(id, model));
        Self::new(servos.collect(), plant, options)
    }

    /// The host writes to its port at `now`. What it writes while earlier bytes are still being sent waits its turn, up
    /// to [`crate::wire::CAPACITY`] bytes.
    pub fn host_writes(&mut self, now: Duration, bytes: &[u8]) {
        self.advance(now);
        for &byte in bytes {
            let byte = self.faults.damage(byte);
            self.wire.host_sends(now, byte);
        }
    }

    /// Fills `out` with bytes that the host has got by `now` and not yet read; returns how many.
    pub fn host_reads(&mut self, now: Duration, out: &mut [u8]) -> usize {
        self.advance(now);
        self.wire.host_hears(now, out)
    }

    /// Throws away what the host has got by now or is about to get, as clearing a port's input buffer does.
    pub fn discard_received(&mut self, now: Duration) {
        self.advance(now);
        self.wire.discard_received();
    }

    /// When something happens by itself: the next byte reaches the host, or the servos have received what the host sent.
    /// [`Duration::MAX`] when the line is silent.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        let delivery = self.wire.deliveries().map(|on_its_way| on_its_way.first);
        let request = self.wire.host_silent();
        [delivery, request]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Duration::MAX)
    }

    /// When the host gets the bytes that are already on their way to it.
    #[must_use]
    pub fn deliveries(&self) -> Option<Deliveries> {
        self.wire.deliveries()
    }

    /// Bytes that the host has written and the servos have not received yet.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.wire.unsent()
    }

    /// Lets everything happen that happens until `now`. A `now` that lies behind changes nothing.
    pub fn advance(&mut self, now: Duration) {
        while let Some(received) = self.wire.servos_receive(now) {
            let after_silence = received.start.saturating_sub(self.last_byte) > QUIET_GAP;
            self.last_byte = received.end;
            if self.options.echo {
                self.wire.echo(received);
            }
            self.receive_feetech(received, after_silence);
            self.receive_dynamixel(received, after_silence);
        }
        self.run_plant(now);
        self.meter.publish(&self.counters());
    }

    /// The mechanics, where they are after the last call with a time.
    #[must_use]
    pub fn plant(&self) -> &P {
        &self.plant
    }
    /// The electronics, in the plant's order.
    #[must_use]
    pub fn servos(&self) -> &[Servo] {
        &self.servos
    }

    /// The electronics of one servo, to be set up or tampered with.
    pub fn servo_mut(&mut self, index: usize) -> Option<&mut Servo> {
        self.servos.get_mut(index)
    }

    /// The plugs of the servos. What is done to them takes effect within 10 ms, or with the next request.
    #[must_use]
    pub fn plugs(&self) -> Plugs {
        self.plugs.clone()
    }

    /// Has the servos hang on these plugs.
    pub fn set_plugs(&mut self, plugs: Plugs) {
        self.plugs = plugs;
        self.look_at_cables(self.now);
    }

    /// The host opens its port at another rate.
    pub fn set_baud(&mut self, now: Duration, baud: u32) {
        self.advance(now);
        self.options.baud = baud;
        if !self.options.instant {
            self.wire.set_baud(baud);
        }
    }

    /// How the line behaves.
    #[must_use]
    pub fn options(&self) -> &BusOptions {
        &self.options
    }

    /// The totals.
    #[must_use]
    pub fn counters(&self) -> WireCounters {
        WireCounters {
            lost_bytes: self.wire.lost(),
            destroyed_bytes: self.wire.destroyed(),
            ..self.counters
        }
    }

    /// What passes over the bus, for a look from outside.
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.meter.clone()
    }

    /// Has a request carried out that was received at `at`.
    fn serve(&mut self, at: Duration, carry_out: impl FnOnce(&mut Self, Duration)) {
        self.counters.requests += 1;
        let answers = self.counters.answers;
        carry_out(self, at);
        self.meter.served(at, self.counters.answers > answers);
    }

    /// What Feetech servos make of a byte.
    fn receive_feetech(&mut self, received: ReceivedByte, after_silence: bool) {
        let Some(decoder) = &mut self.feetech else {
            return;
        };
        if after_silence {
            decoder.reset();
        }
        decoder.push(&[received.byte]);
        while let Some(decoded) = self.feetech.as_mut().and_then(feetech::Decoder::next) {
            match decoded {
                feetech::Decoded::Packet(packet) => {
                    let request = FeetechRequest::from(packet);
                    self.serve(received.end, |bus, at| bus.serve_feetech(at, &request));
                }
                feetech::Decoded::Corrupt { .. } => self.counters.corrupt_requests += 1,
            }
        }
    }

    /// What Dynamixel servos make of a byte. They receive each other as well; those packets are no requests.
    fn receive_dynamixel(&mut self, received: ReceivedByte, after_silence: bool) {
        let Some(decoder) = &mut self.dynamixel else {
            return;
        };
        if after_silence {
            decoder.reset();
        }
        decoder.push(&[received.byte]);
        while let Some(decoded) = self.dynamixel.as_mut().and_then(dynamixel::Decoder::next) {
            match decoded {
                dynamixel::Decoded::Packet(packet) => {
                    let request = DynamixelRequest::from(packet);
                    self.serve(received.end, |bus, at| bus.serve_dynamixel(at, &request));
                }
                dynamixel::Decoded::Corrupt { .. } => self.counters.corrupt_requests += 1,
                dynamixel::Decoded::Block(_) => {}
            }
        }
    }

    /// Brings the mechanics to `to`. The protections count on a grid of their own.
    fn run_plant(&mut self, to: Duration) {
        while self.next_tick <= to {
            self.plant.advance(self.next_tick, &self.drives);
            self.now = self.next_tick;
            self.next_tick = self.next_tick.saturating_add(TICK);
            self.look_at_cables(self.now);
            for index in 0..self.servos.len() {
                if !self.powered[index] {
                    continue;
                }
                let id = self.servos[index].id();
                if self.faults.resets(id, self.now - TICK, self.now) {
                    self.power_cycle(index);
                }
                self.look(index);
                self.servos[index].tick();
                self.drive(index);
            }
        }
        if to > self.now {
            self.plant.advance(to, &self.drives);
            self.now = to;
        }
    }
}

/// For mechanics that are chosen at run time.
impl<P: Plant + ?Sized> Plant for Box<P> {
    fn servos(&self) -> usize {
        (**self).servos()
    }

    fn advance(&mut self, to: Duration, drives: &[Drive]) {
        (**self).advance(to, drives);
    }

    fn sense(&self, index: usize) -> Sense {
        (**self).sense(index)
    }
}

/// For mechanics that others look at while the bus moves them in a thread of its own, such as a camera in real time. A lock holds up
/// the servos' answers: take a copy and release it.
impl<P: Plant + ?Sized> Plant for Arc<Mutex<P>> {
    fn servos(&self) -> usize {
        unpoisoned(self).servos()
    }

    fn advance(&mut self, to: Duration, drives: &[Drive]) {
        unpoisoned(self).advance(to, drives);
    }

    fn sense(&self, index: usize) -> Sense {
        unpoisoned(self).sense(index)
    }
}

/// A panic in another thread is no reason for the arm to stop in mid-air: mechanics have no state that is half changed for long.
fn unpoisoned<P: ?Sized>(plant: &Mutex<P>) -> MutexGuard<'_, P> {
    plant.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::Followers;
