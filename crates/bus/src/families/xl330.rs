//! The registers of the Dynamixel X series, XL330 first among them.
//!
//! Addresses, sizes and encodings: LeRobot 0.6.2; the trajectories, which it takes for unsigned, are signed (e-manual).
//! Units: ROBOTIS e-manual.

use crate::dynamixel::BAUD_RATES;
use crate::encoding::Encoding;
use crate::protocol::Protocol;
use crate::registers::{Access, Register, Role, Table};

/// Volts in one count of the supply and its limits.
pub const VOLTS_PER_COUNT: f64 = 0.1;
/// Turns per minute in one count of velocity.
pub const RPM_PER_COUNT: f64 = 0.229;
/// Seconds in one count of `Return_Delay_Time`.
pub const RETURN_DELAY_SECONDS_PER_COUNT: f64 = 2e-6;
/// Counts of PWM that are the full drive.
pub const FULL_PWM: i32 = 885;
/// Bit of `Drive_Mode` that reverses the sense of rotation, inside the servo.
pub const DRIVE_MODE_REVERSED: u8 = 1;
/// The operating mode that holds a position with a limited current: what grippers use.
pub const CURRENT_BASED_POSITION: u8 = 5;
/// `Operating_Mode`: positions over several turns.
pub const EXTENDED_POSITION: u8 = 4;

const fn register(name: &'static str, address: u8, width: u8, access: Access) -> Register {
    Register::unsigned(name, address, width, access)
}

/// The kind of servo, see [`crate::models`].
pub const MODEL_NUMBER: Register = register("Model_Number", 0, 2, Access::ReadOnly);
/// More about the model.
pub const MODEL_INFORMATION: Register = register("Model_Information", 2, 4, Access::ReadOnly);
/// Version of the firmware.
pub const FIRMWARE_VERSION: Register = register("Firmware_Version", 6, 1, Access::ReadOnly);
/// The servo's address on the bus, 0 to 252.
pub const ID: Register = register("ID", 7, 1, Access::Eeprom);
/// Index into [`crate::dynamixel::BAUD_RATES`].
pub const BAUD_RATE: Register = register("Baud_Rate", 8, 1, Access::Eeprom);
/// Pause before an answer, in 2 µs.
pub const RETURN_DELAY_TIME: Register = register("Return_Delay_Time", 9, 1, Access::Eeprom);
/// Bit 0 reverses the sense of rotation.
pub const DRIVE_MODE: Register = register("Drive_Mode", 10, 1, Access::Eeprom);
/// 0 current, 1 velocity, 3 position, 4 extended position, 5 current-based position, 16 PWM.
pub const OPERATING_MODE: Register = register("Operating_Mode", 11, 1, Access::Eeprom);
/// A second id under which the servo obeys without answering.
pub const SECONDARY_ID: Register = register("Secondary_ID", 12, 1, Access::Eeprom);
/// 2 for the protocol of [`crate::dynamixel`].
pub const PROTOCOL_TYPE: Register = register("Protocol_Type", 13, 1, Access::Eeprom);
/// `Present_Position` is the actual position plus this.
pub const HOMING_OFFSET: Register =
    register("Homing_Offset", 20, 4, Access::Eeprom).with_encoding(Encoding::TwosComplement);
/// Velocity above which `Moving` reads 1, in 0.229 rpm.
pub const MOVING_THRESHOLD: Register = register("Moving_Threshold", 24, 4, Access::Eeprom);
/// Overheat alarm above this, in °C.
pub const TEMPERATURE_LIMIT: Register = register("Temperature_Limit", 31, 1, Access::Eeprom);
/// Voltage alarm above this, in 0.1 V.
pub const MAX_VOLTAGE_LIMIT: Register = register("Max_Voltage_Limit", 32, 2, Access::Eeprom);
/// Voltage alarm below this, in 0.1 V.
pub const MIN_VOLTAGE_LIMIT: Register = register("Min_Voltage_Limit", 34, 2, Access::Eeprom);
/// Largest drive, 885 being all of it.
pub const PWM_LIMIT: Register = register("PWM_Limit", 36, 2, Access::Eeprom);
/// Largest `Goal_Current`, in counts of current.
pub const CURRENT_LIMIT: Register = register("Current_Limit", 38, 2, Access::Eeprom);
/// Largest `Profile_Acceleration`.
pub const ACCELERATION_LIMIT: Register = register("Acceleration_Limit", 40, 4, Access::Eeprom);
/// Largest `Goal_Velocity`, in 0.229 rpm.
pub const VELOCITY_LIMIT: Register = register("Velocity_Limit", 44, 4, Access::Eeprom);
/// Highest goal in position mode, in 1/4096 turn.
pub const MAX_POSITION_LIMIT: Register = register("Max_Position_Limit", 48, 4, Access::Eeprom);
/// Lowest goal in position mode, in 1/4096 turn.
pub const MIN_POSITION_LIMIT: Register = register("Min_Position_Limit", 52, 4, Access::Eeprom);
/// Alarms that switch the torque off; bits as in `Hardware_Error_Status`.
pub const SHUTDOWN: Register = register("Shutdown", 63, 1, Access::Eeprom);
/// 0 limp, 1 torque on. The EEPROM is closed while it is on.
pub const TORQUE_ENABLE: Register = register("Torque_Enable", 64, 1, Access::Ram);
/// 1 lights the LED.
pub const LED: Register = register("LED", 65, 1, Access::Ram);
/// 0: only pings are answered; 1: reads too; 2: all.
pub const STATUS_RETURN_LEVEL: Register = register("Status_Return_Level", 68, 1, Access::Ram);
/// 1 while a reg write waits for its action.
pub const REGISTERED_INSTRUCTION: Register =
    register("Registered_Instruction", 69, 1, Access::ReadOnly);
/// The alarms, see [`crate::ErrorFlags::from_dynamixel_register`].
pub const HARDWARE_ERROR_STATUS: Register =
    register("Hardware_Error_Status", 70, 1, Access::ReadOnly);
/// Integral gain of the velocity loop.
pub const VELOCITY_I_GAIN: Register = register("Velocity_I_Gain", 76, 2, Access::Ram);
/// Proportional gain of the velocity loop.
pub const VELOCITY_P_GAIN: Register = register("Velocity_P_Gain", 78, 2, Access::Ram);
/// Derivative gain of the position loop.
pub const POSITION_D_GAIN: Register = register("Position_D_Gain", 80, 2, Access::Ram);
/// Integral gain of the position loop.
pub const POSITION_I_GAIN: Register = register("Position_I_Gain", 82, 2, Access::Ram);
/// Proportional gain of the position loop.
pub const POSITION_P_GAIN: Register = register("Position_P_Gain", 84, 2, Access::Ram);
/// Gain of the goal's acceleration.
pub const FEEDFORWARD_2ND_GAIN: Register = register("Feedforward_2nd_Gain", 88, 2, Access::Ram);
/// Gain of the goal's velocity.
pub const FEEDFORWARD_1ST_GAIN: Register = register("Feedforward_1st_Gain", 90, 2, Access::Ram);
/// Stops the servo when the host is silent for so many 20 ms; 0 never.
pub const BUS_WATCHDOG: Register = register("Bus_Watchdog", 98, 1, Access::Ram);
/// Drive, 885 being all of it.
pub const GOAL_PWM: Register =
    register("Goal_PWM", 100, 2, Access::Goal).with_encoding(Encoding::TwosComplement);
/// Current to make or, in current-based position mode, not to exceed.
pub const GOAL_CURRENT: Register =
    register("Goal_Current", 102, 2, Access::Goal).with_encoding(Encoding::TwosComplement);
/// Speed, in 0.229 rpm.
pub const GOAL_VELOCITY: Register =
    register("Goal_Velocity", 104, 4, Access::Goal).with_encoding(Encoding::TwosComplement);
/// Ramp of the motion profile; 0 is none.
pub const PROFILE_ACCELERATION: Register = register("Profile_Acceleration", 108, 4, Access::Ram);
/// Speed of the motion profile; 0 is unlimited.
pub const PROFILE_VELOCITY: Register = register("Profile_Velocity", 112, 4, Access::Ram);
/// Where to go, in 1/4096 turn.
pub const GOAL_POSITION: Register =
    register("Goal_Position", 116, 4, Access::Goal).with_encoding(Encoding::TwosComplement);
/// The servo's clock, in ms, up to 32767.
pub const REALTIME_TICK: Register = register("Realtime_Tick", 120, 2, Access::ReadOnly);
/// 1 while the servo moves.
pub const MOVING: Register = register("Moving", 122, 1, Access::ReadOnly);
/// Bits about the motion profile; bit 0 says that the goal is reached.
pub const MOVING_STATUS: Register = register("Moving_Status", 123, 1, Access::ReadOnly);
/// Drive now, 885 being all of it.
pub const PRESENT_PWM: Register =
    register("Present_PWM", 124, 2, Access::ReadOnly).with_encoding(Encoding::TwosComplement);
/// Motor current, in counts of current.
pub const PRESENT_CURRENT: Register =
    register("Present_Current", 126, 2, Access::ReadOnly).with_encoding(Encoding::TwosComplement);
/// Measured speed, in 0.229 rpm.
pub const PRESENT_VELOCITY: Register =
    register("Present_Velocity", 128, 4, Access::ReadOnly).with_encoding(Encoding::TwosComplement);
/// Measured position, in 1/4096 turn; beyond one turn in extended position mode.
pub const PRESENT_POSITION: Register =
    register("Present_Position", 132, 4, Access::ReadOnly).with_encoding(Encoding::TwosComplement);
/// The goal's velocity as the motion profile has it now.
pub const VELOCITY_TRAJECTORY: Register = register("Velocity_Trajectory", 136, 4, Access::ReadOnly)
    .with_encoding(Encoding::TwosComplement);
/// The goal as the motion profile has it now.
pub const POSITION_TRAJECTORY: Register = register("Position_Trajectory", 140, 4, Access::ReadOnly)
    .with_encoding(Encoding::TwosComplement);
/// Supply, in 0.1 V.
pub const PRESENT_INPUT_VOLTAGE: Register =
    register("Present_Input_Voltage", 144, 2, Access::ReadOnly);
/// In °C.
pub const PRESENT_TEMPERATURE: Register = register("Present_Temperature", 146, 1, Access::ReadOnly);

/// All of them, by rising address.
pub static REGISTERS: [Register; 52] = [
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
    CURRENT_LIMIT,
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
    GOAL_CURRENT,
    GOAL_VELOCITY,
    PROFILE_ACCELERATION,
    PROFILE_VELOCITY,
    GOAL_POSITION,
    REALTIME_TICK,
    MOVING,
    MOVING_STATUS,
    PRESENT_PWM,
    PRESENT_CURRENT,
    PRESENT_VELOCITY,
    PRESENT_POSITION,
    VELOCITY_TRAJECTORY,
    POSITION_TRAJECTORY,
    PRESENT_INPUT_VOLTAGE,
    PRESENT_TEMPERATURE,
];

/// The registers of the models with a current sensor: XL330, XC330, XM430, XM540, XH540.
pub static TABLE: Table = Table {
    name: "Dynamixel X with current",
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
        (Role::GoalCurrent, GOAL_CURRENT),
        (Role::GoalVelocity, GOAL_VELOCITY),
        (Role::GoalPosition, GOAL_POSITION),
        (Role::Moving, MOVING),
        (Role::PresentPosition, PRESENT_POSITION),
        (Role::PresentVelocity, PRESENT_VELOCITY),
        (Role::PresentPwm, PRESENT_PWM),
        (Role::PresentCurrent, PRESENT_CURRENT),
        (Role::PresentVoltage, PRESENT_INPUT_VOLTAGE),
        (Role::PresentTemperature, PRESENT_TEMPERATURE),
    ],
    baud_rates: &BAUD_RATES,
};
