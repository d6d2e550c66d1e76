//! What differs between the makers' servos, as data: rates, models, and which register holds what.
//!
//! Finding, setting up, calibrating and recovering servos is the same work for every maker; it is written once, against this.

use ulna_bus::feetech::{self, ErrorFlags, Model};
use ulna_bus::registers::{Register, sts3215};

/// Servos that share a protocol and a register table.
#[derive(Debug)]
pub struct Family {
    /// By which commands call it.
    pub name: &'static str,
    /// Rates in bits per second, the likeliest first.
    pub bauds: &'static [u32],
    /// The models that are known.
    pub models: &'static [Model],
    /// The register value that selects a rate.
    pub baud_code: fn(u32) -> Option<u8>,
    /// The registers by what they are for.
    pub registers: Registers,
    /// Volts in one count of the voltage register.
    pub volts_per_count: f64,
    /// What `Present_Position` does with the homing offset: -1 if the servo subtracts it, 1 if it adds it.
    pub offset_sign: i32,
    /// Largest magnitude of a homing offset, steps.
    pub largest_offset: i32,
    /// Bits of the phase register that must be zero for positions within one turn.
    pub multi_turn_bits: i32,
    /// What the bits of the alarm register mean.
    pub alarms: fn(i32) -> String,
    /// Alarms that stay until somebody clears them.
    pub latched: i32,
    /// The alarm for heat, which ends when the servo has cooled down.
    pub overheat: i32,
    /// A torque limit that is enough to see a servo move, and too little to hurt.
    pub gentle_torque: i32,
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
    /// The homing offset.
    pub homing_offset: &'static Register,
    /// Lowest goal obeyed.
    pub min_position: &'static Register,
    /// Highest goal obeyed.
    pub max_position: &'static Register,
    /// Where multi-turn feedback is switched, for families that have such a register.
    pub phase: Option<&'static Register>,
    /// Torque on and off.
    pub torque: &'static Register,
    /// Largest torque while it runs.
    pub torque_limit: &'static Register,
    /// Where to go.
    pub goal: &'static Register,
    /// Where it is.
    pub position: &'static Register,
    /// How hard it works, 0.1 %.
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
    bauds: &feetech::BAUD_RATES,
    models: &feetech::MODELS,
    baud_code: feetech::baud_code,
    registers: Registers {
        model_number: &sts3215::MODEL_NUMBER,
        firmware: &[&sts3215::FIRMWARE_MAJOR, &sts3215::FIRMWARE_MINOR],
        id: &sts3215::ID,
        baud: &sts3215::BAUD_RATE,
        lock: Some(&sts3215::LOCK),
        homing_offset: &sts3215::HOMING_OFFSET,
        min_position: &sts3215::MIN_POSITION_LIMIT,
        max_position: &sts3215::MAX_POSITION_LIMIT,
        phase: Some(&sts3215::PHASE),
        torque: &sts3215::TORQUE_ENABLE,
        torque_limit: &sts3215::TORQUE_LIMIT,
        goal: &sts3215::GOAL_POSITION,
        position: &sts3215::PRESENT_POSITION,
        load: &sts3215::PRESENT_LOAD,
        voltage: &sts3215::PRESENT_VOLTAGE,
        temperature: &sts3215::PRESENT_TEMPERATURE,
        max_temperature: &sts3215::MAX_TEMPERATURE_LIMIT,
        alarms: &sts3215::STATUS,
    },
    volts_per_count: sts3215::VOLTS_PER_COUNT,
    offset_sign: -1,
    largest_offset: 2047,
    multi_turn_bits: sts3215::PHASE_MULTI_TURN_FEEDBACK as i32,
    alarms: |bits| flags(bits).to_string(),
    latched: (ErrorFlags::OVERLOAD.0 | ErrorFlags::OVER_CURRENT.0) as i32,
    overheat: ErrorFlags::OVERHEAT.0 as i32,
    gentle_torque: 250,
};

/// All families, the likeliest first.
pub static FAMILIES: [&Family; 1] = [&FEETECH];

fn flags(bits: i32) -> ErrorFlags {
    ErrorFlags(u8::try_from(bits).unwrap_or(u8::MAX))
}

impl Family {
    /// The family of this name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        FAMILIES.into_iter().find(|family| family.name == name)
    }

    /// The family that the servos of a model belong to.
    pub fn of_model(model: &str) -> Option<&'static Self> {
        FAMILIES
            .into_iter()
            .find(|family| family.models.iter().any(|known| known.name == model))
    }

    /// The model with this number.
    pub fn model(&self, number: i32) -> Option<&Model> {
        self.models
            .iter()
            .find(|model| i32::from(model.number) == number)
    }

    /// The model in words, known or not.
    pub fn model_name(&self, number: i32) -> String {
        self.model(number).map_or_else(
            || format!("model number {number}"),
            |model| model.name.to_owned(),
        )
    }
}
