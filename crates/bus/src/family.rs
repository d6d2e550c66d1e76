//! What a driver must know about servos beyond their packets: one [`Family`] for servos that are found, set up, calibrated and recovered in
//! the same way, and the [`Model`]s in it.
//!
//! This is the only description of a servo: drivers, simulation and robot files ask it. Who needs a register asks for its
//! [`Role`].

use core::fmt;

use crate::flags::ErrorFlags;
use crate::protocol::Protocol;
use crate::registers::{Register, Role, Table};
use crate::scales::Scales;
use crate::units::{DriveShare, Scale};

/// A kind of servo, as its register `Model_Number` says.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Model {
    /// LeRobot's name of it.
    pub name: &'static str,
    /// What `Model_Number` reads.
    pub number: u16,
    /// Position counts that LeRobot takes for one turn.
    pub resolution: u16,
    /// The servos that are worked with as with this one.
    pub family: &'static Family,
    /// Its registers.
    pub table: &'static Table,
    /// What the counts in them mean.
    pub scales: Scales,
}

impl Model {
    /// Where the servo says how hard it works, as a share of its full drive, and what one count of that is: the load that it reports or,
    /// where it reports none, the duty of its drive.
    #[must_use]
    pub fn effort(&self) -> Option<(Register, Scale<DriveShare>)> {
        let load = self.table.find(Role::PresentLoad);
        let pwm = || self.table.find(Role::PresentPwm);
        load.map(|register| (register, self.scales.load))
            .or_else(|| pwm().map(|register| (register, self.scales.pwm)))
    }
}

/// How `Homing_Offset` enters the position that a servo reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HomingSign {
    /// Reported position = actual position - offset.
    Subtracted,
    /// Reported position = actual position + offset.
    Added,
}

impl HomingSign {
    /// -1 or 1.
    #[must_use]
    pub const fn factor(self) -> i32 {
        match self {
            Self::Subtracted => -1,
            Self::Added => 1,
        }
    }
}

/// Who reverses a joint that is mounted the other way round (`drive_mode` in LeRobot's calibration).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriveMode {
    /// The host, by the calibration file alone.
    InHost,
    /// The servo, by its register with [`Role::DriveMode`]; the host must not do it again (LeRobot 0.6, `apply_drive_mode`).
    InServo,
}

/// What a servo complains of, and how that ends.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Alarms {
    /// What the bits of the register with [`Role::HardwareError`] mean.
    pub decode: fn(u8) -> ErrorFlags,
    /// Alarms that last until they are cleared; the others end with their cause.
    pub latching: ErrorFlags,
    /// How they are cleared.
    pub clear_by: ClearBy,
}

/// How latched alarms are cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClearBy {
    /// By switching the torque off.
    TorqueOff,
    /// By a reboot, after which the servo is limp.
    Reboot,
}

/// A limit for the register with [`Role::TorqueLimit`] that shows a servo moving and hurts no finger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GentleTorque {
    /// Counts of that register.
    pub counts: i32,
    /// The operating mode in which that register is no limit but what the motor is driven with, if there is one.
    pub is_goal_in_mode: Option<i32>,
}

/// Servos that are worked with in the same way. Their tables may differ in registers that not all of them have.
#[non_exhaustive]
pub struct Family {
    /// What commands call it.
    pub name: &'static str,
    /// The registers of a servo whose model is not known yet. Those of [`models`](Self::models) differ from it only in what some lack.
    pub table: &'static Table,
    /// The models that belong to it.
    pub models: &'static [&'static Model],
    /// Rates in bits per second, in the order in which to look for a servo.
    pub likely_baud_rates: &'static [u32],
    /// The id with which it leaves the factory.
    pub factory_id: u8,
    /// How the homing offset counts.
    pub homing: HomingSign,
    /// Largest magnitude of a homing offset, counts; 0 if it keeps none.
    pub largest_offset: i32,
    /// Operating modes in which positions go on counting beyond a turn, and begin within one whenever power comes.
    pub multi_turn_modes: &'static [i32],
    /// Bits of the register with [`Role::TurnCounting`] that must be 0 for positions within one turn.
    pub multi_turn_bits: i32,
    /// Who reverses a joint.
    pub drive_mode: DriveMode,
    /// Its complaints.
    pub alarms: Alarms,
    /// The operating mode in which `Goal_Current` is the limit of a position servo instead of its goal.
    pub current_limited_mode: Option<i32>,
    /// For identifying servos by moving them; `None` if it has no such limit.
    pub gentle_torque: Option<GentleTorque>,
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Family").field(&self.name).finish()
    }
}

impl PartialEq for Family {
    /// Each has its own name; a test checks it.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Family {}

impl Family {
    /// What it speaks.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.table.protocol
    }

    /// Its register with this role, whatever the model; `None` if it has none.
    #[must_use]
    pub fn find(&self, role: Role) -> Option<Register> {
        self.table.find(role)
    }

    /// The model with this `Model_Number`, if it is one of the family's.
    #[must_use]
    pub fn model(&self, number: i32) -> Option<&'static Model> {
        let is = |model: &&Model| i32::from(model.number) == number;
        self.models.iter().copied().find(is)
    }

    /// The model with this `Model_Number` in words, known or not.
    #[must_use]
    pub fn model_name(&self, number: i32) -> impl fmt::Display + use<> {
        let name = self.model(number).map(|model| model.name);
        fmt::from_fn(move |f| match name {
            Some(name) => f.write_str(name),
            None => write!(f, "model number {number}"),
        })
    }

    /// Its tables: [`table`](Self::table), and those of its models.
    pub fn tables(&self) -> impl Iterator<Item = &'static Table> {
        let models = self.models.iter().map(|model| model.table);
        core::iter::once(self.table).chain(models)
    }

    /// What the register with [`Role::HardwareError`] says.
    #[must_use]
    pub fn complaints(&self, register: i32) -> ErrorFlags {
        (self.alarms.decode)(u8::try_from(register).unwrap_or(u8::MAX))
    }
}
