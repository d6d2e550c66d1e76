//! The half-duplex wire between the host's adapter and the servos, byte by byte.
//!
//! A byte takes ten bit times: start bit, eight data bits, stop bit. A sender does not listen first, as on the real wire:
//! two senders at once destroy each other's bytes, and what the host hears, or the servos hear, is neither of them.
//!
//! The host's end is an [`Adapter`], which has times of its own.

use core::time::Duration;
use std::collections::VecDeque;

use crate::adapter::{Adapter, Arrival, Deliveries, Inbound, Outbound};

/// Bits on the wire for one byte.
const BITS_PER_BYTE: u64 = 10;
/// Bytes that wait at most in either direction, the size of a Linux terminal's buffer. More are lost.
pub const CAPACITY: usize = 4096;

/// A byte on its way.
#[derive(Debug, Clone, Copy)]
struct Flight {
    /// When the wire has carried it.
    end: Duration,
    /// When the adapter may pass it on to the host at the earliest; servos have it at the end.
    ready: Duration,
    byte: u8,
}

impl Arrival for Flight {
    fn ready(&self) -> Duration {
        self.ready
    }
}

/// A byte that the servos have received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceivedByte {
    /// When its start bit began.
    pub start: Duration,
    /// When its stop bit ended.
    pub end: Duration,
    /// What it was.
    pub byte: u8,
}

/// The wire and what travels on it.
#[derive(Debug, Clone)]
pub struct Wire {
    byte_time: Duration,
    /// When the host's adapter has sent what it was given.
    host_free: Duration,
    to_servos: VecDeque<Flight>,
    /// By rising `end` and, with it, by rising `ready`.
    to_host: VecDeque<Flight>,
    outbound: Outbound,
    inbound: Inbound,
    /// What the host has got and not read yet.
    received: VecDeque<u8>,
    lost: u64,
    destroyed: u64,
}

impl Wire {
    /// A wire at `baud` bits per second behind this adapter; 0 means one that takes no time at all.
    #[must_use]
    pub fn new(baud: u32, adapter: Adapter) -> Self {
        let mut wire = Self {
            outbound: Outbound::new(adapter),
            inbound: Inbound::new(adapter),
            received: VecDeque::with_capacity(CAPACITY),
            byte_time: Duration::ZERO,
            host_free: Duration::ZERO,
            to_servos: VecDeque::with_capacity(CAPACITY),
            to_host: VecDeque::with_capacity(CAPACITY),
            lost: 0,
            destroyed: 0,
        };
        wire.set_baud(baud);
        wire
    }

    /// Changes the rate for bytes that are sent from now on.
    pub fn set_baud(&mut self, baud: u32) {
        let nanoseconds = (BITS_PER_BYTE * 1_000_000_000).checked_div(u64::from(baud));
        self.byte_time = Duration::from_nanos(nanoseconds.unwrap_or_default());
    }

    /// How long one byte occupies the wire.
    #[must_use]
    pub fn byte_time(&self) -> Duration {
        self.byte_time
    }

    /// Bytes that found no room.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Bytes that another one destroyed, each of the two counted.
    #[must_use]
    pub fn destroyed(&self) -> u64 {
        self.destroyed
    }

    /// The host has something to send at `now`: the adapter sends it when it has it and has sent everything before.
    /// `None` is a byte that got lost on the way: its time passes, and no receiver gets it.
    pub fn host_sends(&mut self, now: Duration, byte: Option<u8>) {
        let start = self.host_free.max(self.outbound.reaches_wire(now));
        let end = start.saturating_add(self.byte_time);
        self.host_free = end;
        let Some(byte) = byte else { return };
        if self.to_servos.len() == CAPACITY {
            self.lost += 1;
            return;
        }
        let hit = collide(&mut self.to_host, start, end, byte);
        let byte = self.counted(hit).unwrap_or(byte);
        self.to_servos.push_back(Flight {
            end,
            ready: end,
            byte,
        });
    }

    /// A servo sends one byte from `start` on, which the host gets `late` after it has arrived. Returns when the wire has
    /// carried it. Lateness never changes the order of bytes.
    pub fn servo_sends(&mut self, start: Duration, byte: Option<u8>, late: Duration) -> Duration {
        let end = start.saturating_add(self.byte_time);
        let Some(byte) = byte else { return end };
        let hit = collide(&mut self.to_servos, start, end, byte);
        let byte = self.counted(hit).unwrap_or(byte);
        let hit = collide(&mut self.to_host, start, end, byte);
        if self.counted(hit).is_none() {
            self.arrive(end, byte, late);
        }
        end
    }

    /// What two bytes became, counted as both.
    fn counted(&mut self, hit: Option<u8>) -> Option<u8> {
        self.destroyed += hit.map_or(0, |_| 2);
        hit
    }

    /// The host hears what it sent itself, as adapters without echo suppression let it.
    pub fn echo(&mut self, received: ReceivedByte) {
        self.arrive(received.end, received.byte, Duration::ZERO);
    }

    /// The next byte that the servos have completely received by `now`.
    pub fn servos_receive(&mut self, now: Duration) -> Option<ReceivedByte> {
        let Flight { end, byte, .. } = self.to_servos.pop_front_if(|flight| flight.end <= now)?;
        Some(ReceivedByte {
            start: end.saturating_sub(self.byte_time),
            end,
            byte,
        })
    }

    /// Fills `out` with what the host has got by `now` and returns how many bytes that were.
    pub fn host_hears(&mut self, now: Duration, out: &mut [u8]) -> usize {
        self.pass_on(now);
        let count = self.received.len().min(out.len());
        for (target, byte) in out.iter_mut().zip(self.received.drain(..count)) {
            *target = byte;
        }
        count
    }

    /// Lets the adapter hand the host what is due by `now`.
    fn pass_on(&mut self, now: Duration) {
        while let Some(count) = self.inbound.passes_on(now, &self.to_host) {
            for flight in self.to_host.drain(..count) {
                match self.received.len() {
                    CAPACITY => self.lost += 1,
                    _ => self.received.push_back(flight.byte),
                }
            }
        }
    }

    /// When the servos have received everything that the host has sent; `None` when they have.
    #[must_use]
    pub fn host_silent(&self) -> Option<Duration> {
        self.to_servos.back().map(|flight| flight.end)
    }

    /// Bytes that the host has sent and the servos have not received yet.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.to_servos.len()
    }

    /// When the host gets what is on its way to it.
    #[must_use]
    pub fn deliveries(&self) -> Option<Deliveries> {
        if self.received.is_empty() {
            return self.inbound.outlook(&self.to_host);
        }
        let now = Deliveries::at(self.inbound.last_packet());
        let more = self.inbound.outlook(&self.to_host);
        Some(more.map_or(now, |more| Deliveries {
            last: more.last,
            ..now
        }))
    }

    /// Forgets what is on the way to the host.
    pub fn discard_received(&mut self) {
        self.to_host.clear();
        self.received.clear();
    }

    fn arrive(&mut self, end: Duration, byte: u8, late: Duration) {
        if self.to_host.len() == CAPACITY {
            self.lost += 1;
            return;
        }
        let place = self
            .to_host
            .iter()
            .rposition(|flight| flight.end <= end)
            .map_or(0, |before| before + 1);
        let before = place
            .checked_sub(1)
            .and_then(|before| self.to_host.get(before));
        let start = end.saturating_sub(self.byte_time);
        let ready = end.saturating_add(late + self.inbound.held_back(start, end));
        let ready = before.map_or(ready, |flight| flight.ready.max(ready));
        self.to_host.insert(place, Flight { end, ready, byte });
    }
}

/// If a byte on the way overlaps `start..end`, both are destroyed, and the new byte's result is returned.
fn collide(flights: &mut VecDeque<Flight>, start: Duration, end: Duration, byte: u8) -> Option<u8> {
    let byte_time = end.saturating_sub(start);
    let mut result = None;
    for flight in flights.iter_mut().rev() {
        if flight.end <= start {
            break;
        }
        if flight.end.saturating_sub(byte_time) < end {
            flight.byte = garbled(flight.byte, result.unwrap_or(byte));
            result = Some(flight.byte);
        }
    }
    result
}

/// What arrives when two bytes are sent at once: two drivers pull the line low, and since no two clocks agree, the second is a bit late. What would
/// still read as one of the two then has its framing destroyed, which receivers make anything of.
fn garbled(first: u8, second: u8) -> u8 {
    let low = first & second.rotate_left(1);
    let mut results = [low, !low, low ^ 0x0F].into_iter();
    let neither = |byte: &u8| *byte != first && *byte != second;
    results.find(neither).unwrap_or(low)
}

#[cfg(test)]
mod tests;
