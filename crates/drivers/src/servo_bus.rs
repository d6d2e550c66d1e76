//! The servos of one family behind one port, asked with patience: any id, at any rate.
//!
//! This is for all work outside the control loop: finding, setting up and repairing servos before there is an arm, and connecting one. All of it
//! may take its time. The control loop's own exchange, which may not, is [`crate::arm`]'s.
//!
//! # What moves a servo
//! A `ServoBus` owns its port, and what it writes for other crates is a [`Setting`](ulna_bus::Setting), which is neither a goal nor the order to
//! switch the torque on:
//!
//! ```
//! # use ulna_drivers::{ServoBus, ServoBusError};
//! # use ulna_rt::Pacer;
//! use ulna_bus::Setting;
//! use ulna_bus::families::sts3215;
//!
//! fn write(bus: &mut ServoBus, pacer: &mut dyn Pacer) -> Result<(), ServoBusError> {
//!     let setting = Setting::new(&sts3215::FAMILY, &sts3215::P_COEFFICIENT, 16).expect("a setting");
//!     bus.write(pacer, 1, setting)
//! }
//! ```
//!
//! The same with a goal register does not compile; with a goal in a `Setting`'s place there is none
//! ([`SettingError::Goal`](ulna_bus::SettingError::Goal)):
//!
//! ```compile_fail,E0308
//! # use ulna_drivers::{ServoBus, ServoBusError};
//! # use ulna_rt::Pacer;
//! use ulna_bus::Setting;
//! use ulna_bus::families::sts3215;
//!
//! fn write(bus: &mut ServoBus, pacer: &mut dyn Pacer) -> Result<(), ServoBusError> {
//!     let setting = (&sts3215::GOAL_POSITION, 4095);
//!     bus.write(pacer, 1, setting)
//! }
//! ```
//!
//! The methods that write any register are private:
//!
//! ```compile_fail,E0624
//! # use ulna_drivers::{ServoBus, ServoBusError};
//! # use ulna_rt::Pacer;
//! use ulna_bus::families::sts3215;
//!
//! fn write(bus: &mut ServoBus, pacer: &mut dyn Pacer) -> Result<(), ServoBusError> {
//!     bus.send_register(pacer, 1, &sts3215::GOAL_POSITION, 4095)
//! }
//! ```
//!
//! and so is the port:
//!
//! ```compile_fail,E0616
//! # use std::time::Duration;
//! # use ulna_drivers::ServoBus;
//! fn write(bus: &mut ServoBus) {
//!     bus.link.write(Duration::ZERO, &[0xFF, 0xFF, 0x01, 0x05, 0x03, 0x2A, 0xFF, 0x0F, 0xBE]);
//! }
//! ```
//!
//! Goals come as [`SafeGoals`](ulna_core::SafeGoals) ([`ServoBus::send_goals`]); the few other writes that concern motion stand in
//! `outside_the_gate.rs`. What no type can rule out: code that opens a [`SerialPort`](crate::SerialPort) itself and writes bytes to it.

mod error;
mod file_setting;
mod goals;
mod link;
mod outside_the_gate;
mod ping;
mod registers;

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use ulna_bus::Family;
use ulna_bus::engine::{Engine, EngineConfig, LinkTiming};
use ulna_bus::health::RoundTrips;
use ulna_bus::registers::{Register, Role};
use ulna_rt::Pacer;

pub use error::ServoBusError;
pub(crate) use file_setting::FileSetting;
use link::Link;
pub(crate) use outside_the_gate::LoopWrite;
pub(crate) use registers::SPREAD_READS;

use crate::port::Port;

/// How long one servo may take to answer outside the control loop, requests repeated: a busy computer or a slow adapter is no missing
/// servo.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// What servos, adapters and a busy computer may add to the time on the wire. Answers carry no register address, so one that came after
/// its request was given up would pass for the answer to the next.
pub(crate) const TURNAROUND: Duration = Duration::from_millis(150);
/// The same for a request to a servo that may not be there. FTDI adapters collect bytes for 16 ms by default.
const PING_TIMEOUT: Duration = Duration::from_millis(20);

/// What came back from a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ping {
    /// The answer of a servo.
    Alive,
    /// Bytes that make no sense: two servos with one id, another rate, or a bad cable.
    Garbled,
    /// Nothing.
    Silent,
}

/// A torque limit as a servo had it, see [`ServoBus::limit_torque`].
#[derive(Debug)]
#[must_use = "the servo stays weak until this is restored"]
pub struct TorqueLimit {
    id: u8,
    counts: i32,
}

/// A servo that is to hold where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holding {
    pub(crate) id: u8,
    /// Its goals are speeds.
    pub(crate) is_wheel: bool,
}

/// A port with servos of one family at one rate.
pub struct ServoBus {
    link: Link,
    family: &'static Family,
    config: EngineConfig,
    /// For requests to servos that should be there.
    patient: Engine,
    /// For requests that may well remain without an answer.
    quick: Engine,
    /// What reads took beyond the time on the wire.
    round_trips: RoundTrips,
}

impl std::fmt::Debug for ServoBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServoBus")
            .field("port", &self.name())
            .field("family", &self.family.name)
            .field("baud", &self.baud())
            .finish_non_exhaustive()
    }
}

/// An engine that asks once and then listens: the bus decides about asking again.
fn engine(config: EngineConfig, turnaround: Duration) -> Engine {
    let link = LinkTiming::UNKNOWN.with_turnaround(turnaround);
    Engine::new(config.with_link(link).with_max_attempts(1))
}

impl ServoBus {
    /// The bus behind an open port that runs at `baud` bits per second.
    pub fn new(port: Box<dyn Port>, family: &'static Family, baud: u32) -> Self {
        let config = EngineConfig::with_protocol(family.protocol(), baud);
        Self::with_config(port, family, config)
    }

    /// The same with an engine's settings.
    pub(crate) fn with_config(
        port: Box<dyn Port>,
        family: &'static Family,
        config: EngineConfig,
    ) -> Self {
        Self {
            link: Link::new(port),
            family,
            config,
            patient: engine(config, TURNAROUND),
            quick: engine(config, PING_TIMEOUT),
            round_trips: RoundTrips::new(),
        }
    }

    /// What reads of single servos took beyond the time on the wire.
    pub(crate) fn round_trips(&self) -> &RoundTrips {
        &self.round_trips
    }

    /// The name of the port.
    pub fn name(&self) -> &str {
        self.link.port.name()
    }

    /// Why the port is gone, once it is.
    pub fn lost(&self) -> Option<&io::Error> {
        self.link.lost.as_ref()
    }

    /// A descriptor that becomes readable when servos answer.
    pub fn input(&self) -> Option<OwnedFd> {
        self.link.port.input()
    }

    /// The same as a list, for a pacer.
    pub fn inputs(&self) -> Vec<OwnedFd> {
        self.input().into_iter().collect()
    }

    /// The family of the servos.
    pub fn family(&self) -> &'static Family {
        self.family
    }

    /// The rate, bits per second.
    pub fn baud(&self) -> u32 {
        self.config.baud
    }

    /// The error of a port that is gone.
    pub(crate) fn port_lost(&self) -> ServoBusError {
        self.link.error()
    }

    /// By how much the times of a bridge board may be wrong, if there is one and that is known.
    pub(crate) fn board_uncertainty(&self) -> Option<Duration> {
        self.link.port.board_uncertainty()
    }

    /// The port, for the control loop's own exchange.
    pub(crate) fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Speaks to another family, or at another rate.
    ///
    /// # Errors
    /// [`ServoBusError::Baud`].
    pub fn tune(
        &mut self,
        pacer: &dyn Pacer,
        family: &'static Family,
        baud: u32,
    ) -> Result<(), ServoBusError> {
        if baud != self.baud() {
            let set = self.link.port.set_baud(pacer.now(), baud);
            set.map_err(|error| ServoBusError::Baud {
                port: self.name().to_owned(),
                baud,
                reason: error.to_string(),
            })?;
        }
        self.family = family;
        self.config.protocol = family.protocol();
        self.config.baud = baud;
        self.patient = engine(self.config, TURNAROUND);
        self.quick = engine(self.config, PING_TIMEOUT);
        Ok(())
    }

    /// The family's register with this role.
    ///
    /// # Errors
    /// [`ServoBusError::NoRegister`], if the family has none.
    pub fn register(&self, role: Role) -> Result<Register, ServoBusError> {
        self.family.find(role).ok_or(ServoBusError::NoRegister {
            family: self.family.name,
            role,
        })
    }
}
