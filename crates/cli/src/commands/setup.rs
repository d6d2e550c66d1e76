//! `ulna setup`.

use anyhow::Result;
use ulna_app::Dialogue;
use ulna_app::setup::{Done, SetUp};
use ulna_outside::Text;

use super::stop;
use crate::args::SetupArgs;
use crate::screen::Screen;
use crate::terminal::Terminal;
use crate::{Ended, output};

pub(crate) fn setup(args: &SetupArgs, json: bool) -> Result<Ended> {
    let stop = stop()?;
    let alone = args.alone(Terminal::somebody());
    let terminal = Terminal::new(&stop).obliging(alone);
    let mut talk: Box<dyn Dialogue> = if !json && args.full_screen() && Terminal::has_screen() {
        Box::new(Screen::new(terminal, args.title()))
    } else {
        Box::new(terminal)
    };
    let told = ulna_app::setup::setup(&args.options(), &stop, &mut *talk);
    drop(talk); // gives the terminal back before anything is printed
    let told = told?;
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

fn summary(told: &SetUp) -> Text {
    let mut lines = Text::new();
    for joint in &told.joints {
        lines.push(format!(
            "{:<16}id {:<4}{}",
            joint.joint,
            joint.id,
            joint.words()
        ));
    }
    if !told.complete {
        lines.append(Text::split(&told.problems));
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
    lines
}
