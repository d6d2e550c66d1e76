//! The report of a session, for people.

use ulna_outside::Text;
use ulna_session::Summary;
use ulna_session::display::DisplayReport;
use ulna_session::policies::PolicyReport;
use ulna_session::report::SessionReport;

use crate::health;
use crate::loudness::is_verbose;
use crate::names::short;

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
    if is_verbose() {
        for (name, summary) in [
            ("period", &timing.period),
            ("lateness", &timing.lateness),
            ("own work", &timing.work),
            ("port wait", &timing.port_wait),
        ] {
            lines.push(format!("  {name:<12}{}", percentiles(summary)));
        }
    } else if timing.lateness.max_us > 0.0 {
        let late = percentiles(&timing.lateness);
        lines.push(format!("  lateness    {late}   (-v: all timing)"));
    }
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
        lines.extend(health::faults(role, bus));
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

fn percentiles(summary: &Summary) -> String {
    let Summary {
        p50_us,
        p99_us,
        max_us,
        ..
    } = summary;
    format!("p50 {p50_us:.0} µs   p99 {p99_us:.0} µs   max {max_us:.0} µs")
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
        task,
        starvation,
    } = policy;
    let mut lines = vec![
        format!(
            "  policy      `{}` on {}{}",
            checked.policy,
            checked.engine,
            task.as_ref()
                .map_or(String::new(), |task| format!(": {task}"))
        ),
        format!(
            "  inference   {} chunks, from observation to chunk p50 {:.1} ms, max {:.1} ms; {} ticks without one",
            inference.inferences,
            inference.latency.p50_us / 1e3,
            inference.latency.max_us / 1e3,
            source.starved
        ),
    ];
    lines.extend(
        starvation
            .as_ref()
            .map(|why| format!("              {why}")),
    );
    if source.peak_jerk_within_chunks > 0.0 {
        lines.push(format!(
            "              peak jerk {:.2} times that within the chunks",
            source.peak_jerk / source.peak_jerk_within_chunks
        ));
    }
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
    if let Some(missing) = &inference.blind_to {
        lines.push(format!("              {missing}: the arm held"));
    }
    lines
}
