//! What a robot file may set in a servo: settings and, as the one goal register, the current limit of a joint.

use ulna_bus::registers::{Access, Register, Role};
use ulna_bus::{Model, Setting, SettingError};

/// What a robot file may set in a servo.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FileSetting {
    /// A setting like any other.
    Setting(Setting),
    /// The largest current of a joint in current-based position mode.
    CurrentLimit {
        /// `Goal_Current`.
        register: Register,
        /// Counts.
        value: i32,
    },
}

impl FileSetting {
    /// The value for the register of this name; `mode` is what the file sets the operating mode to.
    pub(crate) fn new(
        model: &Model,
        name: &str,
        value: i32,
        mode: Option<i32>,
    ) -> Result<Self, SettingError> {
        let register = *model
            .table
            .by_name(name)
            .ok_or(SettingError::NoSuchRegister)?;
        let is_limit = mode.is_some()
            && mode == model.family.current_limited_mode
            && model.table.find(Role::GoalCurrent) == Some(register);
        if is_limit {
            register.encode(value).map_err(SettingError::OutOfRange)?;
            return Ok(Self::CurrentLimit { register, value });
        }
        Setting::new(model.family, &register, value).map(Self::Setting)
    }

    pub(crate) fn register(&self) -> &Register {
        match self {
            Self::Setting(setting) => setting.register(),
            Self::CurrentLimit { register, .. } => register,
        }
    }

    pub(crate) fn value(&self) -> i32 {
        match self {
            Self::Setting(setting) => setting.value(),
            Self::CurrentLimit { value, .. } => *value,
        }
    }

    /// Kept without power; writing it needs the torque off.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(self.register().access, Access::Eeprom | Access::Factory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_bus::families::sts3215::STS3215;
    use ulna_bus::families::x_series::{XL330_M288, XL430_W250};

    #[test]
    fn a_robot_file_sets_no_goals_but_a_current_limit() {
        let set = |name, mode| FileSetting::new(&XL330_M288, name, 100, mode);
        assert!(set("Goal_Current", Some(5)).is_ok());
        for mode in [None, Some(0), Some(3)] {
            let refused = set("Goal_Current", mode).unwrap_err();
            assert!(matches!(refused, SettingError::Goal { .. }), "{refused:?}");
        }
        for name in [
            "Goal_Position",
            "Goal_Velocity",
            "Goal_PWM",
            "Torque_Enable",
        ] {
            assert!(set(name, Some(5)).is_err(), "{name}");
        }
        assert!(set("Present_Position", None).is_err());
        let without_current = FileSetting::new(&XL430_W250, "Goal_Current", 100, Some(5));
        assert_eq!(without_current.unwrap_err(), SettingError::NoSuchRegister);
        assert!(FileSetting::new(&STS3215, "Goal_Time", 1, None).is_err());
        assert!(FileSetting::new(&STS3215, "Acceleration", 1, None).is_ok());
    }
}
