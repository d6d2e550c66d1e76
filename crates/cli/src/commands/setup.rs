//! `ulna setup`.

use anyhow::Result;
use ulna_bringup::Dialogue;
use ulna_bringup::setup::{Done, SetUp, SetupOptions};
use ulna_outside::{Shell, Text};
use ulna_robot::ArmRole;
use ulna_session::{RigOptions, Stop};

use super::{arm, arms_json, stop};
use crate::args::SetupArgs;
use crate::attended::attended;
use crate::outcome::Outcome;
use crate::output;
use crate::screen::Screen;
use crate::terminal::Terminal;

pub(crate) fn setup(args: &SetupArgs, json: bool) -> Result<Outcome> {
    let (stop, options) = (stop()?, args.options()?);
    let alone = args.alone(attended());
    let terminal = Terminal::new(&stop).obliging(alone);
    let mut talk: Box<dyn Dialogue> = if !json && args.full_screen() && Terminal::has_screen() {
        Box::new(Screen::new(terminal, args.title()))
    } else {
        Box::new(terminal)
    };
    let reports = arms(&options, &stop, &mut *talk);
    drop(talk); // gives the terminal back before anything is printed
    let reports = reports?;
    if json {
        let reports = reports.iter().map(serde_json::to_value);
        output::json(&arms_json(reports.collect::<Result<_, _>>()?))?;
    } else {
        reports
            .iter()
            .try_for_each(|report| output::text(&summary(report)))?;
    }
    Ok(match reports.iter().all(|report| report.complete) {
        true => Outcome::Done,
        false => Outcome::ChecksFailed,
    })
}

/// One arm after the other.
fn arms(options: &SetupOptions, stop: &Stop, talk: &mut dyn Dialogue) -> Result<Vec<SetUp>> {
    let mut reports = Vec::new();
    for work in options.work.arms()? {
        arm(talk, &work);
        let options = SetupOptions {
            work,
            ..options.clone()
        };
        reports.push(ulna_bringup::setup::setup(&options, stop, talk)?);
    }
    Ok(reports)
}

fn summary(report: &SetUp) -> Text {
    let mut lines = Text::new();
    for joint in &report.joints {
        lines.push(format!(
            "{:<16}id {:<4}{}",
            joint.joint,
            joint.id,
            joint.words()
        ));
    }
    if !report.complete {
        lines.append(Text::split(&report.problems));
    } else if report
        .joints
        .iter()
        .any(|joint| joint.done != Done::Identified)
    {
        lines.push(format!(
            "all {} servos answer at {} baud; next: `{}`, with a NAME of your choice",
            report.joints.len(),
            report.baud,
            calibrating(report)
        ));
    }
    lines
}

/// The command that comes next.
fn calibrating(report: &SetUp) -> String {
    let robot = match report.robot.as_str() {
        usual if usual == RigOptions::default().robot => String::new(),
        other => format!(" --robot {}", Shell(other)),
    };
    let (flag, name) = match report.role {
        ArmRole::Leader => ("--teleop-port", "--leader --teleop-id NAME"),
        ArmRole::Follower => ("--robot-port", "--robot-id NAME"),
    };
    let port = match report.simulated {
        true => " --sim".to_owned(),
        false => format!(" {flag} {}", Shell(&report.port)),
    };
    format!("ulna calibrate{robot}{port} {name}")
}
