//! Single registers, read and written with patience.

use std::time::Duration;

use ulna_bus::engine::{Request, ServoFault, Status};
use ulna_bus::registers::Register;
use ulna_core::{LinkLost, Stamp};
use ulna_rt::Pacer;

use super::ConnectError;
use crate::arm::ServoArm;

/// How long one servo may take to answer outside the control loop, questions repeated: a busy computer or a slow adapter is no
/// missing servo.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

impl ServoArm {
    /// Reads one register of one servo.
    ///
    /// # Errors
    /// If it does not answer within half a second.
    pub fn read(
        &mut self,
        pacer: &mut dyn Pacer,
        index: usize,
        register: &Register,
    ) -> Result<i32, ConnectError> {
        let id = self.servos[index].id;
        let request = Request::Read {
            id,
            address: register.address,
            len: register.width,
        };
        let bytes = self.transact(pacer, index, register, &request)?;
        register
            .decode(&bytes)
            .ok_or_else(|| self.register_error(index, register, ServoFault::Checksum))
    }

    /// Writes one register of one servo and awaits its confirmation.
    ///
    /// # Errors
    /// If the servo does not confirm within half a second.
    pub fn write(
        &mut self,
        pacer: &mut dyn Pacer,
        index: usize,
        register: &Register,
        value: i32,
    ) -> Result<(), ConnectError> {
        let bytes = register
            .encode(value)
            .map_err(|error| ConnectError::BadSetting {
                robot: self.names[index].clone(),
                register: register.name.to_owned(),
                value,
                reason: error.to_string(),
            })?;
        let id = self.servos[index].id;
        let request = Request::Write {
            id,
            address: register.address,
            data: bytes.as_slice(),
        };
        self.transact(pacer, index, register, &request).map(|_| ())
    }

    fn transact(
        &mut self,
        pacer: &mut dyn Pacer,
        index: usize,
        register: &Register,
        request: &Request<'_>,
    ) -> Result<Vec<u8>, ConnectError> {
        let patience_ends = pacer.now() + PATIENCE;
        let mut fault = ServoFault::NotSent;
        while pacer.now() < patience_ends {
            let begun = self.patient.begin(pacer.now(), request, patience_ends);
            debug_assert!(begun.is_ok(), "{begun:?}");
            while let Some(until) = self
                .patient_step(Stamp::new(pacer.now()))
                .map_err(|LinkLost| self.port_lost())?
            {
                pacer.wait_for_input(until.min(self.port.next_arrival().unwrap_or(Duration::MAX)));
            }
            match self.patient.replies().first().map(|reply| reply.result) {
                Some(Ok(data)) => return Ok(data.bytes().to_vec()),
                Some(Err(error)) => fault = error,
                None => break,
            }
        }
        Err(self.register_error(index, register, fault))
    }

    /// Carries the patient engine's transaction on; how long to wait for more, `None` once it is done.
    fn patient_step(&mut self, now: Stamp) -> Result<Option<Duration>, LinkLost> {
        let mut buffer = [0; 256];
        let count = self.receive(now, &mut buffer)?;
        let status = self.patient.step(now.since_epoch(), &buffer[..count]);
        let bytes = self.patient.transmit();
        if !bytes.is_empty() {
            self.port
                .write(now.since_epoch(), bytes)
                .map_err(|error| self.give_up(error))?;
        }
        Ok(match status {
            Status::Waiting { until } => Some(until),
            Status::Done => None,
        })
    }

    fn register_error(&self, index: usize, register: &Register, fault: ServoFault) -> ConnectError {
        let (port, joint) = (self.port_name().to_owned(), self.names[index].clone());
        ConnectError::Register {
            port,
            id: self.servos[index].id,
            joint,
            register: register.name.to_owned(),
            fault,
        }
    }

    pub(super) fn port_lost(&self) -> ConnectError {
        let reason = self
            .lost()
            .map_or_else(|| "closed".to_owned(), ToString::to_string);
        ConnectError::Lost {
            port: self.port_name().to_owned(),
            reason,
        }
    }
}
