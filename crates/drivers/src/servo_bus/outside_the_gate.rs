//! Everything that concerns motion and is written to a servo without having passed the safety gate. ARCHITECTURE.md lists it.
//!
//! * A servo **holds where it stands**: its goal becomes the position that it reports, then the torque comes. A wheel's goal becomes speed
//!   zero.
//! * A wheel **stops**: speed zero.
//! * A leader's **trigger springs back** to the goal that the robot file gives it, with the little current of that file.
//! * A servo is **weakened** before it is moved to identify it; some makers have that limit in a goal register.
//! * A servo that **lost its power in a session** gets its settings again, then holds where it stands, with the same writes from within the
//!   control loop ([`LoopWrite`]).
//! * A robot file sets the **current limit** of a joint in current-based position mode; that limit is a goal register, too.
//!
//! Only here is the torque switched on.

use core::time::Duration;

use ulna_bus::Family;
use ulna_bus::registers::{Register, RegisterBytes, Role};
use ulna_rt::Pacer;

use super::error::ServoBusError;
use super::file_setting::FileSetting;
use super::{Holding, PATIENCE, ServoBus, TorqueLimit};

/// A register and a value that the control loop writes to one servo without the gate. It is made here alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoopWrite {
    address: u8,
    bytes: RegisterBytes,
    value: i32,
}

impl LoopWrite {
    fn new(register: &Register, value: i32) -> Option<Self> {
        let bytes = register.encode(value).ok()?;
        Some(Self {
            address: register.address,
            bytes,
            value,
        })
    }

    fn with_role(family: &Family, role: Role, value: i32) -> Option<Self> {
        Self::new(&family.find(role)?, value)
    }

    /// What a robot file sets.
    pub(crate) fn setting(setting: &FileSetting) -> Option<Self> {
        Self::new(setting.register(), setting.value())
    }

    /// A limp servo's goal becomes the place where it stands, or the one to which a trigger springs back.
    pub(crate) fn hold_at(family: &Family, counts: i32) -> Option<Self> {
        Self::with_role(family, Role::GoalPosition, counts)
    }

    /// A limp wheel's goal becomes speed zero.
    pub(crate) fn stand_still(family: &Family) -> Option<Self> {
        Self::with_role(family, Role::GoalVelocity, 0)
    }

    /// The torque, after one of the two before.
    pub(crate) fn torque_on(family: &Family) -> Option<Self> {
        Self::with_role(family, Role::TorqueEnable, 1)
    }

    /// What LeRobot does to the EEPROM whenever the torque is on.
    pub(crate) fn lock(family: &Family) -> Option<Self> {
        Self::with_role(family, Role::Lock, 1)
    }

    /// What the register holds then.
    pub(crate) fn value(&self) -> i32 {
        self.value
    }

    /// First address and bytes.
    pub(crate) fn encoded(&self) -> (u8, RegisterBytes) {
        (self.address, self.bytes)
    }
}

impl ServoBus {
    /// Makes the place where a servo stands its goal: it stays there, limp or under torque.
    ///
    /// # Errors
    /// If the servo does not answer or does not take it, or the port is gone.
    pub fn settle(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<(), ServoBusError> {
        let here = self.get(pacer, id, Role::PresentPosition)?;
        let goal = self.register(Role::GoalPosition)?;
        self.set_register(pacer, id, &goal, here)
    }

    /// Makes a servo hold where it stands: that is its goal before the torque comes.
    ///
    /// # Errors
    /// As [`settle`](Self::settle).
    pub fn hold_here(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<(), ServoBusError> {
        self.settle(pacer, id)?;
        let torque = self.register(Role::TorqueEnable)?;
        self.set_register(pacer, id, &torque, 1)
    }

    /// The same with all servos of an arm, each of which confirms it: all goals first, then the torque of all that can be reached.
    ///
    /// # Errors
    /// The first servo that did not confirm.
    pub(crate) fn take_hold(
        &mut self,
        pacer: &mut dyn Pacer,
        servos: &[Holding],
    ) -> Result<(), ServoBusError> {
        for servo in servos {
            if servo.is_wheel {
                self.stop_wheel(pacer, servo.id, PATIENCE)?;
                continue;
            }
            let here = self.get(pacer, servo.id, Role::PresentPosition)?;
            let goal = self.register(Role::GoalPosition)?;
            self.confirm_register(pacer, servo.id, &goal, here)?;
        }
        let mut outcome = Ok(());
        for servo in servos {
            outcome = outcome.and(self.torque_on(pacer, servo.id));
        }
        outcome
    }

    /// Stops a wheel, which would keep up its last speed, and has it confirm that.
    ///
    /// # Errors
    /// If it does not within `patience`, or the port is gone.
    pub(crate) fn stop_wheel(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        patience: Duration,
    ) -> Result<(), ServoBusError> {
        let goal = self.register(Role::GoalVelocity)?;
        self.confirm_register_within(pacer, (id, &goal, 0), patience)
    }

    /// Holds a leader's trigger at `counts`, to which it springs back.
    ///
    /// # Errors
    /// If the servo does not confirm it, or the port is gone.
    pub(crate) fn spring_trigger(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        counts: i32,
    ) -> Result<(), ServoBusError> {
        let goal = self.register(Role::GoalPosition)?;
        self.confirm_register(pacer, id, &goal, counts)?;
        self.torque_on(pacer, id)?;
        // Again, as LeRobot has it: whether every firmware keeps a goal that was written without torque is nowhere said.
        self.confirm_register(pacer, id, &goal, counts)
    }

    /// Lets a servo move with so little torque that it hurts no finger, until [`restore_torque_limit`](Self::restore_torque_limit).
    ///
    /// # Errors
    /// If the family has no such limit, or not in the servo's operating mode; if the servo does not take it, or the port is gone.
    pub fn limit_torque(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
    ) -> Result<TorqueLimit, ServoBusError> {
        let register = self.register(Role::TorqueLimit)?;
        let Some(gentle) = self.family.gentle_torque else {
            return Err(self.no_limit(id, &register));
        };
        if let Some(mode) = gentle.is_goal_in_mode
            && self.get(pacer, id, Role::OperatingMode)? == mode
        {
            return Err(self.no_limit(id, &register));
        }
        let counts = self.read(pacer, id, &register)?;
        let limit = TorqueLimit { id, counts };
        match self.set_register(pacer, id, &register, gentle.counts) {
            Ok(()) => Ok(limit),
            Err(error) => {
                // The first error says what is wrong.
                let _ = self.restore_torque_limit(pacer, &limit);
                Err(error)
            }
        }
    }

    fn no_limit(&self, id: u8, register: &Register) -> ServoBusError {
        ServoBusError::BadValue {
            id,
            register: register.name,
            reason: "the servo has no torque limit in its operating mode".to_owned(),
        }
    }

    /// Gives a servo its torque back; it should be limp.
    ///
    /// # Errors
    /// If the servo does not take it, or the port is gone.
    pub fn restore_torque_limit(
        &mut self,
        pacer: &mut dyn Pacer,
        limit: &TorqueLimit,
    ) -> Result<(), ServoBusError> {
        let register = self.register(Role::TorqueLimit)?;
        self.set_register(pacer, limit.id, &register, limit.counts)
    }

    /// Writes what a robot file sets, and has the servo confirm it.
    ///
    /// # Errors
    /// If it does not, or the port is gone.
    pub(crate) fn apply(
        &mut self,
        pacer: &mut dyn Pacer,
        id: u8,
        setting: &FileSetting,
    ) -> Result<(), ServoBusError> {
        match setting {
            FileSetting::Setting(setting) => self.confirm(pacer, id, *setting),
            FileSetting::CurrentLimit { register, value } => {
                self.confirm_register(pacer, id, register, *value)
            }
        }
    }

    /// LeRobot locks the EEPROM, where there is a lock, whenever the torque is on.
    fn torque_on(&mut self, pacer: &mut dyn Pacer, id: u8) -> Result<(), ServoBusError> {
        for role in [Role::TorqueEnable, Role::Lock] {
            if let Some(register) = self.family.find(role) {
                self.confirm_register(pacer, id, &register, 1)?;
            }
        }
        Ok(())
    }
}
