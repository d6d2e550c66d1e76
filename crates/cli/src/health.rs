//! What servos feel, in a few words.

use ulna_session::report::{BusReport, HealthReport};

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
