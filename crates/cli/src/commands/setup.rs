//! `ulna setup`.

use anyhow::Result;
use ulna_bringup::Dialogue;
use ulna_bringup::setup::{Done, SetUp};
use ulna_outside::Text;

use super::stop;
use crate::args::SetupArgs;
use crate::outcome::Outcome;
use crate::output;
use crate::screen::Screen;
use crate::terminal::Terminal;

pub(crate) fn setup(args: &SetupArgs, json: bool) -> Result<Outcome> {
    let (stop, options) = (stop()?, args.options()?);
    let alone = args.alone(Terminal::attended());
    let terminal = Terminal::new(&stop).obliging(alone);
    let mut talk: Box<dyn Dialogue> = if !json && args.full_screen() && Terminal::has_screen() {
        Box::new(Screen::new(terminal, args.title()))
    } else {
        Box::new(terminal)
    };
    let report = ulna_bringup::setup::setup(&options, &stop, &mut *talk);
    drop(talk); // gives the terminal back before anything is printed
    let report = report?;
    if json {
        output::json(&serde_json::to_value(&report)?)?;
    } else {
        output::text(&summary(&report))?;
    }
    Ok(if report.complete {
        Outcome::Done
    } else {
        Outcome::ChecksFailed
    })
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
            "all {} servos answer at {} baud; next: `ulna calibrate`",
            report.joints.len(),
            report.baud
        ));
    }
    lines
}
