//! How results look in a terminal.

use std::io::{self, IsTerminal};
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ulna_outside::Text;
use ulna_robot::RobotKind;
use ulna_session::TickRecord;
use ulna_session::client::{SessionEvent, SessionHandle};
use ulna_session::datasets::Progress;
use ulna_session::display::DisplayReport;
use ulna_session::policies::PolicyReport;
use ulna_session::report::SessionReport;
use ulna_session::run::SessionOutcome;

use crate::names::short;
use crate::print::message;
pub(crate) use crate::print::{json, line, note, notes, text};
use crate::{Outcome, health};

/// The report of a session that is over.
pub(crate) fn outcome(outcome: &SessionOutcome, json_wanted: bool) -> Result<Outcome> {
    match json_wanted {
        true => json(&serde_json::to_value(&outcome.report)?)?,
        false => text(&session(&outcome.report))?,
    }
    Ok(Outcome::from_interrupt(outcome.interrupted))
}

/// A line on stderr that is always up to date; nothing if stderr is no terminal.
#[derive(Debug)]
pub(crate) struct StatusLine {
    bar: ProgressBar,
    names: Vec<String>,
}

/// A joint not measured for longer than this is named in the status line.
const SILENT: Duration = Duration::from_millis(250);

impl StatusLine {
    /// A line for the joints of this robot.
    pub(crate) fn of(kind: &RobotKind) -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        let names = kind.names().map(str::to_owned).collect();
        Self { bar, names }
    }

    /// Shows a session until it is over, and returns what came of it.
    pub(crate) fn follow<T>(self, session: SessionHandle<T>) -> T {
        let outcome = session.follow(|event| match event {
            SessionEvent::Tick(tick) => self.show(tick),
            SessionEvent::Warning { text } => self.bar.suspend(|| note(text)),
            _ => {}
        });
        self.bar.finish_and_clear();
        outcome
    }

    fn show(&self, tick: &TickRecord) {
        let (state, note, at) = (&tick.state, &tick.note, tick.sends_at);
        let joints = self
            .names
            .iter()
            .zip(state.position.iter())
            .map(|(name, value)| format!("{} {value:6.1}", short(name)));
        let error = tick
            .sent
            .iter()
            .zip(state.position.iter())
            .map(|(goal, here)| (goal - here).abs())
            .fold(0.0, f64::max);
        let silent = self
            .names
            .iter()
            .zip(state.measured.iter())
            .filter(|(_, measured)| measured.age(at) > SILENT);
        let silent: Vec<&str> = silent.map(|(name, _)| name.as_str()).collect();
        let gate = match () {
            () if note.stale || note.invalid => "  HOLDING: no fresh action",
            () if note.ramping => "  ramping",
            () => "",
        };
        let silent = if silent.is_empty() {
            String::new()
        } else {
            format!("  NO ANSWER: {}", silent.join(", "))
        };
        let felt = health::felt(&self.names, &tick.health);
        let joints = joints.collect::<Vec<_>>().join("  ");
        let (seconds, number) = (at.seconds(), tick.index + 1);
        message(
            &self.bar,
            format_args!(
                "{seconds:6.1} s  tick {number}  {joints}  off by {error:4.1}{felt}{gate}{silent}"
            ),
        );
        self.bar.tick();
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
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let template = "{msg:<10} {wide_bar} {pos}/{len} frames {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
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

/// The report of a session, for people.
pub(crate) fn session(report: &SessionReport) -> Text {
    let timing = &report.timing;
    let clock = match report.clock {
        ulna_session::report::ClockKind::Real => "real time",
        ulna_session::report::ClockKind::Virtual => "virtual clock",
    };
    let mut lines = vec![format!(
        "{} on {} ({}, {clock}): {}; {} ticks at {:.1} of {:.0} Hz, {} overruns",
        report.command,
        report.robot,
        if report.simulated {
            "simulated"
        } else {
            "hardware"
        },
        report.ended,
        timing.ticks,
        timing.achieved_hz,
        timing.rate_hz,
        timing.overruns
    )];
    let mut row = |name: &str, summary: &ulna_session::Summary| {
        let ulna_session::Summary {
            p50_us,
            p99_us,
            max_us,
            ..
        } = summary;
        lines.push(format!(
            "  {name:<12}p50 {p50_us:8.0} µs   p99 {p99_us:8.0} µs   max {max_us:8.0} µs"
        ));
    };
    row("period", &timing.period);
    row("lateness", &timing.lateness);
    row("own work", &timing.work);
    row("port wait", &timing.port_wait);
    let gate = report.gate;
    lines.push(format!(
        "  gate        ramped {}, clamped {}, slowed {}, held {} ticks",
        gate.ramped, gate.clamped, gate.slowed, gate.held
    ));
    let tracking = report
        .tracking
        .iter()
        .map(|(name, rms)| format!("{} {:.1}", short(name), rms.as_f64().unwrap_or(0.0)));
    lines.push(format!(
        "  tracking    RMS of goal minus position: {}",
        tracking.collect::<Vec<_>>().join(", ")
    ));
    if let Some(policy) = &report.policy {
        lines.extend(policy_lines(policy));
    }
    if let Some(task) = &report.task {
        lines.push(format!("  task        {task}"));
    }
    for (role, bus) in [
        ("follower", Some(&report.follower)),
        ("leader", report.leader.as_ref()),
    ] {
        for link in bus.into_iter().flat_map(|bus| &bus.links) {
            lines.push(format!("  {role:<12}{link}"));
        }
        for fault in bus
            .into_iter()
            .flat_map(ulna_session::report::BusReport::faults)
        {
            lines.push(format!("  {role:<12}{fault}"));
        }
    }
    lines.extend(report.display.as_ref().map(display));
    if let Some(felt) = health::at_worst(&report.follower) {
        lines.push(format!("  health      {felt}"));
    }
    lines.push(format!(
        "  the arm     {} ({:.1} s)",
        report.exit.happened, report.exit.seconds
    ));
    lines.into_iter().collect()
}

/// What the display took, for people.
fn display(report: &DisplayReport) -> String {
    let DisplayReport {
        ticks,
        dropped_ticks,
        pictures,
        dropped_pictures,
        fault,
    } = report;
    let mut line = format!(
        "  display     {ticks} ticks and {pictures} pictures shown; {dropped_ticks} and {dropped_pictures} dropped"
    );
    if let Some(fault) = fault {
        line.push_str(&format!("; {fault}"));
    }
    line
}

fn policy_lines(policy: &PolicyReport) -> Vec<String> {
    let PolicyReport {
        checked,
        inference,
        source,
    } = policy;
    let mut lines = vec![
        format!("  policy      `{}` on {}", checked.policy, checked.engine),
        format!(
            "  inference   {} chunks, from observation to chunk p50 {:.1} ms, max {:.1} ms; {} ticks without one",
            inference.inferences,
            inference.latency.p50_us / 1e3,
            inference.latency.max_us / 1e3,
            source.starved
        ),
    ];
    let bad = inference.refused + inference.failed + inference.blind;
    if bad > 0 {
        lines.push(format!(
            "              {} chunks refused, {} failed, {} steps with nothing recent to see{}",
            inference.refused,
            inference.failed,
            inference.blind,
            inference
                .first_failure
                .as_ref()
                .map_or(String::new(), |failure| format!("; first: {failure}"))
        ));
    }
    lines
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
