//! How results look in a terminal.

use anyhow::Result;
use indicatif::ProgressBar;
use ulna_outside::{Printable, Text};
use ulna_robot::RobotKind;
use ulna_session::client::{SessionEvent, SessionHandle, SessionPhase};
use ulna_session::datasets::Progress;
use ulna_session::run::SessionOutcome;

use crate::attended::attended;
use crate::keyboard::ANSWERS;
use crate::live::{LiveLine, Status};
use crate::loudness::is_quiet;
use crate::outcome::Outcome;
use crate::print::message;
pub(crate) use crate::print::{content, json, line, note, notes, text, warning};
use crate::progress;
use crate::session_text::session;
use crate::status::{TickLine, how_to_end, leaving};

/// The report of a session that is over.
pub(crate) fn outcome(outcome: &SessionOutcome, json_wanted: bool) -> Result<Outcome> {
    match json_wanted {
        true => json(&serde_json::to_value(&outcome.report)?)?,
        false => text(&session(&outcome.report))?,
    }
    Ok(Outcome::from_interrupt(outcome.interrupted))
}

/// Ends the line in which a terminal shows its own `^C`.
pub(crate) fn ctrl_c() {
    if attended() {
        note("");
    }
}

/// A session at a terminal: what it says, on a line that is always up to date.
#[derive(Debug)]
pub(crate) struct Watched {
    line: LiveLine,
    ticks: TickLine,
    newest: Status,
    leaving: Option<String>,
    how_to_end: String,
}

impl Watched {
    /// A session with this robot; how it is ended is said as soon as it begins.
    pub(crate) fn of(kind: &RobotKind) -> Self {
        Self {
            how_to_end: how_to_end(kind, ""),
            line: LiveLine::new(),
            ticks: TickLine::of(kind),
            newest: Status::default(),
            leaving: None,
        }
    }

    /// Shows a session until it is over, and returns what came of it.
    pub(crate) fn follow<T>(mut self, session: SessionHandle<T>) -> T {
        session.follow(|event| self.event(event))
    }

    /// Takes an event of the session.
    pub(crate) fn event(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::Tick(tick) => {
                self.newest = self.ticks.status(tick);
                self.redraw();
            }
            SessionEvent::Leaving(what) => {
                self.leaving = Some(leaving(what));
                self.redraw();
            }
            other => said(&mut self.line, other, &self.how_to_end),
        }
    }

    fn redraw(&mut self) {
        let leaving = self.leaving.clone();
        let status = match leaving {
            None => self.newest.clone(),
            Some(leaving) => Status {
                alarms: [vec![leaving], self.newest.alarms.clone()].concat(),
                ..Status::default()
            },
        };
        self.line.show(&status);
    }
}

/// Says above the line what a session asks, warns of or has chosen, and, as it begins, how it is ended.
pub(crate) fn said(line: &mut LiveLine, event: &SessionEvent, how_to_end: &str) {
    match event {
        SessionEvent::Phase {
            phase: SessionPhase::Connecting,
        } if !is_quiet() => line.say(how_to_end),
        SessionEvent::Question { text } => {
            line.say(format_args!("{} ({ANSWERS})", Printable(text)));
        }
        SessionEvent::Note { text } if !is_quiet() => line.say(Printable(text)),
        SessionEvent::Warning { text } => line.say(format_args!("warning: {}", Printable(text))),
        _ => {}
    }
}

/// A bar on stderr for long work; nothing if stderr is no terminal.
#[derive(Debug)]
pub(crate) struct ProgressLine {
    bar: ProgressBar,
    step: &'static str,
}

impl ProgressLine {
    pub(crate) fn new() -> Self {
        let template = "{msg:<10} {wide_bar} {pos}/{len} frames {eta}";
        let bar = progress::bar(template, Some(0));
        Self { bar, step: "" }
    }

    pub(crate) fn show(&mut self, progress: &Progress) {
        if let Some(note_text) = &progress.note {
            self.bar.suspend(|| note(note_text));
        }
        if progress.step != self.step {
            self.step = progress.step;
            self.bar.reset();
            message(&self.bar, progress.step);
        }
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.done);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// One robot, for people.
pub(crate) fn robot(kind: &RobotKind) -> Text {
    let mut lines = vec![
        format!("{}: {}", kind.name, kind.summary),
        format!(
            "bus       {:?} at {} baud",
            kind.bus.protocol, kind.bus.baud
        ),
        format!(
            "datasets  robot_type {} (leader: {})",
            kind.follower.robot_type, kind.leader.robot_type
        ),
        format!(
            "gate      {:.1} rad/s at most; jumps over {:.2} rad ramp at {:.1} rad/s; silent input holds after {} ms",
            kind.gate.max_velocity, kind.gate.jump, kind.gate.ramp_velocity, kind.gate.stale_ms
        ),
        format!(
            "exit      hold, then {:?} within {} s",
            kind.exit.then, kind.exit.limit_s
        )
        .to_lowercase(),
        format!(
            "{:<16}{:>3}  {:<10}{:<10}{:>18}",
            "joint", "id", "servo", "unit", "range"
        ),
    ];
    for joint in &kind.joints {
        let (low, high) = (joint.lower.to_degrees(), joint.upper.to_degrees());
        let range = format!("{low:.1}° to {high:.1}°");
        lines.push(format!(
            "{:<16}{:>3}  {:<10}{:<10}{range:>18}",
            joint.name,
            joint.id,
            joint.model,
            joint.unit.to_string()
        ));
    }
    lines.into_iter().collect()
}
