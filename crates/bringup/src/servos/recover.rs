//! Servos that a protection has switched off: what they complain of, and how they come back without moving the arm.
//!
//! A Feetech servo that has pushed against something for longer than its protection time latches an overload: it goes on with a
//! fifth of its torque, or none, and says so with every answer. Heat and voltage are alarms for as long as their cause lasts. A latched
//! alarm ends when the torque is switched off, or, with Dynamixel servos, when they start again; a servo that comes back under torque would jump to its last goal, so its goal is
//! first set to where it stands.

use serde::Serialize;
use ulna_bus::ErrorFlags;
use ulna_drivers::family::Clearing;
use ulna_drivers::line::{Line, LineError};
use ulna_rt::Pacer;

/// How a servo is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Condition {
    /// Its id.
    pub id: u8,
    /// Bits of the alarm register.
    pub alarm_bits: i32,
    /// The alarms in words; `none`.
    pub alarms: String,
    /// Alarms that stay until they are cleared.
    pub latched: bool,
    /// It is hotter than it allows itself.
    pub too_hot: bool,
    /// °C.
    pub temperature: i32,
    /// The temperature at which it protects itself, °C.
    pub max_temperature: i32,
    /// Supply, V.
    pub voltage: f64,
    /// How hard it works, % of full drive, signed.
    pub load: f64,
    /// Whether its torque is on.
    pub torque: bool,
    /// Position, steps.
    pub position: i32,
    /// Lowest and highest goal that it obeys, steps.
    pub limits: (i32, i32),
}

/// A joint that leans against its end may stand this far beyond its limit, steps: less than the play of its gears.
const LEANING: i32 = 16;

impl Condition {
    /// Where it stands is a place it may go to, so holding there moves nothing.
    pub fn inside_limits(&self) -> bool {
        let (low, high) = self.limits;
        (low, high) == (0, 0) || (low - LEANING..=high + LEANING).contains(&self.position)
    }
}

/// Asks a servo how it is.
///
/// # Errors
/// If it does not answer, or the port is gone.
pub fn look(line: &mut Line, pacer: &mut dyn Pacer, id: u8) -> Result<Condition, LineError> {
    let family = line.family();
    let registers = &family.registers;
    let mut ask = |register| line.read(pacer, id, register);
    let alarm_bits = ask(registers.alarms)?;
    let flags = (family.alarms)(alarm_bits);
    Ok(Condition {
        id,
        alarm_bits,
        alarms: flags.to_string(),
        latched: flags.0 & family.latched.0 != 0,
        too_hot: flags.contains(ErrorFlags::OVERHEAT),
        temperature: ask(registers.temperature)?,
        max_temperature: ask(registers.max_temperature)?,
        voltage: f64::from(ask(registers.voltage)?) * family.volts_per_count,
        load: f64::from(ask(registers.load)?) * family.load_per_count,
        torque: ask(registers.torque)? != 0,
        position: ask(registers.position)?,
        limits: (ask(registers.min_position)?, ask(registers.max_position)?),
    })
}

/// Clears what is latched. Feetech: the goal becomes the place where the servo stands, then the torque goes off, which ends the alarm;
/// Dynamixel: the servo is started again. Says how the servo is afterwards. It is left limp.
///
/// # Errors
/// If the servo does not answer, or the port is gone.
pub fn clear(line: &mut Line, pacer: &mut dyn Pacer, id: u8) -> Result<Condition, LineError> {
    let family = line.family();
    match family.clearing {
        Clearing::TorqueOff => {
            let here = line.read(pacer, id, family.registers.position)?;
            line.set(pacer, id, family.registers.goal, here)?;
            line.release(pacer, id)?;
        }
        // It forgets its goal with everything else that it keeps in RAM.
        Clearing::Reboot => line.reboot(pacer, id)?,
    }
    look(line, pacer, id)
}
