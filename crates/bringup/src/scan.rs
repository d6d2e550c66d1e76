//! `ulna scan`: which servos are on the bus.

use std::ops::ControlFlow;

pub use crate::servos::scan::Found;
use crate::servos::scan::{ScanProgress, ScanScope, scan as look};
use serde::Serialize;
use ulna_bus::Family;
use ulna_bus::families::{self, FAMILIES};
use ulna_rt::Stop;
use ulna_sim::law::ServoModel;

use crate::dialogue::Dialogue;
use crate::error::{BringupError, Usage};
use crate::service::{ServiceSession, SimScenario, WorkOptions};

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Scanned {
    /// The port.
    pub port: String,
    /// No port was opened.
    pub simulated: bool,
    /// The servos that answer.
    pub servos: Vec<Found>,
    /// Ctrl-C came before all places had been tried.
    pub interrupted: bool,
    /// What to do about what was found, or not found.
    pub advice: Vec<String>,
}

/// Where to look, as typed.
#[derive(Debug, Clone, Default)]
pub struct ScanOptions {
    /// The bus.
    pub work: WorkOptions,
    /// Only these rates, bits per second.
    pub bauds: Vec<u32>,
    /// Only this family.
    pub family: Option<String>,
    /// Simulated servos out of the box, all connected: they share one id.
    pub fresh: bool,
}

/// Looks for servos at every rate, in every family.
///
/// # Errors
/// If the port cannot be opened, or goes away.
pub fn scan(
    options: &ScanOptions,
    stop: &Stop,
    talk: &mut dyn Dialogue,
) -> Result<Scanned, BringupError> {
    let scope = ScanScope {
        family: options.family.as_deref().map(family).transpose()?,
        bauds: options.bauds.clone(),
    };
    let scenario = if options.fresh {
        SimScenario::Fresh
    } else {
        SimScenario::Assembled
    };
    let mut work = ServiceSession::open(&options.work, scenario, stop)?;
    work.connect_all();
    let mut step = |at: ScanProgress| {
        let id = at.id.map_or_else(String::new, |id| format!(", id {id}"));
        let text = format!("{} at {} baud{id}; {} found", at.family, at.baud, at.found);
        talk.progress(at.done as u64, at.of as u64, &text);
        match stop.requested() {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    };
    let servos = look(&mut work.line, &mut *work.pacer, &scope, &mut step)?;
    talk.clear();
    Ok(Scanned {
        port: work.line.name().to_owned(),
        simulated: options.work.sim,
        advice: advice(&servos),
        servos,
        interrupted: stop.requested().is_some(),
    })
}

fn family(name: &str) -> Result<&'static Family, Usage> {
    families::by_name(name).ok_or_else(|| {
        let known: Vec<&str> = FAMILIES.iter().map(|family| family.name).collect();
        Usage::Family {
            name: name.to_owned(),
            known: known.join(", "),
        }
    })
}

fn advice(servos: &[Found]) -> Vec<String> {
    if servos.is_empty() {
        return vec![
            "No servo answers at any rate. Is the power supply on (USB does not feed the servos), is the three-wire cable plugged into the \
             adapter and the first servo, and is this the right port (`ulna ports find`)?"
                .to_owned(),
        ];
    }
    let mut advice = Vec::new();
    if servos
        .iter()
        .any(|servo| servo.alarm_bits.is_some_and(|bits| bits != 0))
    {
        advice.push(
            "Some servos complain: `ulna recover` explains what of, and clears what can be cleared."
                .to_owned(),
        );
    }
    let rates: std::collections::BTreeSet<u32> = servos.iter().map(|servo| servo.baud).collect();
    if rates.len() > 1 {
        advice.push(
            "They run at different rates, so no program can use them together: `ulna setup` sets all to one."
                .to_owned(),
        );
    }
    advice.extend(motor(servos));
    if servos.iter().any(|servo| servo.doubt.is_some()) {
        advice.push(
            "Servos out of the box all have id 1 and talk over each other: `ulna setup` gives each its own, one at a time."
                .to_owned(),
        );
    }
    advice
}

/// Above this supply a servo is the one for 12 V: one for 7.4 V would complain, V.
const STRONG_SUPPLY: f64 = 9.0;

/// Which motor servos have that are made with several, from the voltage that they are supplied with.
fn motor(servos: &[Found]) -> Option<String> {
    let strong = servos.iter().find_map(|servo| {
        let volts = servo.voltage.filter(|volts| *volts > STRONG_SUPPLY)?;
        let model = servo.model.as_deref()?;
        let [usual, others @ ..] = &*ServoModel::motors_of(model) else {
            return None;
        };
        let needs = |motor: &&str| ServoModel::named(motor).map_or(0.0, |it| it.supply);
        let motor = others.iter().find(|motor| needs(motor) > STRONG_SUPPLY);
        motor
            .filter(|_| needs(usual) < STRONG_SUPPLY)
            .map(|motor| (volts, model, *motor))
    });
    let (volts, model, motor) = strong?;
    Some(format!(
        "They are supplied with {volts:.1} V, so these {model} are the stronger ones for 12 V. For a simulation of this arm, make its rig \
         with `ulna rig new NAME --motor {motor}`, or write `motor = \"{motor}\"` at the beginning of its rig's file."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supply_of_12_volts_names_the_motor() {
        let found = |model: &str, voltage| Found {
            family: "sts3215",
            baud: 1_000_000,
            id: 1,
            model: Some(model.to_owned()),
            firmware: None,
            voltage,
            temperature: None,
            position: None,
            torque: None,
            alarm_bits: None,
            alarms: None,
            doubt: None,
        };
        let said = motor(&[found("sts3215", None), found("sts3215", Some(12.1))]).unwrap();
        assert!(
            said.contains("12.1 V") && said.contains("--motor sts3215-12v"),
            "{said}"
        );
        for (model, volts) in [
            ("sts3215", Some(7.4)),
            ("sts3215", None),
            ("xl430-w250", Some(12.0)),
            ("a stranger", Some(12.0)),
        ] {
            assert_eq!(motor(&[found(model, volts)]), None, "{model}");
        }
    }
}
