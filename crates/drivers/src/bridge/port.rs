//! A bridge board as a port.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use ulna_bridge::message::{
    Command, CycleState, JointGoal, JointRecovery, MAX_JOINTS, MAX_RAW, RawBytes,
};
use ulna_bridge::setup::BridgeSetup;
use ulna_rt::Pacer;

use super::address::BridgeAddress;
use super::client::BridgeClient;
use super::error::BridgeError;
use crate::port::{BoardLink, BoardOptions, Port};

/// The board's time is asked this often; with 100 ppm it drifts by 5 µs meanwhile.
const PING_EVERY: Duration = Duration::from_millis(50);
/// A board that says nothing for so long at least, and for no less than its dead-man's time, is gone, though its port may be there.
const SILENT_AFTER: Duration = Duration::from_secs(1);

/// A board, for one arm.
#[derive(Debug)]
pub struct BridgePort {
    client: BridgeClient,
    options: BoardOptions,
    cyclic: bool,
    /// The number of the newest cycle whose state was taken: one that comes again, or late, is none.
    newest: Option<u32>,
    pinged: Duration,
    token: u32,
    /// Spans of [`PING_EVERY`] in which the board was pinged and said nothing, and when the newest began. Not the time itself: a host that was stopped has not
    /// asked, so the board is not to blame.
    silent_for: u32,
    counted: Duration,
}

impl BridgePort {
    /// A board that was greeted, for servos at `baud` bits per second.
    ///
    /// # Errors
    /// [`BridgeError`], if it has stopped its arm, does not drive arms, or refuses the rate.
    pub fn new(
        mut client: BridgeClient,
        address: &BridgeAddress,
        baud: u32,
        pacer: &mut dyn Pacer,
    ) -> Result<Self, BridgeError> {
        client.take_over(pacer)?;
        client.ask(pacer, &Command::Baud(baud))?;
        Ok(Self {
            client,
            options: address.options,
            cyclic: false,
            newest: None,
            pinged: Duration::ZERO,
            token: 0,
            silent_for: 0,
            counted: Duration::ZERO,
        })
    }

    /// A port that is there with a board behind it that is not: an adapter's far cable, a board without power.
    fn check_silence(&mut self) -> Result<(), BridgeError> {
        if self.client.take_received() {
            self.silent_for = 0;
        }
        let dead_man = Duration::from_millis(self.options.dead_man_ms.into());
        match PING_EVERY * self.silent_for > SILENT_AFTER.max(dead_man) {
            false => Ok(()),
            true => Err(BridgeError::Silent {
                port: self.client.name().to_owned(),
            }),
        }
    }

    /// A refusal of something that was sent without waiting means that the board is not what it was.
    fn check(&mut self) -> io::Result<()> {
        match self.client.take_refusal() {
            None => Ok(()),
            Some(refusal) => Err(self.client.refused(refusal).into()),
        }
    }
}

impl Port for BridgePort {
    fn write(&mut self, now: Duration, bytes: &[u8]) -> io::Result<()> {
        for part in bytes.chunks(MAX_RAW) {
            if let Ok(raw) = RawBytes::from_slice(part) {
                self.client.send(now, &Command::Raw(raw))?;
            }
        }
        Ok(())
    }

    fn read(&mut self, now: Duration, into: &mut [u8]) -> io::Result<usize> {
        self.client.poll(now)?;
        self.check()?;
        Ok(self.client.take_raw(into))
    }

    fn set_baud(&mut self, now: Duration, baud: u32) -> io::Result<()> {
        self.client.send(now, &Command::Baud(baud))?;
        Ok(())
    }

    fn next_arrival(&self) -> Option<Duration> {
        self.client.next_arrival()
    }

    fn input(&self) -> Option<OwnedFd> {
        self.client.input()
    }

    fn board(&mut self) -> Option<&mut dyn BoardLink> {
        Some(self)
    }

    fn board_uncertainty(&self) -> Option<Duration> {
        self.client.clock().uncertainty(self.pinged)
    }

    fn name(&self) -> &str {
        self.client.name()
    }
}

impl BoardLink for BridgePort {
    fn options(&self) -> BoardOptions {
        self.options
    }

    fn is_cyclic(&self) -> bool {
        self.cyclic
    }

    fn begin_cyclic_mode(&mut self, now: Duration, setup: BridgeSetup) -> io::Result<()> {
        // What came before belongs to nothing.
        self.client.poll(now)?;
        self.client.take_raw(&mut [0; 512]);
        self.check()?;
        self.client.send(now, &Command::Setup(setup))?;
        self.client.send(now, &Command::Start)?;
        self.cyclic = true;
        self.newest = None;
        Ok(())
    }

    fn leave_cyclic_mode(&mut self, pacer: &mut dyn Pacer) -> io::Result<()> {
        if self.cyclic {
            self.cyclic = false;
            self.client.stop(pacer)?;
            // What the arm did since its last state is looked at below: a board that has stopped it takes no more goals.
            self.client.take_over(pacer)?;
        }
        Ok(())
    }

    fn send_goals(&mut self, now: Duration, goals: &[JointGoal]) -> io::Result<()> {
        if now >= self.pinged + PING_EVERY || goals.is_empty() {
            self.pinged = now;
            self.token = self.token.wrapping_add(1);
            let token = self.token;
            self.client.send(now, &Command::Ping { token })?;
            if now >= self.counted + PING_EVERY {
                self.counted = now;
                self.silent_for = self.silent_for.saturating_add(1);
            }
        }
        if goals.is_empty() {
            return Ok(());
        }
        let goals = heapless::Vec::<JointGoal, MAX_JOINTS>::from_slice(goals)
            .map_err(|_| io::Error::other("more goals than joints"))?;
        self.client.send(now, &Command::Goals(goals))?;
        Ok(())
    }

    fn next_state(&mut self, now: Duration) -> io::Result<Option<CycleState>> {
        self.client.poll(now)?;
        let mut state = self.client.take_state();
        while let Some(old) = &state
            && self.newest.is_some_and(|newest| old.cycle <= newest)
        {
            state = self.client.take_state();
        }
        if let Some(state) = &state {
            self.newest = Some(state.cycle);
        }
        if let Some(trip) = state.as_ref().and_then(|state| state.trip) {
            return Err(BridgeError::Tripped {
                port: self.client.name().to_owned(),
                reason: trip.reason,
                joint: trip.joint,
            }
            .into());
        }
        self.check()?;
        self.check_silence()?;
        Ok(state)
    }

    fn recover(&mut self, now: Duration, step: JointRecovery) -> io::Result<()> {
        self.client.recover(now, step)
    }

    fn recovered(&mut self) -> Option<Option<i32>> {
        self.client.recovered()
    }

    fn host_time(&self, board_us: u64, now: Duration) -> Duration {
        let mapped = self.client.clock().host_time(board_us);
        mapped.unwrap_or(now).min(now)
    }
}

/// A board that is left in peace ends its exchange; the servos hold.
impl Drop for BridgePort {
    fn drop(&mut self) {
        if self.cyclic {
            // If that fails, the dead-man does it.
            let _ = self.client.send(self.pinged, &Command::Stop);
        }
    }
}
