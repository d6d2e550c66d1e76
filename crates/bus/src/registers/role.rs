//! What registers are for, in the words that all families share.

/// What a register is for, in the words that all families share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The model's number.
    ModelNumber,
    /// Firmware version, or its part before the dot.
    FirmwareMajor,
    /// Firmware version after the dot.
    FirmwareMinor,
    /// The servo's address on the bus.
    Id,
    /// Index into [`Table::baud_rates`](super::table::Table::baud_rates).
    BaudRate,
    /// Pause before an answer.
    ReturnDelay,
    /// What is answered at all.
    StatusReturnLevel,
    /// Bit 0 reverses the sense of rotation.
    DriveMode,
    /// What the motor is controlled by: position, velocity, current, …
    OperatingMode,
    /// Shifts the positions, see [`Family::homing`](crate::family::Family::homing).
    HomingOffset,
    /// Lowest goal that the servo obeys.
    MinPosition,
    /// Highest goal that the servo obeys.
    MaxPosition,
    /// Hotter than this is an alarm.
    MaxTemperature,
    /// Less than this is an alarm.
    MinVoltage,
    /// More than this is an alarm.
    MaxVoltage,
    /// Proportional gain of the position loop.
    PositionP,
    /// Integral gain of the position loop.
    PositionI,
    /// Derivative gain of the position loop.
    PositionD,
    /// 0 limp, 1 torque on.
    TorqueEnable,
    /// 1 guards the EEPROM. A family without it guards the EEPROM while the torque is on.
    Lock,
    /// The alarms.
    HardwareError,
    /// How turns are counted, see [`Family::multi_turn_bits`](crate::family::Family::multi_turn_bits).
    TurnCounting,
    /// Largest drive while the torque is on.
    TorqueLimit,
    /// Largest current in the modes that limit it.
    GoalCurrent,
    /// How fast to turn.
    GoalVelocity,
    /// Where to go.
    GoalPosition,
    /// 1 on the way to the goal.
    Moving,
    /// Measured position.
    PresentPosition,
    /// Measured velocity.
    PresentVelocity,
    /// Share of the full drive, as the servo reports it.
    PresentLoad,
    /// Duty of the motor's drive, where that is a register of its own.
    PresentPwm,
    /// Motor current.
    PresentCurrent,
    /// Supply.
    PresentVoltage,
    /// Inside the case.
    PresentTemperature,
}

/// The state of a servo, as one read of consecutive registers brings it. Of load and current a family has at least one.
pub const STATE_ROLES: [Role; 5] = [
    Role::PresentPosition,
    Role::PresentVelocity,
    Role::PresentLoad,
    Role::PresentVoltage,
    Role::PresentTemperature,
];
