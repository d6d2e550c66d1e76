//! Values for registers that may be written at any time, because writing them moves nothing.

use core::fmt;

use crate::encoding::OutOfRange;
use crate::family::Family;
use crate::registers::{Access, Register, RegisterBytes, Role};

/// A register of a family, and a value for it. It is neither a goal ([`Access::Goal`]) nor the order to switch the torque on, at which a servo
/// goes to the goal that it has: those are not settings, and no value of this type holds one.
///
/// What a setting can do to a servo **under torque** is change what its goal means (offset, limits, operating mode, gains). Drivers
/// write such settings with the torque off.
///
/// ```
/// use ulna_bus::families::sts3215;
/// use ulna_bus::registers::Role;
/// use ulna_bus::setting::{Setting, SettingError};
///
/// let family = &sts3215::FAMILY;
/// let gain = Setting::named(family, "P_Coefficient", 16)?;
/// assert_eq!((gain.register().address, gain.bytes().as_slice()), (21, &[16][..]));
/// assert!(Setting::with_role(family, Role::TorqueEnable, 0).is_ok());
///
/// assert_eq!(Setting::named(family, "Goal_Position", 2048), Err(SettingError::Goal { register: "Goal_Position" }));
/// assert_eq!(Setting::with_role(family, Role::TorqueEnable, 1), Err(SettingError::TorqueOn));
/// # Ok::<(), SettingError>(())
/// ```
///
/// It is made by these checks alone:
/// ```compile_fail,E0451
/// use ulna_bus::families::sts3215::{FAMILY, GOAL_POSITION};
/// use ulna_bus::setting::Setting;
///
/// let bytes = GOAL_POSITION.encode(2048).unwrap();
/// let forged = Setting { family: &FAMILY, register: GOAL_POSITION, value: 2048, bytes };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    family: &'static Family,
    register: Register,
    value: i32,
    bytes: RegisterBytes,
}

/// Why a register and a value are no setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingError {
    /// No model of the family has it.
    NoSuchRegister,
    /// It can only be read.
    ReadOnly,
    /// It commands where the motor goes, how fast or how hard.
    Goal {
        /// The register.
        register: &'static str,
    },
    /// The torque is switched on only where the goal is known to be where the servo stands.
    TorqueOn,
    /// The register does not hold this value.
    OutOfRange(OutOfRange),
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchRegister => f.write_str("the servo has no register of that name"),
            Self::ReadOnly => f.write_str("that register can only be read"),
            Self::Goal { register } => write!(
                f,
                "`{register}` moves the servo: goals come from a leader, a policy or an episode, through the safety gate"
            ),
            Self::TorqueOn => f.write_str(
                "connecting switches the torque on itself, once the goal is where the servo stands",
            ),
            Self::OutOfRange(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SettingError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::OutOfRange(error) => Some(error),
            _ => None,
        }
    }
}

impl Setting {
    /// The value for this register, which must be the family's own, unaltered.
    ///
    /// # Errors
    /// [`SettingError`]
    pub fn new(
        family: &'static Family,
        register: &Register,
        value: i32,
    ) -> Result<Self, SettingError> {
        if !family
            .tables()
            .any(|table| table.registers.contains(register))
        {
            return Err(SettingError::NoSuchRegister);
        }
        match register.access {
            Access::ReadOnly => return Err(SettingError::ReadOnly),
            Access::Goal => {
                return Err(SettingError::Goal {
                    register: register.name,
                });
            }
            Access::Ram | Access::Eeprom | Access::Factory => {}
        }
        if value != 0 && family.find(Role::TorqueEnable) == Some(*register) {
            return Err(SettingError::TorqueOn);
        }
        let bytes = register.encode(value).map_err(SettingError::OutOfRange)?;
        Ok(Self {
            family,
            register: *register,
            value,
            bytes,
        })
    }

    /// The value for the family's register with this role.
    ///
    /// # Errors
    /// [`SettingError`]
    pub fn with_role(
        family: &'static Family,
        role: Role,
        value: i32,
    ) -> Result<Self, SettingError> {
        let register = family.find(role).ok_or(SettingError::NoSuchRegister)?;
        Self::new(family, &register, value)
    }

    /// The value for the register with LeRobot's name `name`.
    ///
    /// # Errors
    /// [`SettingError`]
    pub fn named(family: &'static Family, name: &str, value: i32) -> Result<Self, SettingError> {
        let register = family.tables().find_map(|table| table.by_name(name));
        Self::new(family, register.ok_or(SettingError::NoSuchRegister)?, value)
    }

    /// The servos that it is for.
    #[must_use]
    pub fn family(&self) -> &'static Family {
        self.family
    }

    /// The register.
    #[must_use]
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> i32 {
        self.value
    }

    /// The value as it travels.
    #[must_use]
    pub fn bytes(&self) -> RegisterBytes {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::{FAMILIES, sts3215, x_series};

    const GOAL_WORDS: [&str; 2] = ["Goal_", "Running_Time"];

    #[test]
    fn whatever_moves_a_servo_is_no_setting() {
        for family in FAMILIES {
            for table in family.tables() {
                for register in table.registers {
                    let setting = Setting::new(family, register, 0);
                    let moves = GOAL_WORDS
                        .iter()
                        .any(|word| register.name.starts_with(word))
                        && register.access != Access::ReadOnly;
                    let refused = matches!(setting, Err(SettingError::Goal { .. }));
                    assert_eq!(refused, moves, "{}: {setting:?}", register.name);
                }
                for role in [Role::GoalPosition, Role::GoalVelocity, Role::GoalCurrent] {
                    let goal = table.find(role);
                    assert!(goal.is_none_or(|goal| goal.access == Access::Goal));
                }
            }
            let on = Setting::with_role(family, Role::TorqueEnable, 1);
            assert_eq!(on, Err(SettingError::TorqueOn), "{}", family.name);
            assert!(Setting::with_role(family, Role::TorqueEnable, 0).is_ok());
        }
    }

    // A servo of one model must not take another model's setting for a goal.
    #[test]
    fn no_setting_of_a_family_lies_on_a_goal_of_it() {
        for family in FAMILIES {
            let registers = || family.tables().flat_map(|table| table.registers);
            for goal in registers().filter(|register| register.access == Access::Goal) {
                for other in registers().filter(|other| other.access != Access::Goal) {
                    let apart = other.end() <= goal.address || goal.end() <= other.address;
                    assert!(apart, "{} {}", goal.name, other.name);
                }
            }
        }
    }

    #[test]
    fn a_register_that_was_altered_is_none_of_the_familys() {
        let family = &sts3215::FAMILY;
        let mut forged = sts3215::P_COEFFICIENT;
        forged.address = sts3215::GOAL_POSITION.address;
        let refused = Setting::new(family, &forged, 0);
        assert_eq!(refused, Err(SettingError::NoSuchRegister));
        let foreign = Setting::named(&x_series::FAMILY, "P_Coefficient", 0);
        assert_eq!(foreign, Err(SettingError::NoSuchRegister));
        let full = Setting::named(family, "P_Coefficient", 256);
        assert!(matches!(full, Err(SettingError::OutOfRange(_))));
    }
}
