//! Single registers of one servo, read and written with patience.
//!
//! What other crates write is a [`Setting`]. The methods that take any register are private to `servo_bus` and the files below it.

use std::time::Duration;

use ulna_bus::Setting;
use ulna_bus::engine::{Reply, ReplyData, Request, ServoFault, wire_time};
use ulna_bus::registers::{Register, Role, Span};
use ulna_rt::Pacer;

use super::error::ServoBusError;
use super::{PATIENCE, Ping, ServoBus, TURNAROUND};

/// So many reads are spread over the frames of a USB adapter; they say how slow the link is, until the control loop knows it better.
pub(crate) const SPREAD_READS: usize = 32;
/// How long a servo may take to start again.
const REBOOT: Duration = Duration::from_secs(2);

impl ServoBus {
    /// Reads one register.
    ///
    /// # Errors
    /// If the servo does not answer within [`PATIENCE`], or the port is gone.
    pub fn read(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        register: &Register,
    ) -> Result<i32, ServoBusError> {
        let request = Request::Read {
            id,
            address: register.address,
            len: register.width,
        };
        let reply = self.ask(pacer, &request, PATIENCE)?;
        let value = reply.and_then(|reply| {
            let data = reply.result?;
            register.decode(data.bytes()).ok_or(ServoFault::Checksum)
        });
        value.map_err(|fault| self.fault(id, register, fault))
    }

    /// Reads neighbouring registers with one question. Not every servo need answer one that is as long, so its fault is no error here.
    ///
    /// # Errors
    /// If the port is gone.
    pub(crate) fn read_span(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        span: Span,
        patience: Duration,
    ) -> Result<Result<ReplyData, ServoFault>, ServoBusError> {
        let request = Request::Read {
            id,
            address: span.address,
            len: span.len,
        };
        let reply = self.ask(pacer, &request, patience)?;
        Ok(reply.and_then(|reply| reply.result))
    }

    /// Reads the register with this role.
    ///
    /// # Errors
    /// As [`read`](Self::read), or if the family has no such register.
    pub fn get(&mut self, pacer: &mut dyn Pacer, id: u8, role: Role) -> Result<i32, ServoBusError> {
        let register = self.register(role)?;
        self.read(pacer, id, &register)
    }

    /// The value for the register with this role, as [`write`](Self::write) and [`set`](Self::set) take it.
    ///
    /// # Errors
    /// [`ServoBusError::BadValue`], if it is none: goals are not.
    pub fn setting(&self, id: u8, role: Role, value: i32) -> Result<Setting, ServoBusError> {
        let register = self.register(role)?;
        let setting = Setting::new(self.family, &register, value);
        setting.map_err(|reason| ServoBusError::BadValue {
            id,
            register: register.name,
            reason: reason.to_string(),
        })
    }

    /// Writes a setting once. A servo may be set not to confirm what is written, so whether it was taken is for the caller to find out.
    ///
    /// # Errors
    /// If the setting is another family's, or the port is gone.
    pub fn write(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        setting: Setting,
    ) -> Result<(), ServoBusError> {
        self.check_family(id, &setting)?;
        self.send_register(pacer, id, setting.register(), setting.value())
    }

    /// Writes a setting and reads it back, three times if need be.
    ///
    /// # Errors
    /// If the servo does not answer, does not hold the value afterwards, or the port is gone.
    pub fn set(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        setting: Setting,
    ) -> Result<(), ServoBusError> {
        self.check_family(id, &setting)?;
        self.set_register(pacer, id, setting.register(), setting.value())
    }

    /// Writes a setting and awaits the servo's confirmation.
    ///
    /// # Errors
    /// If the servo does not confirm it within [`PATIENCE`], or the port is gone.
    pub(crate) fn confirm(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        setting: Setting,
    ) -> Result<(), ServoBusError> {
        self.confirm_within(pacer, id, setting, PATIENCE)
    }

    /// The same, for no longer than this.
    ///
    /// # Errors
    /// As [`confirm`](Self::confirm).
    pub(crate) fn confirm_within(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        setting: Setting,
        patience: Duration,
    ) -> Result<(), ServoBusError> {
        self.check_family(id, &setting)?;
        let write = (id, setting.register(), setting.value());
        self.confirm_register_within(pacer, write, patience)
    }

    /// Sets the register with this role, if the family has one.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    fn set_if_any(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        role: Role,
        value: i32,
    ) -> Result<(), ServoBusError> {
        match self.family.find(role) {
            Some(_) => self.set(pacer, id, self.setting(id, role, value)?),
            None => Ok(()),
        }
    }

    /// Opens the EEPROM of a servo; its torque must be off.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn unlock(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<(), ServoBusError> {
        self.set_if_any(pacer, id, Role::Lock, 0)
    }

    /// Guards the EEPROM of a servo again.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn lock(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<(), ServoBusError> {
        self.set_if_any(pacer, id, Role::Lock, 1)
    }

    /// Makes a servo limp.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn release(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<(), ServoBusError> {
        self.set(pacer, id, self.setting(id, Role::TorqueEnable, 0)?)
    }

    /// Starts a servo again, and waits until it is back, limp. Only protocols with a reboot can do it.
    ///
    /// # Errors
    /// If it does not come back, or the port is gone.
    pub fn reboot(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<(), ServoBusError> {
        self.ask_once(pacer, &Request::Reboot { id })?;
        let end = pacer.now() + REBOOT;
        loop {
            let now = pacer.now();
            pacer.wait(now + REBOOT / 20);
            if self.ping(pacer, id)? == Ping::Alive {
                return Ok(());
            }
            if pacer.now() > end {
                let register = self.register(Role::Id)?;
                return Err(self.fault(id, &register, ServoFault::Timeout { attempts: 20 }));
            }
        }
    }

    /// A setting of another family may lie where this one has a goal.
    fn check_family(&self, id: u8, setting: &Setting) -> Result<(), ServoBusError> {
        if setting.family() == self.family {
            return Ok(());
        }
        Err(ServoBusError::BadValue {
            id,
            register: setting.register().name,
            reason: format!(
                "that is a setting of {} servos, and these are {}",
                setting.family().name,
                self.family.name
            ),
        })
    }

    /// Writes any register, once.
    pub(super) fn send_register(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        register: &Register,
        value: i32,
    ) -> Result<(), ServoBusError> {
        let bytes = encoded(id, register, value)?;
        let request = Request::Write {
            id,
            address: register.address,
            data: bytes.as_slice(),
        };
        self.ask_once(pacer, &request)
    }

    /// Writes any register and reads it back, three times if need be.
    pub(super) fn set_register(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        register: &Register,
        value: i32,
    ) -> Result<(), ServoBusError> {
        let mut found = value;
        for _ in 0..3 {
            self.send_register(pacer, id, register, value)?;
            found = self.read(pacer, id, register)?;
            if found == value {
                return Ok(());
            }
        }
        Err(ServoBusError::NotTaken {
            port: self.name().to_owned(),
            id,
            register: register.name,
            wanted: value,
            found,
        })
    }

    /// Writes any register, and again until the servo confirms it.
    pub(super) fn confirm_register(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        register: &Register,
        value: i32,
    ) -> Result<(), ServoBusError> {
        self.confirm_register_within(pacer, (id, register, value), PATIENCE)
    }

    /// The same, for no longer than this.
    pub(super) fn confirm_register_within(
        &mut self,
        pacer: &mut dyn Pacer,
        (id, register, value): (u8, &Register, i32),
        patience: Duration,
    ) -> Result<(), ServoBusError> {
        let bytes = encoded(id, register, value)?;
        let request = Request::Write {
            id,
            address: register.address,
            data: bytes.as_slice(),
        };
        let reply = self.ask(pacer, &request, patience)?;
        reply
            .map(|_| ())
            .map_err(|fault| self.fault(id, register, fault))
    }

    /// Asks one servo once; the reply is the patient engine's.
    fn ask_once(
        &mut self,
        pacer: &mut dyn Pacer,
        request: &Request<'_>,
    ) -> Result<(), ServoBusError> {
        let deadline = pacer.now() + TURNAROUND + wire_time(64, self.baud());
        self.link
            .transact(&mut self.patient, pacer, request, deadline)
    }

    /// Asks one servo until it answers or its patience ends.
    fn ask(
        &mut self,
        pacer: &mut dyn Pacer,
        request: &Request<'_>,
        patience: Duration,
    ) -> Result<Result<Reply, ServoFault>, ServoBusError> {
        let end = pacer.now() + patience;
        let mut fault = ServoFault::NotSent;
        let measures = matches!(request, Request::Read { .. });
        if measures && let Some(pause) = self.pause() {
            pacer.wait(pacer.now() + pause);
        }
        let mut first = measures;
        while pacer.now() < end {
            self.link.transact(&mut self.patient, pacer, request, end)?;
            if let Some(overhead) = self
                .patient
                .overhead()
                .filter(|_| std::mem::take(&mut first))
            {
                self.round_trips.record(overhead);
            }
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

    /// How long to wait before one of the first reads. An adapter delivers in frames of 1 ms: asked at once after an answer, it would
    /// always be met in the same phase, and seem to be more even than it is.
    fn pause(&self) -> Option<Duration> {
        let count = self.round_trips.count();
        // Multiples of the golden ratio fill an interval evenly.
        (count < SPREAD_READS).then(|| Duration::from_micros(count as u64 * 618 % 1000))
    }

    fn fault(&self, id: u8, register: &Register, fault: ServoFault) -> ServoBusError {
        ServoBusError::Servo {
            port: self.name().to_owned(),
            id,
            register: register.name,
            fault,
        }
    }
}

fn encoded(
    id: u8,
    register: &Register,
    value: i32,
) -> Result<ulna_bus::registers::RegisterBytes, ServoBusError> {
    register
        .encode(value)
        .map_err(|error| ServoBusError::BadValue {
            id,
            register: register.name,
            reason: error.to_string(),
        })
}
