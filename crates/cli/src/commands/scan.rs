//! `ulna scan`.

use anyhow::Result;
use ulna_bringup::scan::{Found, ScanOptions, Scanned};
use ulna_outside::Text;

use super::{arm, arms_json, stop};
use crate::args::ScanArgs;
use crate::outcome::Outcome;
use crate::output;
use crate::terminal::Terminal;

pub(crate) fn scan(args: &ScanArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let options = args.options()?;
    let mut reports: Vec<Scanned> = Vec::new();
    for work in options.work.arms()? {
        let mut talk = Terminal::new(&stop);
        arm(&mut talk, &work);
        let options = ScanOptions {
            work,
            ..options.clone()
        };
        let scanned = ulna_bringup::scan::scan(&options, &stop, &mut talk)?;
        drop(talk);
        if !json {
            output::text(&table(&scanned))?;
        }
        reports.push(scanned);
    }
    if json {
        let reports = reports.iter().map(serde_json::to_value);
        output::json(&arms_json(reports.collect::<Result<_, _>>()?))?;
    }
    Ok(match () {
        () if reports.iter().any(|it| it.interrupted) => Outcome::Interrupted,
        () if reports.iter().any(|it| it.servos.is_empty()) => Outcome::ChecksFailed,
        () => Outcome::Done,
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
