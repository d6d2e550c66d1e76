//! One servo of a line: its registers, its torque, its goals.

use std::time::Duration;

use ulna_bus::engine::{Reply, Request, ServoFault, wire_time};
use ulna_bus::registers::Register;
use ulna_core::{JointCalibration, SafeGoals, Unit};
use ulna_rt::Pacer;

use super::exchange::exchange;
use super::{Heard, Line, LineError, TURNAROUND};

/// How long one servo may take to answer, questions repeated: a busy computer or a slow adapter is no missing servo.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a servo may take to start again.
const REBOOT: Duration = Duration::from_secs(2);

impl Line {
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
