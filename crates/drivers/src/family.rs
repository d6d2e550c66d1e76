//! What differs between the makers' servos, as data: rates, models, and which register holds what.
//!
//! Finding, setting up, calibrating and recovering servos is the same work for every maker; it is written once, against this.

use ulna_bus::feetech::BAUD_RATES;
use ulna_bus::models::{self, Model};
use ulna_bus::registers::{HomingSign, Register, Table, scs0009, sts3215, xl330};
use ulna_bus::{ErrorFlags, Protocol};

/// Servos that share a protocol and a register table.
#[derive(Debug)]
pub struct Family {
    /// By which commands call it.
    pub name: &'static str,
    /// What they speak.
    pub protocol: Protocol,
    /// The registers that all models of the family share.
    pub table: &'static Table,
    /// Rates in bits per second, the likeliest first.
    pub bauds: &'static [u32],
    /// The id that they leave the factory with.
    pub factory_id: u8,
    /// The registers by what they are for.
    pub registers: Registers,
    /// Volts in one count of the voltage register.
    pub volts_per_count: f64,
    /// Per cent of the full drive in one count of the load register.
    pub load_per_count: f64,
    /// Largest magnitude of a homing offset, steps.
    pub largest_offset: i32,
    /// Bits of the phase register that must be zero for positions within one turn.
    pub multi_turn_bits: i32,
    /// A joint is turned round by `drive_mode` in the calibration file alone. Otherwise the servo itself has a register for it.
    pub file_turns_round: bool,
    /// What the bits of the alarm register mean.
    pub alarms: fn(i32) -> ErrorFlags,
    /// Alarms that stay until somebody clears them, and how.
    pub latched: ErrorFlags,
    /// How latched alarms end.
    pub clearing: Clearing,
    /// A torque limit that is enough to see a servo move, and too little to hurt.
    pub gentle_torque: i32,
}

/// How latched alarms end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clearing {
    /// By switching the torque off.
    TorqueOff,
    /// By starting the servo again, which makes it limp.
    Reboot,
}

/// The registers that this work needs.
#[derive(Debug)]
pub struct Registers {
    /// The kind of servo.
    pub model_number: &'static Register,
    /// Firmware version, most significant part first.
    pub firmware: &'static [&'static Register],
    /// The servo's address.
    pub id: &'static Register,
    /// The code of its rate.
    pub baud: &'static Register,
    /// 1 guards the EEPROM, for families that have such a register.
    pub lock: Option<&'static Register>,
    /// The homing offset, for families that keep one.
    pub homing_offset: Option<&'static Register>,
    /// Lowest goal obeyed.
    pub min_position: &'static Register,
    /// Highest goal obeyed.
    pub max_position: &'static Register,
    /// Where multi-turn feedback is switched, for families that have such a register.
    pub phase: Option<&'static Register>,
    /// Where a joint is turned round, for families that have such a register.
    pub drive_mode: Option<&'static Register>,
    /// Torque on and off.
    pub torque: &'static Register,
    /// Largest torque while it runs, for families that have such a register.
    pub torque_limit: Option<&'static Register>,
    /// Where to go.
    pub goal: &'static Register,
    /// Where it is.
    pub position: &'static Register,
    /// How hard it works.
    pub load: &'static Register,
    /// Supply voltage.
    pub voltage: &'static Register,
    /// Temperature, °C.
    pub temperature: &'static Register,
    /// The temperature at which it protects itself, °C.
    pub max_temperature: &'static Register,
    /// The alarms.
    pub alarms: &'static Register,
}

/// Feetech STS and SMS.
pub static FEETECH: Family = Family {
    name: "feetech",
    protocol: Protocol::FeetechSts,
    table: &sts3215::TABLE,
    bauds: &BAUD_RATES,
    factory_id: 1,
    registers: Registers {
        model_number: &sts3215::MODEL_NUMBER,
        firmware: &[&sts3215::FIRMWARE_MAJOR, &sts3215::FIRMWARE_MINOR],
        id: &sts3215::ID,
        baud: &sts3215::BAUD_RATE,
        lock: Some(&sts3215::LOCK),
        homing_offset: Some(&sts3215::HOMING_OFFSET),
        min_position: &sts3215::MIN_POSITION_LIMIT,
        max_position: &sts3215::MAX_POSITION_LIMIT,
        phase: Some(&sts3215::PHASE),
        drive_mode: None,
        torque: &sts3215::TORQUE_ENABLE,
        torque_limit: Some(&sts3215::TORQUE_LIMIT),
        goal: &sts3215::GOAL_POSITION,
        position: &sts3215::PRESENT_POSITION,
        load: &sts3215::PRESENT_LOAD,
        voltage: &sts3215::PRESENT_VOLTAGE,
        temperature: &sts3215::PRESENT_TEMPERATURE,
        max_temperature: &sts3215::MAX_TEMPERATURE_LIMIT,
        alarms: &sts3215::STATUS,
    },
    volts_per_count: sts3215::VOLTS_PER_COUNT,
    load_per_count: 0.1,
    largest_offset: 2047,
    multi_turn_bits: sts3215::PHASE_MULTI_TURN_FEEDBACK as i32,
    file_turns_round: true,
    alarms: |bits| ErrorFlags(low_byte(bits)),
    latched: ErrorFlags(ErrorFlags::OVERLOAD.0 | ErrorFlags::OVER_CURRENT.0),
    clearing: Clearing::TorqueOff,
    gentle_torque: 250,
};

/// Dynamixel X series.
pub static DYNAMIXEL: Family = Family {
    name: "dynamixel",
    protocol: Protocol::Dynamixel2,
    table: &xl330::TABLE,
    bauds: &[
        1_000_000, 57_600, 115_200, 2_000_000, 3_000_000, 4_000_000, 9_600,
    ],
    factory_id: 1,
    registers: Registers {
        model_number: &xl330::MODEL_NUMBER,
        firmware: &[&xl330::FIRMWARE_VERSION],
        id: &xl330::ID,
        baud: &xl330::BAUD_RATE,
        lock: None,
        homing_offset: Some(&xl330::HOMING_OFFSET),
        min_position: &xl330::MIN_POSITION_LIMIT,
        max_position: &xl330::MAX_POSITION_LIMIT,
        phase: None,
        drive_mode: Some(&xl330::DRIVE_MODE),
        torque: &xl330::TORQUE_ENABLE,
        torque_limit: Some(&xl330::GOAL_PWM),
        goal: &xl330::GOAL_POSITION,
        position: &xl330::PRESENT_POSITION,
        load: &xl330::PRESENT_PWM,
        voltage: &xl330::PRESENT_INPUT_VOLTAGE,
        temperature: &xl330::PRESENT_TEMPERATURE,
        max_temperature: &xl330::TEMPERATURE_LIMIT,
        alarms: &xl330::HARDWARE_ERROR_STATUS,
    },
    volts_per_count: xl330::VOLTS_PER_COUNT,
    load_per_count: 100.0 / 885.0,
    largest_offset: 2048,
    multi_turn_bits: 0,
    file_turns_round: false,
    alarms: |bits| ErrorFlags::from_dynamixel_register(low_byte(bits)),
    latched: ErrorFlags(u8::MAX),
    clearing: Clearing::Reboot,
    gentle_torque: 220,
};

/// Feetech SCS. It keeps no homing offset.
pub static SCS: Family = Family {
    name: "scs",
    protocol: Protocol::FeetechScs,
    table: &scs0009::TABLE,
    bauds: &BAUD_RATES,
    factory_id: 1,
    registers: Registers {
        model_number: &scs0009::MODEL_NUMBER,
        firmware: &[&scs0009::FIRMWARE_MAJOR, &scs0009::FIRMWARE_MINOR],
        id: &scs0009::ID,
        baud: &scs0009::BAUD_RATE,
        lock: Some(&scs0009::LOCK),
        homing_offset: None,
        min_position: &scs0009::MIN_POSITION_LIMIT,
        max_position: &scs0009::MAX_POSITION_LIMIT,
        phase: None,
        drive_mode: None,
        torque: &scs0009::TORQUE_ENABLE,
        torque_limit: None,
        goal: &scs0009::GOAL_POSITION,
        position: &scs0009::PRESENT_POSITION,
        load: &scs0009::PRESENT_LOAD,
        voltage: &scs0009::PRESENT_VOLTAGE,
        temperature: &scs0009::PRESENT_TEMPERATURE,
        max_temperature: &scs0009::MAX_TEMPERATURE_LIMIT,
        alarms: &scs0009::STATUS,
    },
    volts_per_count: sts3215::VOLTS_PER_COUNT,
    load_per_count: 0.1,
    largest_offset: 0,
    multi_turn_bits: 0,
    file_turns_round: true,
    alarms: |bits| ErrorFlags(low_byte(bits)),
    latched: ErrorFlags(ErrorFlags::OVERLOAD.0 | ErrorFlags::OVER_CURRENT.0),
    clearing: Clearing::TorqueOff,
    gentle_torque: 0,
};

/// All families, the likeliest first.
pub static FAMILIES: [&Family; 3] = [&FEETECH, &DYNAMIXEL, &SCS];

fn low_byte(bits: i32) -> u8 {
    u8::try_from(bits).unwrap_or(u8::MAX)
}

impl Family {
    /// The family of this name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        FAMILIES.into_iter().find(|family| family.name == name)
    }

    /// The family that the servos of a model belong to.
    pub fn of_model(model: &str) -> Option<&'static Self> {
        let protocol = models::by_name(model)?.table.protocol;
        FAMILIES
            .into_iter()
            .find(|family| family.protocol == protocol)
    }

    /// The models that are known.
    pub fn models(&self) -> impl Iterator<Item = Model> {
        let protocol = self.protocol;
        models::ALL
            .into_iter()
            .filter(move |model| model.table.protocol == protocol)
    }

    /// The model in words, known or not.
    pub fn model_name(&self, number: i32) -> String {
        let known = self
            .models()
            .find(|model| i32::from(model.number) == number);
        known.map_or_else(
            || format!("model number {number}"),
            |model| model.name.to_owned(),
        )
    }

    /// What `Present_Position` does with the homing offset: -1 if the servo subtracts it, 1 if it adds it.
    pub fn offset_sign(&self) -> i32 {
        match self.table.homing {
            HomingSign::Subtracted => -1,
            HomingSign::Added => 1,
        }
    }

    /// What the bits of the alarm register say.
    pub fn alarm_words(&self, bits: i32) -> String {
        (self.alarms)(bits).to_string()
    }
}
