//! `ulna setup`.

use anyhow::Result;
use ulna_app::setup::{Done, SetUp};

use super::stop;
use crate::args::SetupArgs;
use crate::terminal::Terminal;
use crate::{Ended, output};

pub(crate) fn setup(args: &SetupArgs, json: bool) -> Result<Ended> {
    let stop = stop()?;
    let alone = args.alone(Terminal::somebody());
    let mut talk = Terminal::new(&stop).obliging(alone);
    let told = ulna_app::setup::setup(&args.options(), &stop, &mut talk)?;
    if json {
        output::json(&serde_json::to_value(&told)?)?;
    } else {
        output::text(&summary(&told))?;
    }
    Ok(if told.complete {
        Ended::Done
    } else {
        Ended::BadNews
    })
}

fn summary(told: &SetUp) -> String {
    let mut lines = Vec::new();
    for joint in &told.joints {
        let done = match joint.done {
            Done::AlreadyRight => "was right already".to_owned(),
            Done::Skipped => "left out".to_owned(),
            Done::Identified => "wiggled".to_owned(),
            Done::Set => joint.was.map_or_else(
                || "set".to_owned(),
                |was| format!("set (was id {} at {} baud)", was.id, was.baud),
            ),
        };
        let moved = joint
            .wiggled
            .map_or_else(String::new, |degrees| format!(", moved {degrees:.1}°"));
        lines.push(format!(
            "{:<16}id {:<4}{done}{moved}",
            joint.joint, joint.id
        ));
    }
    if !told.complete {
        lines.push(told.problems.clone());
    } else if told
        .joints
        .iter()
        .any(|joint| joint.done != Done::Identified)
    {
        lines.push(format!(
            "all {} servos answer at {} baud; next: `ulna calibrate`",
            told.joints.len(),
            told.baud
        ));
    }
    lines.join("\n")
}
