//! Which servos are on a bus: every rate, every family, every id.

use std::ops::ControlFlow;

use serde::Serialize;
use ulna_bus::Family;
use ulna_bus::families::FAMILIES;
use ulna_bus::feetech::MAX_ID;
use ulna_bus::registers::Role;
use ulna_drivers::servo_bus::{Ping, ServoBus, ServoBusError};
use ulna_rt::Pacer;

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct ScanScope {
    /// Only this family; else all that answer a broadcast ping.
    pub family: Option<&'static Family>,
    /// Only these rates, bits per second; all of the families' if empty.
    pub bauds: Vec<u32>,
}

impl ScanScope {
    /// The families and rates to try, in order.
    pub fn places(&self) -> Vec<(&'static Family, u32)> {
        // Servos without a broadcast ping are looked for on request only: id by id takes five seconds at each rate, and they share
        // their packets with a family that is found anyway.
        let families = FAMILIES.into_iter().filter(|family| match self.family {
            Some(only) => only.name == family.name,
            None => family.protocol().has_broadcast_ping(),
        });
        let places = families.flat_map(|family| {
            let rates = match self.bauds.as_slice() {
                [] => family.likely_baud_rates,
                some => some,
            };
            rates.iter().map(move |&baud| (family, baud))
        });
        places.collect()
    }
}

/// How often a servo's position is asked for, to see whether its answers come through. The answers of two servos with one id differ
/// there, so they spoil each other.
const POSITION_READS: usize = 6;

/// How far a scan has come.
#[derive(Debug, Clone, Copy)]
pub struct ScanProgress {
    /// Places tried, and places in all.
    pub done: usize,
    /// Places in all.
    pub of: usize,
    /// The family being tried.
    pub family: &'static str,
    /// The rate being tried, bits per second.
    pub baud: u32,
    /// The id, when ids are tried one by one because garbled bytes came.
    pub id: Option<u8>,
    /// Servos found so far.
    pub found: usize,
}

/// A servo, or what sounds like several.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// Its family.
    pub family: &'static str,
    /// Bits per second.
    pub baud: u32,
    /// Its id.
    pub id: u8,
    /// Its model in words.
    pub model: Option<String>,
    /// Firmware, `3.10`.
    pub firmware: Option<String>,
    /// Supply, V.
    pub voltage: Option<f64>,
    /// °C.
    pub temperature: Option<i32>,
    /// Position, steps.
    pub position: Option<i32>,
    /// Whether it holds.
    pub torque: Option<bool>,
    /// The bits of its alarm register.
    pub alarm_bits: Option<i32>,
    /// The alarms in words; `none`.
    pub alarms: Option<String>,
    /// What is odd about its answers, and what that means.
    pub doubt: Option<String>,
}

/// Looks everywhere in `scope`, and reads the state of every servo found. `step` is called with where the scan is, and may end it.
///
/// The line is left at the last place tried.
///
/// # Errors
/// If the port is gone.
pub fn scan(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    scope: &ScanScope,
    step: &mut dyn FnMut(ScanProgress) -> ControlFlow<()>,
) -> Result<Vec<Found>, ServoBusError> {
    let places = scope.places();
    let mut found = Vec::new();
    for (done, &(family, baud)) in places.iter().enumerate() {
        let here = ScanProgress {
            done,
            of: places.len(),
            family: family.name,
            baud,
            id: None,
            found: found.len(),
        };
        if step(here).is_break() {
            break;
        }
        // A rate that this adapter does not have is no place where servos could be.
        match line.tune(pacer, family, baud) {
            Err(ServoBusError::Baud { .. }) if scope.bauds.is_empty() => continue,
            tuned => tuned?,
        }
        let mut ids = |id| {
            step(ScanProgress {
                id: Some(id),
                ..here
            })
        };
        let (ids, garbled) = listen(line, pacer, &mut ids)?;
        for id in ids {
            found.push(examine(line, pacer, id)?);
        }
        for id in garbled {
            found.push(two_of(line, id));
        }
    }
    found.sort_by_key(|servo| (servo.family, std::cmp::Reverse(servo.baud), servo.id));
    Ok(found)
}

/// The ids that answer at the line's present rate, and those at which answers are garbled.
///
/// # Errors
/// If the port is gone.
pub fn listen(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    step: &mut dyn FnMut(u8) -> ControlFlow<()>,
) -> Result<(Vec<u8>, Vec<u8>), ServoBusError> {
    let mut garbled = Vec::new();
    let mut ids = Vec::new();
    if line.family().protocol().has_broadcast_ping() {
        let mut garbage;
        (ids, garbage) = line.ping_all(pacer)?;
        if ids.is_empty() && !garbage {
            // An adapter or a computer that had a slow moment.
            (ids, garbage) = line.ping_all(pacer)?;
        }
        if !garbage {
            return Ok((ids, garbled));
        }
    }
    // Servos of one id talk over each other; asking each id alone shows whether that is so.
    for id in 0..=MAX_ID {
        if ids.contains(&id) {
            continue;
        }
        if step(id).is_break() {
            break;
        }
        match line.ping(pacer, id)? {
            Ping::Alive => ids.push(id),
            Ping::Silent => {}
            Ping::Garbled => match (line.ping(pacer, id)?, line.ping(pacer, id)?) {
                (Ping::Alive, _) | (_, Ping::Alive) => ids.push(id),
                (Ping::Garbled, _) | (_, Ping::Garbled) => garbled.push(id),
                (Ping::Silent, Ping::Silent) => {}
            },
        }
    }
    ids.sort_unstable();
    Ok((ids, garbled))
}

/// Identity and state of one servo.
///
/// # Errors
/// If the port is gone.
pub fn examine(line: &mut ServoBus, pacer: &mut dyn Pacer, id: u8) -> Result<Found, ServoBusError> {
    let (family, baud) = (line.family(), line.baud());
    let mut missed = 0_usize;
    let mut ask = |role| match line.get(pacer, id, role) {
        Ok(value) => Ok(Some(value)),
        Err(ServoBusError::Servo { .. }) => {
            missed += 1;
            Ok(None)
        }
        Err(error) => Err(error),
    };
    let number = ask(Role::ModelNumber)?;
    let parts = [Role::FirmwareMajor, Role::FirmwareMinor];
    let parts = parts
        .into_iter()
        .filter(|part| family.find(*part).is_some());
    let mut firmware = Some(Vec::new());
    for part in parts {
        let part = ask(part)?;
        firmware = firmware.zip(part).map(|(mut firmware, part)| {
            firmware.push(part.to_string());
            firmware
        });
    }
    // A servo of a model that is not known is taken for the family's first.
    let model = number.and_then(|number| family.model(number));
    let volts = |counts| {
        let model = model.or(family.models.first().copied())?;
        Some(tenths(model.scales.voltage.of(counts).0))
    };
    let voltage = ask(Role::PresentVoltage)?.and_then(volts);
    let temperature = ask(Role::PresentTemperature)?;
    let position = ask(Role::PresentPosition)?;
    let torque = ask(Role::TorqueEnable)?.map(|torque| torque != 0);
    let alarm_bits = ask(Role::HardwareError)?;
    let mut garbled = 0;
    for _ in 0..POSITION_READS {
        garbled += usize::from(line.positions(pacer, &[id])?.first() == Some(&None));
    }
    let doubt = (missed > 0 || garbled > POSITION_READS / 3).then(|| {
        "its answers are often garbled: two servos with this id, or a bad cable".to_owned()
    });
    Ok(Found {
        family: family.name,
        baud,
        id,
        model: number.map(|number| family.model_name(number).to_string()),
        firmware: firmware.map(|parts| parts.join(".")),
        voltage,
        temperature,
        position,
        torque,
        alarm_bits,
        alarms: alarm_bits.map(|bits| family.complaints(bits).to_string()),
        doubt,
    })
}

fn two_of(line: &ServoBus, id: u8) -> Found {
    Found {
        family: line.family().name,
        baud: line.baud(),
        id,
        model: None,
        firmware: None,
        voltage: None,
        temperature: None,
        position: None,
        torque: None,
        alarm_bits: None,
        alarms: None,
        doubt: Some(
            "every answer is garbled: two or more servos have this id; disconnect all but one and give it another with `ulna setup`"
                .to_owned(),
        ),
    }
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
