//! Servos that a protection has switched off: what they complain of, and how they come back without moving the arm.
//!
//! A Feetech servo that has pushed against something for longer than its protection time latches an overload: it goes on with a
//! fifth of its torque, or none, and says so with every answer. Heat and voltage are alarms for as long as their cause lasts. A latched
//! alarm ends when the torque is switched off, or, with Dynamixel servos, when they start again; a servo that comes back under torque would jump to its last goal, so its goal is
//! first set to where it stands.

use serde::Serialize;
use ulna_bus::ErrorFlags;
use ulna_bus::family::ClearBy;
use ulna_bus::registers::Role;
use ulna_drivers::{ServoBus, ServoBusError};
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
pub fn look(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    id: u8,
) -> Result<Condition, ServoBusError> {
    let family = line.family();
    let number = line.get(pacer, id, Role::ModelNumber)?;
    // A servo of a model that is not known is taken for the family's first.
    let model = family.model(number).or(family.models.first().copied());
    let load = match model.and_then(|model| model.effort()) {
        Some((register, scale)) => scale.of(line.read(pacer, id, &register)?).0,
        None => 0.0,
    };
    let mut ask = |role| line.get(pacer, id, role);
    let alarm_bits = ask(Role::HardwareError)?;
    let flags = family.complaints(alarm_bits);
    let volts = ask(Role::PresentVoltage)?;
    let volts = model.map_or(0.0, |model| model.scales.voltage.of(volts).0);
    Ok(Condition {
        id,
        alarm_bits,
        alarms: flags.to_string(),
        latched: flags.0 & family.alarms.latching.0 != 0,
        too_hot: flags.contains(ErrorFlags::OVERHEAT),
        temperature: ask(Role::PresentTemperature)?,
        max_temperature: ask(Role::MaxTemperature)?,
        voltage: volts,
        load: (load * 1000.0).round() / 10.0,
        torque: ask(Role::TorqueEnable)? != 0,
        position: ask(Role::PresentPosition)?,
        limits: (ask(Role::MinPosition)?, ask(Role::MaxPosition)?),
    })
}

/// Clears what is latched. Feetech: the goal becomes the place where the servo stands, then the torque goes off, which ends the alarm;
/// Dynamixel: the servo is started again. Says how the servo is afterwards. It is left limp.
///
/// # Errors
/// If the servo does not answer, or the port is gone.
pub fn clear(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    id: u8,
) -> Result<Condition, ServoBusError> {
    let family = line.family();
    match family.alarms.clear_by {
        ClearBy::TorqueOff => {
            line.settle(pacer, id)?;
            line.release(pacer, id)?;
        }
        // It forgets its goal with everything else that it keeps in RAM.
        ClearBy::Reboot => line.reboot(pacer, id)?,
    }
    look(line, pacer, id)
}
