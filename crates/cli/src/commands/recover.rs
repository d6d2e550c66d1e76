//! `ulna recover`.

use anyhow::Result;
use ulna_bringup::recover::{RecoverOptions, Recovery};
use ulna_outside::Text;

use super::{arm, arms_json, stop};
use crate::args::RecoverArgs;
use crate::outcome::Outcome;
use crate::output;
use crate::terminal::Terminal;

pub(crate) fn recover(args: &RecoverArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let options = args.options()?;
    let mut reports: Vec<Recovery> = Vec::new();
    for work in options.work.arms()? {
        let mut talk = Terminal::new(&stop);
        arm(&mut talk, &work);
        let options = RecoverOptions {
            work,
            ..options.clone()
        };
        let report = ulna_bringup::recover::recover(&options, &stop, &mut talk)?;
        drop(talk);
        if !json {
            output::text(&table(&report))?;
        }
        reports.push(report);
    }
    if json {
        let reports = reports.iter().map(serde_json::to_value);
        output::json(&arms_json(reports.collect::<Result<_, _>>()?))?;
    }
    Ok(match reports.iter().all(|report| report.well) {
        true => Outcome::Done,
        false => Outcome::ChecksFailed,
    })
}

fn table(report: &Recovery) -> Text {
    let mut lines = vec![format!(
        "{:<16}{:>4}{:>6}{:>7}{:>7}  {:<7}{}",
        "joint", "id", "°C", "volts", "load %", "torque", "state"
    )];
    for servo in &report.servos {
        let condition = servo.after.as_ref().or(servo.before.as_ref());
        let figures = condition.map_or_else(
            || format!("{:>6}{:>7}{:>7}  {:<7}", "-", "-", "-", "-"),
            |now| {
                format!(
                    "{:>6}{:>7.1}{:>7.0}  {:<7}",
                    now.temperature,
                    now.voltage,
                    now.load,
                    if now.torque { "on" } else { "off" }
                )
            },
        );
        let state = match (&servo.before, servo.outcome.as_str()) {
            (Some(_), "") => "well".to_owned(),
            (Some(before), outcome) => format!("{}: {outcome}", before.alarms),
            (None, outcome) => outcome.to_owned(),
        };
        lines.push(format!(
            "{:<16}{:>4}{figures}{state}",
            servo.joint, servo.id
        ));
    }
    lines.push(
        match report.well {
            true => "all servos are well",
            false => "not all servos are well; the arm was not moved",
        }
        .to_owned(),
    );
    lines.into_iter().collect()
}
