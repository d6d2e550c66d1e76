//! Feetech's STS and SMS servos, STS3215 first among them: their registers, and what else a driver must know.
//!
//! Addresses, sizes and encodings: LeRobot 0.6.2. Units: Feetech's manuals. Models, their
//! numbers and resolutions: LeRobot 0.6.2.

use crate::encoding::Encoding;
use crate::family::{Alarms, ClearBy, DriveMode, Family, GentleTorque, HomingSign, Model};
use crate::feetech::BAUD_RATES;
use crate::flags::ErrorFlags;
use crate::protocol::Protocol;
use crate::registers::{Access, Register, Role, Table};
use crate::scales::Scales;
use crate::units::Scale;

/// Volts in one count of `Present_Voltage` and of the voltage limits.
pub const VOLTS_PER_COUNT: f64 = 0.1;
/// Amperes in one count of `Present_Current` and `Protection_Current`.
pub const AMPERES_PER_COUNT: f64 = 0.0065;
/// Share of the full drive in one count of `Present_Load` and the torque limits.
pub const LOAD_PER_COUNT: f64 = 0.001;
/// Seconds in one count of `Return_Delay_Time`.
pub const RETURN_DELAY_SECONDS_PER_COUNT: f64 = 2e-6;
/// Steps per second squared in one count of `Acceleration`.
pub const ACCELERATION_PER_COUNT: f64 = 100.0;
/// Bit of `Phase` that selects multi-turn angle feedback; while it is 0, positions stay within 0 to 4095.
pub const PHASE_MULTI_TURN_FEEDBACK: u8 = 0x10;

const fn unsigned(name: &'static str, address: u8, width: u8, access: Access) -> Register {
    Register::unsigned(name, address, width, access)
}

const fn signed(
    name: &'static str,
    address: u8,
    width: u8,
    access: Access,
    sign_bit: u8,
) -> Register {
    unsigned(name, address, width, access).with_encoding(Encoding::SignMagnitude { sign_bit })
}

/// Firmware version before the dot.
pub const FIRMWARE_MAJOR: Register = unsigned("Firmware_Major_Version", 0, 1, Access::ReadOnly);
/// Firmware version after the dot.
pub const FIRMWARE_MINOR: Register = unsigned("Firmware_Minor_Version", 1, 1, Access::ReadOnly);
/// The kind of servo, see [`crate::models`].
pub const MODEL_NUMBER: Register = unsigned("Model_Number", 3, 2, Access::ReadOnly);
/// The servo's address on the bus, 0 to 252.
pub const ID: Register = unsigned("ID", 5, 1, Access::Eeprom);
/// Index into [`crate::feetech::BAUD_RATES`].
pub const BAUD_RATE: Register = unsigned("Baud_Rate", 6, 1, Access::Eeprom);
/// Pause before an answer, in 2 µs.
pub const RETURN_DELAY_TIME: Register = unsigned("Return_Delay_Time", 7, 1, Access::Eeprom);
/// 0: only ping and read are answered; 1: writes too.
pub const RESPONSE_STATUS_LEVEL: Register = unsigned("Response_Status_Level", 8, 1, Access::Eeprom);
/// Lowest goal that the servo obeys, in 1/4096 turn.
pub const MIN_POSITION_LIMIT: Register = unsigned("Min_Position_Limit", 9, 2, Access::Eeprom);
/// Highest goal that the servo obeys, in 1/4096 turn.
pub const MAX_POSITION_LIMIT: Register = unsigned("Max_Position_Limit", 11, 2, Access::Eeprom);
/// Overheat alarm above this, in °C.
pub const MAX_TEMPERATURE_LIMIT: Register =
    unsigned("Max_Temperature_Limit", 13, 1, Access::Eeprom);
/// Voltage alarm above this, in 0.1 V.
pub const MAX_VOLTAGE_LIMIT: Register = unsigned("Max_Voltage_Limit", 14, 1, Access::Eeprom);
/// Voltage alarm below this, in 0.1 V.
pub const MIN_VOLTAGE_LIMIT: Register = unsigned("Min_Voltage_Limit", 15, 1, Access::Eeprom);
/// What `Torque_Limit` starts with at power-on, in 0.1 % of the stall torque.
pub const MAX_TORQUE_LIMIT: Register = unsigned("Max_Torque_Limit", 16, 2, Access::Eeprom);
/// Bits of the drive; bit 4 selects multi-turn angle feedback.
pub const PHASE: Register = unsigned("Phase", 18, 1, Access::Eeprom);
/// Alarms that switch the torque off; bits as in [`crate::feetech::ErrorFlags`].
pub const UNLOADING_CONDITION: Register = unsigned("Unloading_Condition", 19, 1, Access::Eeprom);
/// Alarms that light the LED; bits as in [`crate::feetech::ErrorFlags`].
pub const LED_ALARM_CONDITION: Register = unsigned("LED_Alarm_Condition", 20, 1, Access::Eeprom);
/// Proportional gain of the position loop.
pub const P_COEFFICIENT: Register = unsigned("P_Coefficient", 21, 1, Access::Eeprom);
/// Derivative gain of the position loop. It stands before the integral gain.
pub const D_COEFFICIENT: Register = unsigned("D_Coefficient", 22, 1, Access::Eeprom);
/// Integral gain of the position loop.
pub const I_COEFFICIENT: Register = unsigned("I_Coefficient", 23, 1, Access::Eeprom);
/// Least output once the servo moves at all, in 0.1 %.
pub const MINIMUM_STARTUP_FORCE: Register =
    unsigned("Minimum_Startup_Force", 24, 2, Access::Eeprom);
/// Ignored position error clockwise, in 1/4096 turn.
pub const CW_DEAD_ZONE: Register = unsigned("CW_Dead_Zone", 26, 1, Access::Eeprom);
/// Ignored position error counter-clockwise, in 1/4096 turn.
pub const CCW_DEAD_ZONE: Register = unsigned("CCW_Dead_Zone", 27, 1, Access::Eeprom);
/// Over-current alarm above this, in 6.5 mA.
pub const PROTECTION_CURRENT: Register = unsigned("Protection_Current", 28, 2, Access::Eeprom);
/// Divides the resolution in multi-turn feedback.
pub const ANGULAR_RESOLUTION: Register = unsigned("Angular_Resolution", 30, 1, Access::Eeprom);
/// `Present_Position` is the actual position minus this; within ±2047.
pub const HOMING_OFFSET: Register = signed("Homing_Offset", 31, 2, Access::Eeprom, 11);
/// 0 position, 1 velocity, 2 PWM, 3 step.
pub const OPERATING_MODE: Register = unsigned("Operating_Mode", 33, 1, Access::Eeprom);
/// Output left after an overload, in % of the stall torque.
pub const PROTECTIVE_TORQUE: Register = unsigned("Protective_Torque", 34, 1, Access::Eeprom);
/// How long an overload is borne, in 10 ms.
pub const PROTECTION_TIME: Register = unsigned("Protection_Time", 35, 1, Access::Eeprom);
/// Load that counts as overload, in % of the stall torque.
pub const OVERLOAD_TORQUE: Register = unsigned("Overload_Torque", 36, 1, Access::Eeprom);
/// Proportional gain of the velocity loop.
pub const VELOCITY_P: Register = unsigned(
    "Velocity_closed_loop_P_proportional_coefficient",
    37,
    1,
    Access::Eeprom,
);
/// How long an over-current is borne, in 10 ms.
pub const OVER_CURRENT_PROTECTION_TIME: Register =
    unsigned("Over_Current_Protection_Time", 38, 1, Access::Eeprom);
/// Integral gain of the velocity loop.
pub const VELOCITY_I: Register = unsigned(
    "Velocity_closed_loop_I_integral_coefficient",
    39,
    1,
    Access::Eeprom,
);
/// 0 limp, 1 torque on.
pub const TORQUE_ENABLE: Register = unsigned("Torque_Enable", 40, 1, Access::Ram);
/// Ramp of the motion profile, in 100 steps/s²; 0 is none.
pub const ACCELERATION: Register = unsigned("Acceleration", 41, 1, Access::Ram);
/// Where to go, in 1/4096 turn.
pub const GOAL_POSITION: Register = signed("Goal_Position", 42, 2, Access::Goal, 15);
/// How long to take, in ms; the PWM duty in PWM mode.
pub const GOAL_TIME: Register = unsigned("Goal_Time", 44, 2, Access::Goal);
/// Speed, in steps/s.
pub const GOAL_VELOCITY: Register = signed("Goal_Velocity", 46, 2, Access::Goal, 15);
/// Largest output, in 0.1 % of the stall torque.
pub const TORQUE_LIMIT: Register = unsigned("Torque_Limit", 48, 2, Access::Ram);
/// 1 guards the EEPROM registers against writes.
pub const LOCK: Register = unsigned("Lock", 55, 1, Access::Ram);
/// Measured position, in 1/4096 turn.
pub const PRESENT_POSITION: Register = signed("Present_Position", 56, 2, Access::ReadOnly, 15);
/// Measured speed, in steps/s.
pub const PRESENT_VELOCITY: Register = signed("Present_Velocity", 58, 2, Access::ReadOnly, 15);
/// Duty of the motor's drive, in 0.1 %.
pub const PRESENT_LOAD: Register = signed("Present_Load", 60, 2, Access::ReadOnly, 10);
/// Supply, in 0.1 V.
pub const PRESENT_VOLTAGE: Register = unsigned("Present_Voltage", 62, 1, Access::ReadOnly);
/// In °C.
pub const PRESENT_TEMPERATURE: Register = unsigned("Present_Temperature", 63, 1, Access::ReadOnly);
/// The alarms; bits as in [`crate::feetech::ErrorFlags`].
pub const STATUS: Register = unsigned("Status", 65, 1, Access::ReadOnly);
/// 1 while the servo is on its way to the goal.
pub const MOVING: Register = unsigned("Moving", 66, 1, Access::ReadOnly);
/// Motor current, in 6.5 mA, with the sign of the direction in which it drives (the maker's FTServo_Rust, `read_current`; LeRobot 0.6 takes
/// it for unsigned).
pub const PRESENT_CURRENT: Register = signed("Present_Current", 69, 2, Access::ReadOnly, 15);
/// The goal as the motion profile has it now, in 1/4096 turn.
pub const GOAL_POSITION_2: Register = unsigned("Goal_Position_2", 71, 2, Access::ReadOnly);
/// Speed below which `Moving` reads 0.
pub const MOVING_VELOCITY: Register = unsigned("Moving_Velocity_Threshold", 80, 1, Access::Factory);
/// Period of the velocity differentiation, in ms.
pub const DTS: Register = unsigned("DTs", 81, 1, Access::Factory);
/// Scale of velocities.
pub const VELOCITY_UNIT_FACTOR: Register = unsigned("Velocity_Unit_factor", 82, 1, Access::Factory);
/// A period whose use the maker does not explain.
pub const HTS: Register = unsigned("Hts", 83, 1, Access::Factory);
/// Highest speed of the motion profile.
pub const MAXIMUM_VELOCITY_LIMIT: Register =
    unsigned("Maximum_Velocity_Limit", 84, 1, Access::Factory);
/// Steepest ramp of the motion profile, in 100 steps/s².
pub const MAXIMUM_ACCELERATION: Register = unsigned("Maximum_Acceleration", 85, 1, Access::Factory);
/// Ramp in force while `Acceleration` is 0.
pub const ACCELERATION_MULTIPLIER: Register =
    unsigned("Acceleration_Multiplier", 86, 1, Access::Factory);

/// All of them, by rising address.
pub static REGISTERS: [Register; 55] = [
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
    PROTECTION_CURRENT,
    ANGULAR_RESOLUTION,
    HOMING_OFFSET,
    OPERATING_MODE,
    PROTECTIVE_TORQUE,
    PROTECTION_TIME,
    OVERLOAD_TORQUE,
    VELOCITY_P,
    OVER_CURRENT_PROTECTION_TIME,
    VELOCITY_I,
    TORQUE_ENABLE,
    ACCELERATION,
    GOAL_POSITION,
    GOAL_TIME,
    GOAL_VELOCITY,
    TORQUE_LIMIT,
    LOCK,
    PRESENT_POSITION,
    PRESENT_VELOCITY,
    PRESENT_LOAD,
    PRESENT_VOLTAGE,
    PRESENT_TEMPERATURE,
    STATUS,
    MOVING,
    PRESENT_CURRENT,
    GOAL_POSITION_2,
    MOVING_VELOCITY,
    DTS,
    VELOCITY_UNIT_FACTOR,
    HTS,
    MAXIMUM_VELOCITY_LIMIT,
    MAXIMUM_ACCELERATION,
    ACCELERATION_MULTIPLIER,
];

/// The registers of STS3215, STS3250 and SM8512BL.
pub static TABLE: Table = Table {
    name: "Feetech STS",
    protocol: Protocol::FeetechSts,
    registers: &REGISTERS,
    roles: &[
        (Role::ModelNumber, MODEL_NUMBER),
        (Role::FirmwareMajor, FIRMWARE_MAJOR),
        (Role::FirmwareMinor, FIRMWARE_MINOR),
        (Role::Id, ID),
        (Role::BaudRate, BAUD_RATE),
        (Role::ReturnDelay, RETURN_DELAY_TIME),
        (Role::StatusReturnLevel, RESPONSE_STATUS_LEVEL),
        (Role::OperatingMode, OPERATING_MODE),
        (Role::HomingOffset, HOMING_OFFSET),
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
        (Role::TurnCounting, PHASE),
        (Role::TorqueLimit, TORQUE_LIMIT),
        (Role::GoalVelocity, GOAL_VELOCITY),
        (Role::GoalPosition, GOAL_POSITION),
        (Role::Moving, MOVING),
        (Role::PresentPosition, PRESENT_POSITION),
        (Role::PresentVelocity, PRESENT_VELOCITY),
        (Role::PresentLoad, PRESENT_LOAD),
        (Role::PresentCurrent, PRESENT_CURRENT),
        (Role::PresentVoltage, PRESENT_VOLTAGE),
        (Role::PresentTemperature, PRESENT_TEMPERATURE),
    ],
    baud_rates: &BAUD_RATES,
};

/// Servos with these registers.
pub static FAMILY: Family = Family {
    name: "feetech",
    table: &TABLE,
    models: &[&STS3215, &STS3250, &SM8512BL],
    likely_baud_rates: &BAUD_RATES,
    factory_id: 1,
    homing: HomingSign::Subtracted,
    largest_offset: 2047,
    multi_turn_modes: &[],
    multi_turn_bits: PHASE_MULTI_TURN_FEEDBACK as i32,
    drive_mode: DriveMode::InHost,
    alarms: Alarms {
        decode: ErrorFlags,
        latching: ErrorFlags::OVERLOAD.union(ErrorFlags::OVER_CURRENT),
        clear_by: ClearBy::TorqueOff,
    },
    current_limited_mode: None,
    // A quarter of the stall torque moves a joint of an SO-101 against its friction, and a hand holds it.
    gentle_torque: Some(GentleTorque {
        counts: 250,
        is_goal_in_mode: None,
    }),
};

const fn model(name: &'static str, number: u16) -> Model {
    Model {
        name,
        number,
        resolution: 4096,
        family: &FAMILY,
        table: &TABLE,
        scales: SCALES,
    }
}

const SCALES: Scales = scales(1.0 / 4096.0);

/// What Feetech's counts mean; `position` is the turns in one count of a position.
pub(super) const fn scales(position: f64) -> Scales {
    Scales {
        position: Scale::new(position),
        velocity: Scale::new(position),
        load: Scale::new(LOAD_PER_COUNT),
        pwm: Scale::new(LOAD_PER_COUNT),
        current: Scale::new(AMPERES_PER_COUNT),
        voltage: Scale::new(VOLTS_PER_COUNT),
        temperature: Scale::new(1.0),
        return_delay: Scale::new(RETURN_DELAY_SECONDS_PER_COUNT),
    }
}

/// The servo of the SO-100, SO-101 and LeKiwi.
pub static STS3215: Model = model("sts3215", 777);
/// A stronger sibling of the STS3215.
pub static STS3250: Model = model("sts3250", 2825);
/// An RS-485 servo with the same registers.
pub static SM8512BL: Model = model("sm8512bl", 11272);
