//! Which servos are there, and where they stand: requests that may remain without an answer.

use std::time::Duration;

use ulna_bus::engine::{LinkTiming, Reply, Request, wire_time};
use ulna_bus::feetech::MAX_ID;
use ulna_bus::registers::Role;
use ulna_rt::Pacer;

use super::error::ServoBusError;
use super::link::garbage;
use super::{PING_TIMEOUT, Ping, ServoBus, TURNAROUND, engine};

/// So often a fast read is tried: one that a bad moment swallows says nothing of the firmware.
const FAST_TRIES: u32 = 3;

impl ServoBus {
    /// The ids that answer a ping to all, rising, and whether anything was received besides their answers.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn ping_all(&mut self, pacer: &mut dyn Pacer) -> Result<(Vec<u8>, bool), ServoBusError> {
        // Each id has its slot: LeRobot 0.6.2 waits one status packet and 3 ms for each of 252, and 16 ms more.
        let slots = usize::from(MAX_ID);
        let protocol = self.family.protocol();
        let status = protocol.answer_bytes(protocol.ping_data().into());
        let window = wire_time(status * slots, self.baud())
            + Duration::from_millis(3 * slots as u64)
            + Duration::from_millis(16);
        let garbled = self.ask_quickly(pacer, &Request::PingAll, window)?;
        let alive = |reply: &&Reply| reply.result.is_ok();
        let replies = self.quick.replies().iter().filter(alive);
        let mut ids: Vec<u8> = replies.map(|reply| reply.id).collect();
        ids.sort_unstable();
        Ok((ids, garbled))
    }

    /// Is this servo there? Asks once.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn ping(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<Ping, ServoBusError> {
        self.ping_for(pacer, id, PING_TIMEOUT)
    }

    fn ping_for(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        least: Duration,
    ) -> Result<Ping, ServoBusError> {
        // Not the protocol's ping: on Feetech buses its answer can be byte for byte the adapter's echo.
        let register = self.register(Role::Id)?;
        let request = Request::Read {
            id,
            address: register.address,
            len: register.width,
        };
        let garbled = self.ask_quickly(pacer, &request, least)?;
        let sound = self.quick.replies().iter().any(|reply| {
            let data = reply.result.ok();
            let value = data.and_then(|data| register.decode(data.bytes()));
            value == Some(i32::from(id))
        });
        Ok(match sound {
            true => Ping::Alive,
            false if garbled => Ping::Garbled,
            false => Ping::Silent,
        })
    }

    /// Is this servo there? Asks up to three times, with twice the patience each time: perhaps the adapter is slow.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn ping_patiently(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<Ping, ServoBusError> {
        let mut ping = Ping::Silent;
        for times in [1, 2, 4] {
            ping = self.ping_for(pacer, id, PING_TIMEOUT * times)?;
            if ping == Ping::Alive {
                break;
            }
        }
        Ok(ping)
    }

    /// As [`ping_patiently`](Self::ping_patiently): a servo that is alone with its id is there.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn is_there(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<bool, ServoBusError> {
        Ok(self.ping_patiently(pacer, id)? == Ping::Alive)
    }

    /// The positions of several servos, steps; `None` for one that did not answer this time.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn positions(
        &mut self,
        pacer: &mut dyn Pacer,
        ids: &[u8],
    ) -> Result<Vec<Option<i32>>, ServoBusError> {
        let register = self.register(Role::PresentPosition)?;
        let request = Request::group_read(register.address, register.width, ids);
        self.ask_quickly(pacer, &request, PING_TIMEOUT)?;
        let steps = |reply: &Reply| {
            let data = reply.result.ok();
            data.and_then(|data| register.decode(data.bytes()))
        };
        Ok(self.quick.replies().iter().map(steps).collect())
    }

    /// Whether all of these servos answer a fast sync read of their positions.
    ///
    /// # Errors
    /// If the family has no positions, or the port is gone.
    pub(crate) fn answers_fast_reads(
        &mut self,
        pacer: &mut dyn Pacer,
        ids: &[u8],
    ) -> Result<bool, ServoBusError> {
        let register = self.register(Role::PresentPosition)?;
        let request = Request::group_read(register.address, register.width, ids);
        let mut fast = engine(self.config, TURNAROUND);
        fast.set_fast_reads(true);
        for _ in 0..FAST_TRIES {
            let deadline = pacer.now() + TURNAROUND * 2;
            self.link.transact(&mut fast, pacer, &request, deadline)?;
            if fast.replies().iter().all(|reply| reply.result.is_ok()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks once, and waits at least so long or, if the link is known to be slower, as long as that takes; the replies are the quick engine's.
    /// True if bytes came in that are no answer.
    fn ask_quickly(
        &mut self,
        pacer: &mut dyn Pacer,
        request: &Request<'_>,
        least: Duration,
    ) -> Result<bool, ServoBusError> {
        let before = self.quick.bus_counters();
        let known = self.round_trips.summary();
        let slowest = known.map_or(Duration::ZERO, |known| known.p99 + known.p99 / 4);
        let turnaround = least.max(slowest);
        self.quick
            .set_link(LinkTiming::UNKNOWN.with_turnaround(turnaround));
        let deadline = pacer.now() + turnaround + PING_TIMEOUT + wire_time(512, self.baud());
        self.link
            .transact(&mut self.quick, pacer, request, deadline)?;
        Ok(garbage(&before, &self.quick.bus_counters()))
    }
}
