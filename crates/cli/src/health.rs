//! What servos feel and which of them had faults, in a few words.

use ulna_session::report::{BusReport, HealthReport, ServoReport};

use crate::loudness::is_verbose;
use crate::names::short;

/// What the servos of a bus felt at worst.
pub(crate) fn at_worst(bus: &BusReport) -> Option<String> {
    let reported = || {
        let servos = bus.servos.iter();
        servos.filter_map(|servo| Some((short(&servo.joint), servo.health?)))
    };
    let volts = reported().filter_map(|(_, health)| health.volts_low);
    let volts = volts.reduce(f32::min)?;
    let most = |of: fn(&HealthReport) -> Option<f32>| {
        let all = reported().filter_map(|(name, health)| Some((name, of(&health)?)));
        all.max_by(|a, b| a.1.total_cmp(&b.1))
    };
    let mut line = format!("{volts:.1} V at least");
    if let Some((name, celsius)) = most(|health| health.celsius_high) {
        line.push_str(&format!(", {celsius:.0} °C at most ({name})"));
    }
    if let Some((name, load)) = most(|health| health.load_high) {
        line.push_str(&format!(", load up to {:.0} % ({name})", load * 100.0));
    }
    if let Some((name, amperes)) = most(|health| health.amperes_high) {
        line.push_str(&format!(", {amperes:.2} A ({name})"));
    }
    Some(line)
}

/// The servos of a bus that had faults, worst first: a line for each that did more than miss a read now and then, and one
/// for all others together; with `-v` a line for each.
pub(crate) fn faults(role: &str, bus: Option<&BusReport>) -> Vec<String> {
    let servos = bus.map_or(&[][..], |bus| &bus.servos).iter();
    let (mut named, others): (Vec<&ServoReport>, Vec<_>) = servos
        .filter(|servo| servo.had_faults())
        .partition(|servo| is_verbose() || is_bad(servo));
    named.sort_by_key(|servo| std::cmp::Reverse(servo.missed));
    let mut lines: Vec<String> = named
        .iter()
        .map(|servo| format!("  {role:<12}{servo}"))
        .collect();
    let (missed, asked) = others.iter().fold((0, 0), |(missed, asked), servo| {
        (missed + u64::from(servo.missed), asked + reads(servo))
    });
    if missed > 0 {
        lines.push(format!(
            "  {role:<12}{missed} of {asked} other reads missed (-v: by servo)"
        ));
    }
    lines
}

/// Whether a servo did more than miss a read now and then.
fn is_bad(servo: &ServoReport) -> bool {
    let many = f64::from(servo.missed) / reads(servo).max(1) as f64 > MANY;
    many || servo.implausible > 0 || servo.restarts > 0 || !servo.complaints.is_empty()
}

fn reads(servo: &ServoReport) -> u64 {
    u64::from(servo.replies) + u64::from(servo.missed)
}

/// Part of the reads that a servo may miss without being named.
const MANY: f64 = 0.01;
