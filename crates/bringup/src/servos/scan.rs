//! Which servos are on a bus: every rate, every family, every id.

use std::ops::ControlFlow;

use serde::Serialize;
use ulna_bus::feetech::MAX_ID;
use ulna_drivers::family::{FAMILIES, Family};
use ulna_drivers::line::{Heard, Line, LineError};
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
            None => family.protocol.has_broadcast_ping(),
        });
        let places = families.flat_map(|family| {
            let rates = match self.bauds.as_slice() {
                [] => family.bauds,
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
    line: &mut Line,
    pacer: &mut dyn Pacer,
    scope: &ScanScope,
    step: &mut dyn FnMut(ScanProgress) -> ControlFlow<()>,
) -> Result<Vec<Found>, LineError> {
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
            Err(LineError::Baud { .. }) if scope.bauds.is_empty() => continue,
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
    line: &mut Line,
    pacer: &mut dyn Pacer,
    step: &mut dyn FnMut(u8) -> ControlFlow<()>,
) -> Result<(Vec<u8>, Vec<u8>), LineError> {
    let mut garbled = Vec::new();
    let mut ids = Vec::new();
    if line.family().protocol.has_broadcast_ping() {
        let mut garbage;
        (ids, garbage) = line.roll_call(pacer)?;
        if ids.is_empty() && !garbage {
            // An adapter or a computer that had a slow moment.
            (ids, garbage) = line.roll_call(pacer)?;
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
        match line.knock(pacer, id)? {
            Heard::Servo => ids.push(id),
            Heard::Silence => {}
            Heard::Garbage => match (line.knock(pacer, id)?, line.knock(pacer, id)?) {
                (Heard::Servo, _) | (_, Heard::Servo) => ids.push(id),
                (Heard::Garbage, _) | (_, Heard::Garbage) => garbled.push(id),
                (Heard::Silence, Heard::Silence) => {}
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
pub fn examine(line: &mut Line, pacer: &mut dyn Pacer, id: u8) -> Result<Found, LineError> {
    let (family, baud) = (line.family(), line.baud());
    let registers = &family.registers;
    let mut missed = 0_usize;
    let mut ask = |register| match line.read(pacer, id, register) {
        Ok(value) => Ok(Some(value)),
        Err(LineError::Servo { .. }) => {
            missed += 1;
            Ok(None)
        }
        Err(error) => Err(error),
    };
    let model = ask(registers.model_number)?.map(|number| family.model_name(number));
    let mut firmware = Vec::new();
    for part in registers.firmware {
        firmware.extend(ask(part)?.map(|part| part.to_string()));
    }
    let voltage = ask(registers.voltage)?.map(|counts| tenths(counts, family.volts_per_count));
    let temperature = ask(registers.temperature)?;
    let position = ask(registers.position)?;
    let torque = ask(registers.torque)?.map(|torque| torque != 0);
    let alarm_bits = ask(registers.alarms)?;
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
        model,
        firmware: (firmware.len() == registers.firmware.len()).then(|| firmware.join(".")),
        voltage,
        temperature,
        position,
        torque,
        alarm_bits,
        alarms: alarm_bits.map(|bits| family.alarm_words(bits)),
        doubt,
    })
}

fn two_of(line: &Line, id: u8) -> Found {
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

fn tenths(counts: i32, unit: f64) -> f64 {
    (f64::from(counts) * unit * 10.0).round() / 10.0
}
