//! A line of servos to work on: any id at any rate, asked with patience.
//!
//! This is for finding, setting up and repairing servos, before there is an arm. Everything here may take its time; nothing here
//! decides about motion: goals come as [`SafeGoals`](ulna_core::SafeGoals), and the only other goal ever written is the place where a
//! servo stands.

mod error;
mod exchange;
mod servo;

use std::time::Duration;

use ulna_bus::Protocol;
use ulna_bus::engine::{Engine, GroupRead, Reply, Request, wire_time};
use ulna_bus::feetech::MAX_ID;
use ulna_rt::Pacer;

pub use error::LineError;
use exchange::{engine, exchange, garbage};

use crate::family::Family;
use crate::port::Port;

/// Answers carry no register address, so each is awaited for long before the question is put again.
const TURNAROUND: Duration = Duration::from_millis(150);
/// How long a servo may take when nobody knows whether it is there. FTDI adapters collect bytes for 16 ms by default.
const KNOCK: Duration = Duration::from_millis(20);
/// A group of positions, asked for again and again: the next one comes soon.
const GLANCE: Duration = Duration::from_millis(60);

/// What was heard after a knock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// A servo.
    Servo,
    /// Bytes that make no sense: two servos with one id, another rate, or a bad cable.
    Garbage,
    /// Nothing.
    Silence,
}

/// A port with servos of one family at one rate.
pub struct Line {
    port: Box<dyn Port>,
    family: &'static Family,
    baud: u32,
    /// For questions to servos that should be there.
    patient: Engine,
    /// For questions whose answer may well be silence.
    quick: Engine,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line")
            .field("port", &self.port.name())
            .field("family", &self.family.name)
            .field("baud", &self.baud)
            .finish_non_exhaustive()
    }
}

impl Line {
    /// A line behind an open port that runs at `baud` bits per second.
    pub fn new(port: Box<dyn Port>, family: &'static Family, baud: u32) -> Self {
        Self {
            port,
            family,
            baud,
            patient: engine(family, baud, TURNAROUND),
            quick: engine(family, baud, KNOCK),
        }
    }

    /// What people call the port.
    pub fn name(&self) -> &str {
        self.port.name()
    }

    /// Descriptors that become readable when servos answer, for a pacer.
    pub fn inputs(&self) -> Vec<std::os::fd::OwnedFd> {
        self.port.input().into_iter().collect()
    }

    /// The family that is spoken.
    pub fn family(&self) -> &'static Family {
        self.family
    }

    /// The rate, bits per second.
    pub fn baud(&self) -> u32 {
        self.baud
    }

    /// Speaks to another family, or at another rate.
    ///
    /// # Errors
    /// [`LineError::Baud`].
    pub fn tune(
        &mut self,
        pacer: &dyn Pacer,
        family: &'static Family,
        baud: u32,
    ) -> Result<(), LineError> {
        if baud != self.baud {
            self.port
                .set_baud(pacer.now(), baud)
                .map_err(|error| LineError::Baud {
                    port: self.port.name().to_owned(),
                    baud,
                    reason: error.to_string(),
                })?;
        }
        (self.family, self.baud) = (family, baud);
        self.patient = engine(family, baud, TURNAROUND);
        self.quick = engine(family, baud, KNOCK);
        Ok(())
    }

    /// Who answers a ping to all, by rising id, and whether anything was heard besides them.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn roll_call(&mut self, pacer: &mut dyn Pacer) -> Result<(Vec<u8>, bool), LineError> {
        // Each id has its slot: LeRobot 0.6.2 waits one status packet and 3 ms for each of 252, and 16 ms more.
        let slots = usize::from(MAX_ID);
        let status = match self.family.protocol {
            Protocol::Dynamixel2 => 14,
            Protocol::FeetechSts | Protocol::FeetechScs => 6,
        };
        let window = wire_time(status * slots, self.baud)
            + Duration::from_millis(3 * slots as u64)
            + Duration::from_millis(16);
        let before = self.quick.bus_counters();
        exchange(
            &mut *self.port,
            &mut self.quick,
            pacer,
            &Request::PingAll,
            window,
        )?;
        let mut ids: Vec<u8> = self
            .quick
            .replies()
            .iter()
            .filter(|reply| reply.result.is_ok())
            .map(|reply| reply.id)
            .collect();
        ids.sort_unstable();
        let garbage = garbage(&before, &self.quick.bus_counters());
        Ok((ids, garbage))
    }

    /// Asks whether a servo is there.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn knock(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<Heard, LineError> {
        let register = self.family.registers.id;
        let request = Request::Read {
            id,
            address: register.address,
            len: register.width,
        };
        let before = self.quick.bus_counters();
        let wait = KNOCK + KNOCK + wire_time(32, self.baud);
        exchange(&mut *self.port, &mut self.quick, pacer, &request, wait)?;
        let sound = self.quick.replies().iter().any(|reply| {
            let value = reply
                .result
                .ok()
                .and_then(|data| register.decode(data.bytes()));
            value == Some(i32::from(id))
        });
        Ok(match sound {
            true => Heard::Servo,
            false if garbage(&before, &self.quick.bus_counters()) => Heard::Garbage,
            false => Heard::Silence,
        })
    }

    /// Whether a servo is there, asked three times before silence counts.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn is_there(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<bool, LineError> {
        for _ in 0..3 {
            if self.knock(pacer, id)? == Heard::Servo {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The positions of several servos, steps; `None` for one that did not answer this time.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn positions(
        &mut self,
        pacer: &mut dyn Pacer,
        ids: &[u8],
    ) -> Result<Vec<Option<i32>>, LineError> {
        let register = self.family.registers.position;
        let read = GroupRead {
            address: register.address,
            len: register.width,
            ids,
        };
        let request = Request::Cycle {
            write: None,
            read: Some(read),
        };
        exchange(&mut *self.port, &mut self.quick, pacer, &request, GLANCE)?;
        let replies = self.quick.replies();
        let steps = |reply: &Reply| {
            reply
                .result
                .ok()
                .and_then(|data| register.decode(data.bytes()))
        };
        Ok(replies.iter().map(steps).collect())
    }
}
