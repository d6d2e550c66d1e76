//! `ulna scan`.

use anyhow::Result;
use ulna_bringup::scan::{Found, Scanned};
use ulna_outside::Text;

use super::stop;
use crate::args::ScanArgs;
use crate::outcome::Outcome;
use crate::output;
use crate::terminal::Terminal;

pub(crate) fn scan(args: &ScanArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let scanned = ulna_bringup::scan::scan(&args.options()?, &stop, &mut Terminal::new(&stop))?;
    if json {
        output::json(&serde_json::to_value(&scanned)?)?;
    } else {
        output::text(&table(&scanned))?;
    }
    Ok(match scanned.interrupted {
        true => Outcome::Interrupted,
        false if scanned.servos.is_empty() => Outcome::ChecksFailed,
        false => Outcome::Done,
    })
}

fn table(scanned: &Scanned) -> Text {
    let servos = &scanned.servos;
    let mut lines = vec![format!(
        "{}: {} servo{}{}",
        scanned.port,
        servos.len(),
        if servos.len() == 1 { "" } else { "s" },
        if scanned.interrupted {
            " so far (interrupted)"
        } else {
            ""
        }
    )];
    if !servos.is_empty() {
        lines.push(format!(
            "{:>4}  {:<12}{:>8}  {:<9}{:>6}{:>7}{:>9}  {:<7}{}",
            "id", "model", "baud", "firmware", "volts", "°C", "position", "torque", "alarms"
        ));
    }
    for servo in servos {
        lines.push(row(servo));
        if let Some(doubt) = &servo.doubt {
            lines.push(format!("      {doubt}"));
        }
    }
    lines.extend(scanned.advice.iter().cloned());
    lines.into_iter().collect()
}

fn row(servo: &Found) -> String {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    format!(
        "{:>4}  {:<12}{:>8}  {:<9}{:>6}{:>7}{:>9}  {:<7}{}",
        servo.id,
        or_dash(servo.model.clone()),
        servo.baud,
        or_dash(servo.firmware.clone()),
        or_dash(servo.voltage.map(|volts| format!("{volts:.1}"))),
        or_dash(servo.temperature.map(|celsius| celsius.to_string())),
        or_dash(servo.position.map(|steps| steps.to_string())),
        or_dash(
            servo
                .torque
                .map(|on| if on { "on" } else { "off" }.to_owned())
        ),
        or_dash(servo.alarms.clone()),
    )
}
