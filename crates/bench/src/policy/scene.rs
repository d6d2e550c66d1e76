//! The policy at its task in the simulated scene: how often it succeeds and how smooth its targets are, for each merge, with delay and with next to none.

use std::time::Duration;

use ulna_policy::{Bundle, Merge};
use ulna_session::policies::{self, PolicyOptions, PolicyReport};
use ulna_session::{SessionLink, Stop};

use crate::error::BenchError;
use crate::figures::Case;

/// How long it does its task, on the virtual clock: a hundred targets in the scene `reach`.
const SPAN: Duration = Duration::from_secs(300);
/// Of the scene.
const SEED: u64 = 3;

/// What came of it; nothing for a policy that has no scene.
pub(super) fn cases(
    bundle: &Bundle,
    options: &PolicyOptions,
    delay: Duration,
) -> Result<Vec<Case>, BenchError> {
    let Some(rig) = policies::at_home(bundle, SEED) else {
        return Ok(Vec::new());
    };
    let scene = rig.scene.clone().unwrap_or_default();
    let mut cases = Vec::new();
    let mut without = None;
    for (merge, latency) in [
        (Merge::Aligned, options.latency), // the usual one of the virtual clock, below a step
        (Merge::Append, delay),
        (Merge::Aligned, delay),
        (Merge::Blended, delay),
    ] {
        let options = PolicyOptions {
            merge,
            latency,
            ..options.clone()
        };
        let mut link = SessionLink::alone(&Stop::new());
        let report = policies::run(&rig, &options, Some(SPAN), None, &mut link)?.report;
        let name = format!(
            "{} in `{scene}`, {merge}, {} ms of delay",
            bundle.name(),
            latency.as_millis()
        );
        if let Some(task) = &report.task {
            let metric = format!("{} of {}", task.successes.name, task.attempts.value);
            let value = f64::from(task.successes.value);
            let floor = *without.get_or_insert(value);
            cases.push(Case::new(&name, &metric, value, "", Some(floor)));
        }
        cases.extend(report.policy.iter().flat_map(|policy| of(&name, policy)));
    }
    Ok(cases)
}

fn of(name: &str, policy: &PolicyReport) -> [Case; 2] {
    let source = &policy.source;
    let within = source.peak_jerk_within_chunks.max(f64::MIN_POSITIVE);
    let ticks = (source.played + source.starved).max(1) as f64;
    [
        Case::new(
            name,
            "ticks without a chunk",
            100.0 * source.starved as f64 / ticks,
            "%",
            Some(0.0),
        ),
        Case::new(
            name,
            "peak jerk, by that of the chunks themselves",
            source.peak_jerk / within,
            "times",
            Some(1.0),
        ),
    ]
}
