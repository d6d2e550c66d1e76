//! A line of servos to work on: any id at any rate, asked with patience.
//!
//! This is for finding, setting up and repairing servos, before there is an arm. Everything here may take its time; nothing here
//! decides about motion: goals come as [`SafeGoals`], and the only other goal ever written is the place where a
//! servo stands.

use std::time::Duration;

use ulna_bus::Protocol;
use ulna_bus::engine::{
    BusCounters, Engine, EngineConfig, GroupRead, Reply, Request, ServoFault, Status, wire_time,
};
use ulna_bus::feetech::MAX_ID;
use ulna_bus::registers::Register;
use ulna_core::{JointCalibration, SafeGoals, Unit};
use ulna_rt::Pacer;

use crate::family::Family;
use crate::port::Port;

/// How long one servo may take to answer, questions repeated: a busy computer or a slow adapter is no missing servo.
const PATIENCE: Duration = Duration::from_secs(2);
/// Answers carry no register address, so each is awaited for long before the question is put again.
const TURNAROUND: Duration = Duration::from_millis(150);
/// How long a servo may take when nobody knows whether it is there. FTDI adapters collect bytes for 16 ms by default.
const KNOCK: Duration = Duration::from_millis(20);
/// A group of positions, asked for again and again: the next one comes soon.
const GLANCE: Duration = Duration::from_millis(60);

/// How long a servo may take to start again.
const REBOOT: Duration = Duration::from_secs(2);

/// Why a servo could not be worked on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The port went away.
    #[error("{port}: the port is gone ({reason}); check the USB cable and try again")]
    Lost {
        /// The port.
        port: String,
        /// What the operating system said.
        reason: String,
    },
    /// The port cannot run at a rate.
    #[error("{port} cannot run at {baud} baud ({reason}); leave that rate out with --baud")]
    Baud {
        /// The port.
        port: String,
        /// Bits per second.
        baud: u32,
        /// What the operating system said.
        reason: String,
    },
    /// A servo did not answer, or not soundly.
    #[error("{port}: servo {id} {fault} (register {register})")]
    Servo {
        /// The port.
        port: String,
        /// The servo.
        id: u8,
        /// The register.
        register: &'static str,
        /// What happened.
        fault: ServoFault,
    },
    /// A register does not hold what was written to it.
    #[error(
        "{port}: servo {id} did not take {register} = {wanted}, it reads {found}: is its torque on, or does another program use the port?"
    )]
    NotTaken {
        /// The port.
        port: String,
        /// The servo.
        id: u8,
        /// The register.
        register: &'static str,
        /// What was written.
        wanted: i32,
        /// What it reads.
        found: i32,
    },
    /// A value does not fit.
    #[error("servo {id}, register {register}: {reason}")]
    BadValue {
        /// The servo.
        id: u8,
        /// The register.
        register: &'static str,
        /// Why not.
        reason: String,
    },
}

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

    /// Reads one register.
    ///
    /// # Errors
    /// If the servo does not answer, or the port is gone.
    pub fn read(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        register: &'static Register,
    ) -> Result<i32, LineError> {
        let request = Request::Read {
            id,
            address: register.address,
            len: register.width,
        };
        let reply = self.ask(pacer, &request)?;
        reply
            .and_then(|reply| {
                let data = reply.result?;
                register.decode(data.bytes()).ok_or(ServoFault::Checksum)
            })
            .map_err(|fault| self.fault(id, register, fault))
    }

    /// Writes one register and reads it back, three times if need be. A servo may be set not to confirm what is written, so only
    /// reading counts.
    ///
    /// # Errors
    /// If the servo does not answer, does not hold the value afterwards, or the port is gone.
    pub fn set(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        register: &'static Register,
        value: i32,
    ) -> Result<(), LineError> {
        let mut found = value;
        for _ in 0..3 {
            self.write(pacer, id, register, value)?;
            found = self.read(pacer, id, register)?;
            if found == value {
                return Ok(());
            }
        }
        Err(LineError::NotTaken {
            port: self.name().to_owned(),
            id,
            register: register.name,
            wanted: value,
            found,
        })
    }

    /// Writes one register; whether the servo took it is for the caller to find out.
    ///
    /// # Errors
    /// If the value does not fit the register, or the port is gone.
    pub fn write(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        register: &'static Register,
        value: i32,
    ) -> Result<(), LineError> {
        let bytes = register
            .encode(value)
            .map_err(|error| LineError::BadValue {
                id,
                register: register.name,
                reason: error.to_string(),
            })?;
        let request = Request::Write {
            id,
            address: register.address,
            data: bytes.as_slice(),
        };
        let wait = TURNAROUND + wire_time(64, self.baud);
        exchange(&mut *self.port, &mut self.patient, pacer, &request, wait)
    }

    /// Opens the EEPROM of a servo; its torque must be off.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn unlock(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<(), LineError> {
        match self.family.registers.lock {
            Some(lock) => self.set(pacer, id, lock, 0),
            None => Ok(()),
        }
    }

    /// Guards the EEPROM of a servo again.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn lock(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<(), LineError> {
        match self.family.registers.lock {
            Some(lock) => self.set(pacer, id, lock, 1),
            None => Ok(()),
        }
    }

    /// Starts a servo again, and waits until it is back, limp. Only families whose alarms end that way know how.
    ///
    /// # Errors
    /// If it does not come back, or the port is gone.
    pub fn reboot(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<(), LineError> {
        let wait = TURNAROUND + wire_time(64, self.baud);
        exchange(
            &mut *self.port,
            &mut self.patient,
            pacer,
            &Request::Reboot { id },
            wait,
        )?;
        let end = pacer.now() + REBOOT;
        loop {
            let now = pacer.now();
            pacer.wait(now + REBOOT / 20);
            if self.knock(pacer, id)? == Heard::Servo {
                return Ok(());
            }
            if pacer.now() > end {
                return Err(self.fault(
                    id,
                    self.family.registers.id,
                    ServoFault::Timeout { attempts: 20 },
                ));
            }
        }
    }

    /// Makes a servo limp.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn release(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<(), LineError> {
        self.set(pacer, id, self.family.registers.torque, 0)
    }

    /// Makes a servo hold where it stands: that is its goal before the torque comes.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn hold(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<(), LineError> {
        let registers = &self.family.registers;
        let here = self.read(pacer, id, registers.position)?;
        self.set(pacer, id, registers.goal, here)?;
        self.set(pacer, id, registers.torque, 1)
    }

    /// Sends goals that passed the gate, one for each of `servos`: id, unit, calibration and steps per turn.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn send_goals(
        &mut self,
        pacer: &mut dyn Pacer,
        goals: &SafeGoals,
        servos: &[(u8, Unit, JointCalibration, u32)],
    ) -> Result<(), LineError> {
        for ((id, unit, calibration, resolution), goal) in servos.iter().zip(goals.goals().iter()) {
            let steps = unit.denormalise(*goal, calibration, *resolution);
            self.write(pacer, *id, self.family.registers.goal, steps)?;
        }
        Ok(())
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

    /// Asks one servo until it answers or patience ends.
    fn ask(
        &mut self,
        pacer: &mut dyn Pacer,
        request: &Request<'_>,
    ) -> Result<Result<Reply, ServoFault>, LineError> {
        let end = pacer.now() + PATIENCE;
        let mut fault = ServoFault::NotSent;
        while pacer.now() < end {
            exchange(
                &mut *self.port,
                &mut self.patient,
                pacer,
                request,
                TURNAROUND + wire_time(64, self.baud),
            )?;
            match self.patient.replies().first() {
                Some(reply) => match reply.result {
                    Ok(_) => return Ok(Ok(*reply)),
                    Err(error) => fault = error,
                },
                None => break,
            }
        }
        Ok(Err(fault))
    }

    fn fault(&self, id: u8, register: &Register, fault: ServoFault) -> LineError {
        LineError::Servo {
            port: self.port.name().to_owned(),
            id,
            register: register.name,
            fault,
        }
    }
}

/// One transaction that ends after `wait` at the latest; the replies are the engine's.
fn exchange(
    port: &mut dyn Port,
    engine: &mut Engine,
    pacer: &mut dyn Pacer,
    request: &Request<'_>,
    wait: Duration,
) -> Result<(), LineError> {
    let lost = |port: &dyn Port, error: &std::io::Error| LineError::Lost {
        port: port.name().to_owned(),
        reason: error.to_string(),
    };
    let mut buffer = [0; 256];
    // What came after an earlier transaction had ended belongs to nothing.
    while port
        .read(pacer.now(), &mut buffer)
        .map_err(|error| lost(port, &error))?
        > 0
    {}
    if engine
        .begin(pacer.now(), request, pacer.now() + wait)
        .is_err()
    {
        return Ok(()); // nothing to ask: no replies
    }
    loop {
        let now = pacer.now();
        let bytes = engine.transmit();
        if !bytes.is_empty() {
            port.write(now, bytes).map_err(|error| lost(port, &error))?;
        }
        let count = port
            .read(now, &mut buffer)
            .map_err(|error| lost(port, &error))?;
        match engine.step(now, &buffer[..count]) {
            Status::Done => return Ok(()),
            Status::Waiting { until } => {
                let arrival = port.next_arrival().unwrap_or(Duration::MAX);
                pacer.wait_for_input(until.min(arrival));
            }
        }
    }
}

/// An engine that asks once and then listens: whoever uses it decides about asking again.
fn engine(family: &Family, baud: u32, turnaround: Duration) -> Engine {
    Engine::new(EngineConfig {
        // Old firmware knows no fast reads, and this is no place for speed.
        fast_reads: false,
        turnaround,
        max_attempts: 1,
        ..EngineConfig::with_protocol(family.protocol, baud)
    })
}

fn garbage(before: &BusCounters, after: &BusCounters) -> bool {
    after.checksum_errors != before.checksum_errors || after.skipped_bytes != before.skipped_bytes
}
