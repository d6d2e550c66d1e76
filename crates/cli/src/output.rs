//! How results look in a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ulna_app::datasets::Progress;
use ulna_app::display::{Display, DisplayReport};
use ulna_app::policies::PolicyReport;
use ulna_app::report::SessionReport;
use ulna_app::run::Ui;
use ulna_app::tap::Snapshot;

use crate::health;

/// Prints the command's JSON answer on stdout.
pub(crate) fn json(value: &serde_json::Value) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{value}")
}

/// Prints lines for people on stdout.
pub(crate) fn text(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// A line on stderr that is always up to date; nothing if stderr is no terminal.
#[derive(Debug)]
pub(crate) struct StatusLine {
    bar: ProgressBar,
    names: Vec<String>,
    display: Option<Box<dyn Display>>,
}

/// A joint not measured for longer than this is named in the status line.
const SILENT: Duration = Duration::from_millis(250);

impl StatusLine {
    /// A line for these joints; `display` shows the session beside it.
    pub(crate) fn new(names: Vec<String>, display: Option<Box<dyn Display>>) -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            names,
            display,
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Ui for StatusLine {
    fn display(&mut self) -> Option<Box<dyn Display>> {
        self.display.take()
    }

    fn status(&mut self, snapshot: &Snapshot) {
        let Snapshot {
            stamp,
            state,
            health,
            goals,
            note,
            ticks,
        } = snapshot;
        let joints = self
            .names
            .iter()
            .zip(state.position.iter())
            .map(|(name, value)| format!("{} {value:6.1}", short(name)));
        let error = goals
            .iter()
            .zip(state.position.iter())
            .map(|(goal, here)| (goal - here).abs())
            .fold(0.0, f64::max);
        let silent = self
            .names
            .iter()
            .zip(state.measured.iter())
            .filter(|(_, at)| at.age(*stamp) > SILENT);
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
        let felt = health::felt(&self.names, health);
        let joints = joints.collect::<Vec<_>>().join("  ");
        let seconds = stamp.seconds();
        self.bar.set_message(format!(
            "{seconds:6.1} s  tick {ticks}  {joints}  off by {error:4.1}{felt}{gate}{silent}"
        ));
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

    pub(crate) fn show(&mut self, progress: Progress) {
        if let Some(note) = &progress.note {
            self.bar.suspend(|| eprintln!("{note}"));
        }
        if progress.step != self.step {
            self.step = progress.step;
            self.bar.reset();
            self.bar.set_message(progress.step);
        }
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.done);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// `shoulder_pan` → `pan`: enough to know a joint by.
pub(crate) fn short(name: &str) -> String {
    for side in ["left_", "right_"] {
        if let Some(rest) = name.strip_prefix(side) {
            return format!("{side}{}", short(rest));
        }
    }
    let name = name.strip_prefix("arm_").unwrap_or(name);
    match name.rsplit_once('_') {
        Some((first, "flex")) => first.to_owned(),
        Some((_, last)) => last.to_owned(),
        None => name.to_owned(),
    }
}

/// The report of a session, for people.
pub(crate) fn session(report: &SessionReport) -> String {
    let timing = &report.timing;
    let clock = match report.clock {
        ulna_app::report::ClockKind::Real => "real time",
        ulna_app::report::ClockKind::Virtual => "virtual clock",
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
    let mut row = |name: &str, summary: &ulna_app::Summary| {
        let ulna_app::Summary {
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
        for trouble in bus
            .into_iter()
            .flat_map(ulna_app::report::BusReport::troubles)
        {
            lines.push(format!("  {role:<12}{trouble}"));
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
    lines.join("\n")
}

/// What the display took, for people.
fn display(report: &DisplayReport) -> String {
    let DisplayReport {
        ticks,
        dropped_ticks,
        pictures,
        dropped_pictures,
        trouble,
    } = report;
    let mut line = format!(
        "  display     {ticks} ticks and {pictures} pictures shown; {dropped_ticks} and {dropped_pictures} dropped"
    );
    if let Some(trouble) = trouble {
        line.push_str(&format!("; {trouble}"));
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
pub(crate) fn robot(kind: &ulna_app::RobotKind) -> String {
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
    lines.join("\n")
}
