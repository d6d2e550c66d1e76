//! `ulna recover`.

use anyhow::Result;
use ulna_app::recover::Recovery;
use ulna_outside::Text;

use super::stop;
use crate::args::RecoverArgs;
use crate::terminal::Terminal;
use crate::{Ended, output};

pub(crate) fn recover(args: &RecoverArgs, json: bool) -> Result<Ended> {
    let stop = stop()?;
    let told = ulna_app::recover::recover(&args.options(), &stop, &mut Terminal::new(&stop))?;
    if json {
        output::json(&serde_json::to_value(&told)?)?;
    } else {
        output::text(&table(&told))?;
    }
    Ok(if told.well {
        Ended::Done
    } else {
        Ended::BadNews
    })
}

fn table(told: &Recovery) -> Text {
    let mut lines = vec![format!(
        "{:<16}{:>4}{:>6}{:>7}{:>7}  {:<7}{}",
        "joint", "id", "°C", "volts", "load %", "torque", "state"
    )];
    for servo in &told.servos {
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
        let state = match (&servo.before, servo.told.as_str()) {
            (Some(_), "") => "well".to_owned(),
            (Some(before), told) => format!("{}: {told}", before.alarms),
            (None, told) => told.to_owned(),
        };
        lines.push(format!(
            "{:<16}{:>4}{figures}{state}",
            servo.joint, servo.id
        ));
    }
    lines.push(
        match told.well {
            true => "all servos are well",
            false => "not all servos are well; the arm was not moved",
        }
        .to_owned(),
    );
    lines.into_iter().collect()
}
