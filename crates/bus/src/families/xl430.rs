//! The registers of the Dynamixel X servos that have no current sensor, XL430 first among them: those of
//! [`super::xl330`] without the currents, and a load in the place of the present one.
//!
//! Which model has which: `dynamixel-sdk` 4.1.0. LeRobot 0.6.2 calls the load `Present_Current`. Units: ROBOTIS e-manual.

use super::xl330::*;
use crate::dynamixel::BAUD_RATES;
use crate::encoding::Encoding;
use crate::protocol::Protocol;
use crate::registers::{Access, Register, Role, Table};

/// Share of the full drive in one count of `Present_Load`.
pub const LOAD_PER_COUNT: f64 = 0.001;

/// Load that the servo infers, in 0.1 %.
pub const PRESENT_LOAD: Register = Register::unsigned("Present_Load", 126, 2, Access::ReadOnly)
    .with_encoding(Encoding::TwosComplement);

/// All of them, by rising address.
pub static REGISTERS: [Register; 50] = [
    MODEL_NUMBER,
    MODEL_INFORMATION,
    FIRMWARE_VERSION,
    ID,
    BAUD_RATE,
    RETURN_DELAY_TIME,
    DRIVE_MODE,
    OPERATING_MODE,
    SECONDARY_ID,
    PROTOCOL_TYPE,
    HOMING_OFFSET,
    MOVING_THRESHOLD,
    TEMPERATURE_LIMIT,
    MAX_VOLTAGE_LIMIT,
    MIN_VOLTAGE_LIMIT,
    PWM_LIMIT,
    ACCELERATION_LIMIT,
    VELOCITY_LIMIT,
    MAX_POSITION_LIMIT,
    MIN_POSITION_LIMIT,
    SHUTDOWN,
    TORQUE_ENABLE,
    LED,
    STATUS_RETURN_LEVEL,
    REGISTERED_INSTRUCTION,
    HARDWARE_ERROR_STATUS,
    VELOCITY_I_GAIN,
    VELOCITY_P_GAIN,
    POSITION_D_GAIN,
    POSITION_I_GAIN,
    POSITION_P_GAIN,
    FEEDFORWARD_2ND_GAIN,
    FEEDFORWARD_1ST_GAIN,
    BUS_WATCHDOG,
    GOAL_PWM,
    GOAL_VELOCITY,
    PROFILE_ACCELERATION,
    PROFILE_VELOCITY,
    GOAL_POSITION,
    REALTIME_TICK,
    MOVING,
    MOVING_STATUS,
    PRESENT_PWM,
    PRESENT_LOAD,
    PRESENT_VELOCITY,
    PRESENT_POSITION,
    VELOCITY_TRAJECTORY,
    POSITION_TRAJECTORY,
    PRESENT_INPUT_VOLTAGE,
    PRESENT_TEMPERATURE,
];

/// The registers of XL430 and XC430.
pub static TABLE: Table = Table {
    name: "Dynamixel X with load",
    protocol: Protocol::Dynamixel2,
    registers: &REGISTERS,
    roles: &[
        (Role::ModelNumber, MODEL_NUMBER),
        (Role::FirmwareMajor, FIRMWARE_VERSION),
        (Role::Id, ID),
        (Role::BaudRate, BAUD_RATE),
        (Role::ReturnDelay, RETURN_DELAY_TIME),
        (Role::StatusReturnLevel, STATUS_RETURN_LEVEL),
        (Role::DriveMode, DRIVE_MODE),
        (Role::OperatingMode, OPERATING_MODE),
        (Role::HomingOffset, HOMING_OFFSET),
        (Role::MinPosition, MIN_POSITION_LIMIT),
        (Role::MaxPosition, MAX_POSITION_LIMIT),
        (Role::MaxTemperature, TEMPERATURE_LIMIT),
        (Role::MinVoltage, MIN_VOLTAGE_LIMIT),
        (Role::MaxVoltage, MAX_VOLTAGE_LIMIT),
        (Role::PositionP, POSITION_P_GAIN),
        (Role::PositionI, POSITION_I_GAIN),
        (Role::PositionD, POSITION_D_GAIN),
        (Role::TorqueEnable, TORQUE_ENABLE),
        (Role::HardwareError, HARDWARE_ERROR_STATUS),
        (Role::TorqueLimit, GOAL_PWM),
        (Role::GoalVelocity, GOAL_VELOCITY),
        (Role::GoalPosition, GOAL_POSITION),
        (Role::Moving, MOVING),
        (Role::PresentPosition, PRESENT_POSITION),
        (Role::PresentVelocity, PRESENT_VELOCITY),
        (Role::PresentLoad, PRESENT_LOAD),
        (Role::PresentPwm, PRESENT_PWM),
        (Role::PresentVoltage, PRESENT_INPUT_VOLTAGE),
        (Role::PresentTemperature, PRESENT_TEMPERATURE),
    ],
    baud_rates: &BAUD_RATES,
};
