//! Feetech's SCS servos, SCS0009 first among them: their registers, and what else a driver must know. Words have their high byte first,
//! and nothing is signed.
//!
//! Addresses and sizes: LeRobot 0.4.4 and 0.6.2. Units: Feetech's manuals.

use super::sts3215;
use crate::family::{Alarms, ClearBy, DriveMode, Family, HomingSign, Model};
use crate::feetech::BAUD_RATES;
use crate::flags::ErrorFlags;
use crate::protocol::Protocol;
use crate::registers::{Access, Register, Role, Table};

const fn register(name: &'static str, address: u8, width: u8, access: Access) -> Register {
    Register::unsigned(name, address, width, access)
}

/// Firmware version before the dot.
pub const FIRMWARE_MAJOR: Register = register("Firmware_Major_Version", 0, 1, Access::ReadOnly);
/// Firmware version after the dot.
pub const FIRMWARE_MINOR: Register = register("Firmware_Minor_Version", 1, 1, Access::ReadOnly);
/// The kind of servo, see [`crate::models`].
pub const MODEL_NUMBER: Register =
    register("Model_Number", 3, 2, Access::ReadOnly).with_high_byte_first();
/// The servo's address on the bus, 0 to 252.
pub const ID: Register = register("ID", 5, 1, Access::Eeprom);
/// Index into [`crate::feetech::BAUD_RATES`].
pub const BAUD_RATE: Register = register("Baud_Rate", 6, 1, Access::Eeprom);
/// Pause before an answer, in 2 µs.
pub const RETURN_DELAY_TIME: Register = register("Return_Delay_Time", 7, 1, Access::Eeprom);
/// 0: only ping and read are answered; 1: writes too.
pub const RESPONSE_STATUS_LEVEL: Register = register("Response_Status_Level", 8, 1, Access::Eeprom);
/// Lowest goal that the servo obeys.
pub const MIN_POSITION_LIMIT: Register =
    register("Min_Position_Limit", 9, 2, Access::Eeprom).with_high_byte_first();
/// Highest goal that the servo obeys.
pub const MAX_POSITION_LIMIT: Register =
    register("Max_Position_Limit", 11, 2, Access::Eeprom).with_high_byte_first();
/// Overheat alarm above this, in °C.
pub const MAX_TEMPERATURE_LIMIT: Register =
    register("Max_Temperature_Limit", 13, 1, Access::Eeprom);
/// Voltage alarm above this, in 0.1 V.
pub const MAX_VOLTAGE_LIMIT: Register = register("Max_Voltage_Limit", 14, 1, Access::Eeprom);
/// Voltage alarm below this, in 0.1 V.
pub const MIN_VOLTAGE_LIMIT: Register = register("Min_Voltage_Limit", 15, 1, Access::Eeprom);
/// Largest output, in 0.1 % of the stall torque.
pub const MAX_TORQUE_LIMIT: Register =
    register("Max_Torque_Limit", 16, 2, Access::Eeprom).with_high_byte_first();
/// Bits of the drive.
pub const PHASE: Register = register("Phase", 18, 1, Access::Eeprom);
/// Alarms that switch the torque off; bits as in [`crate::ErrorFlags`].
pub const UNLOADING_CONDITION: Register = register("Unloading_Condition", 19, 1, Access::Eeprom);
/// Alarms that light the LED; bits as in [`crate::ErrorFlags`].
pub const LED_ALARM_CONDITION: Register = register("LED_Alarm_Condition", 20, 1, Access::Eeprom);
/// Proportional gain of the position loop.
pub const P_COEFFICIENT: Register = register("P_Coefficient", 21, 1, Access::Eeprom);
/// Derivative gain of the position loop. It stands before the integral gain.
pub const D_COEFFICIENT: Register = register("D_Coefficient", 22, 1, Access::Eeprom);
/// Integral gain of the position loop.
pub const I_COEFFICIENT: Register = register("I_Coefficient", 23, 1, Access::Eeprom);
/// Least output once the servo moves at all, in 0.1 %.
pub const MINIMUM_STARTUP_FORCE: Register =
    register("Minimum_Startup_Force", 24, 2, Access::Eeprom).with_high_byte_first();
/// Ignored position error clockwise.
pub const CW_DEAD_ZONE: Register = register("CW_Dead_Zone", 26, 1, Access::Eeprom);
/// Ignored position error counter-clockwise.
pub const CCW_DEAD_ZONE: Register = register("CCW_Dead_Zone", 27, 1, Access::Eeprom);
/// Output left after an overload, in % of the stall torque.
pub const PROTECTIVE_TORQUE: Register = register("Protective_Torque", 37, 1, Access::Eeprom);
/// How long an overload is borne, in 10 ms.
pub const PROTECTION_TIME: Register = register("Protection_Time", 38, 1, Access::Eeprom);
/// 0 limp, 1 torque on.
pub const TORQUE_ENABLE: Register = register("Torque_Enable", 40, 1, Access::Ram);
/// Ramp of the motion profile; 0 is none.
pub const ACCELERATION: Register = register("Acceleration", 41, 1, Access::Ram);
/// Where to go, in counts.
pub const GOAL_POSITION: Register =
    register("Goal_Position", 42, 2, Access::Goal).with_high_byte_first();
/// How long to take, in ms.
pub const RUNNING_TIME: Register =
    register("Running_Time", 44, 2, Access::Goal).with_high_byte_first();
/// Speed, in counts per second.
pub const GOAL_VELOCITY: Register =
    register("Goal_Velocity", 46, 2, Access::Goal).with_high_byte_first();
/// 1 guards the EEPROM registers against writes.
pub const LOCK: Register = register("Lock", 48, 1, Access::Ram);
/// Measured position, in counts.
pub const PRESENT_POSITION: Register =
    register("Present_Position", 56, 2, Access::ReadOnly).with_high_byte_first();
/// Measured speed, in counts per second.
pub const PRESENT_VELOCITY: Register =
    register("Present_Velocity", 58, 2, Access::ReadOnly).with_high_byte_first();
/// Duty of the motor's drive, in 0.1 %.
pub const PRESENT_LOAD: Register =
    register("Present_Load", 60, 2, Access::ReadOnly).with_high_byte_first();
/// Supply, in 0.1 V.
pub const PRESENT_VOLTAGE: Register = register("Present_Voltage", 62, 1, Access::ReadOnly);
/// In °C.
pub const PRESENT_TEMPERATURE: Register = register("Present_Temperature", 63, 1, Access::ReadOnly);
/// 1 while a reg write waits for its action.
pub const SYNC_WRITE_FLAG: Register = register("Sync_Write_Flag", 64, 1, Access::ReadOnly);
/// The alarms; bits as in [`crate::ErrorFlags`].
pub const STATUS: Register = register("Status", 65, 1, Access::ReadOnly);
/// 1 while the servo is on its way to the goal.
pub const MOVING: Register = register("Moving", 66, 1, Access::ReadOnly);
/// The maker's.
pub const PWM_MAXIMUM_STEP: Register = register("PWM_Maximum_Step", 78, 1, Access::Factory);
/// Speed below which `Moving` reads 0, in 50 counts per second.
pub const MOVING_VELOCITY_THRESHOLD: Register =
    register("Moving_Velocity_Threshold*50", 79, 1, Access::Factory);
/// Period of the velocity differentiation, in ms.
pub const DTS: Register = register("DTs", 80, 1, Access::Factory);
/// Lowest speed, in 50 counts per second.
pub const MINIMUM_VELOCITY_LIMIT: Register =
    register("Minimum_Velocity_Limit*50", 81, 1, Access::Factory);
/// Highest speed, in 50 counts per second.
pub const MAXIMUM_VELOCITY_LIMIT: Register =
    register("Maximum_Velocity_Limit*50", 82, 1, Access::Factory);
/// The maker's.
pub const ACCELERATION_2: Register = register("Acceleration_2", 83, 1, Access::Factory);

/// All of them, by rising address.
pub static REGISTERS: [Register; 44] = [
    FIRMWARE_MAJOR,
    FIRMWARE_MINOR,
    MODEL_NUMBER,
    ID,
    BAUD_RATE,
    RETURN_DELAY_TIME,
    RESPONSE_STATUS_LEVEL,
    MIN_POSITION_LIMIT,
    MAX_POSITION_LIMIT,
    MAX_TEMPERATURE_LIMIT,
    MAX_VOLTAGE_LIMIT,
    MIN_VOLTAGE_LIMIT,
    MAX_TORQUE_LIMIT,
    PHASE,
    UNLOADING_CONDITION,
    LED_ALARM_CONDITION,
    P_COEFFICIENT,
    D_COEFFICIENT,
    I_COEFFICIENT,
    MINIMUM_STARTUP_FORCE,
    CW_DEAD_ZONE,
    CCW_DEAD_ZONE,
    PROTECTIVE_TORQUE,
    PROTECTION_TIME,
    TORQUE_ENABLE,
    ACCELERATION,
    GOAL_POSITION,
    RUNNING_TIME,
    GOAL_VELOCITY,
    LOCK,
    PRESENT_POSITION,
    PRESENT_VELOCITY,
    PRESENT_LOAD,
    PRESENT_VOLTAGE,
    PRESENT_TEMPERATURE,
    SYNC_WRITE_FLAG,
    STATUS,
    MOVING,
    PWM_MAXIMUM_STEP,
    MOVING_VELOCITY_THRESHOLD,
    DTS,
    MINIMUM_VELOCITY_LIMIT,
    MAXIMUM_VELOCITY_LIMIT,
    ACCELERATION_2,
];

/// The registers of the SCS0009.
pub static TABLE: Table = Table {
    name: "Feetech SCS",
    protocol: Protocol::FeetechScs,
    registers: &REGISTERS,
    roles: &[
        (Role::ModelNumber, MODEL_NUMBER),
        (Role::FirmwareMajor, FIRMWARE_MAJOR),
        (Role::FirmwareMinor, FIRMWARE_MINOR),
        (Role::Id, ID),
        (Role::BaudRate, BAUD_RATE),
        (Role::ReturnDelay, RETURN_DELAY_TIME),
        (Role::StatusReturnLevel, RESPONSE_STATUS_LEVEL),
        (Role::MinPosition, MIN_POSITION_LIMIT),
        (Role::MaxPosition, MAX_POSITION_LIMIT),
        (Role::MaxTemperature, MAX_TEMPERATURE_LIMIT),
        (Role::MinVoltage, MIN_VOLTAGE_LIMIT),
        (Role::MaxVoltage, MAX_VOLTAGE_LIMIT),
        (Role::PositionP, P_COEFFICIENT),
        (Role::PositionI, I_COEFFICIENT),
        (Role::PositionD, D_COEFFICIENT),
        (Role::TorqueEnable, TORQUE_ENABLE),
        (Role::Lock, LOCK),
        (Role::HardwareError, STATUS),
        (Role::GoalVelocity, GOAL_VELOCITY),
        (Role::GoalPosition, GOAL_POSITION),
        (Role::Moving, MOVING),
        (Role::PresentPosition, PRESENT_POSITION),
        (Role::PresentVelocity, PRESENT_VELOCITY),
        (Role::PresentLoad, PRESENT_LOAD),
        (Role::PresentVoltage, PRESENT_VOLTAGE),
        (Role::PresentTemperature, PRESENT_TEMPERATURE),
    ],
    baud_rates: &BAUD_RATES,
};

/// Servos with these registers. They keep no homing offset, and have one operating mode.
pub static FAMILY: Family = Family {
    name: "scs",
    table: &TABLE,
    models: &[&SCS0009],
    likely_baud_rates: &BAUD_RATES,
    factory_id: 1,
    homing: HomingSign::Subtracted,
    largest_offset: 0,
    multi_turn_modes: &[],
    multi_turn_bits: 0,
    drive_mode: DriveMode::InHost,
    alarms: Alarms {
        decode: ErrorFlags,
        latching: ErrorFlags::OVERLOAD.union(ErrorFlags::OVER_CURRENT),
        clear_by: ClearBy::TorqueOff,
    },
    current_limited_mode: None,
    gentle_torque: None,
};

/// A small servo of protocol 1. Its 1024 counts span 300°.
pub static SCS0009: Model = Model {
    name: "scs0009",
    number: 1284,
    resolution: 1024,
    family: &FAMILY,
    table: &TABLE,
    scales: sts3215::scales(300.0 / 360.0 / 1024.0),
};
