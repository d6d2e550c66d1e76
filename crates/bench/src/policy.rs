//! `ulna bench policy`: one inference in the runner, and one in the bare engine, in turns in one run; chunks under delay on an ideal arm; and how well the
//! policy does its task in its scene, with delay and without.

mod scene;

use std::time::Duration;

use ulna_policy::Bundle;
use ulna_policy::bench::{Delayed, Timing, delay, time};
use ulna_rt::Summary;
use ulna_session::policies::PolicyOptions;
use ulna_session::shipped;

use crate::error::BenchError;
use crate::figures::{BenchReport, Case, machine, temporary};
use crate::meters::{forget_peak, peak_memory};

/// Inferences of each kind.
const RUNS: u32 = 200;
/// The delay with which chunks are played, and for how long, on the virtual clock.
const DELAY: Duration = Duration::from_millis(300);
const SECONDS: u32 = 20;

/// Measures the bundle of these options; without options, the policy that comes with ulna.
///
/// # Errors
/// If the bundle does not pass its checks, or an inference fails.
pub fn policy(options: Option<&PolicyOptions>) -> Result<BenchReport, BenchError> {
    let folder = temporary()?;
    let shipped;
    let options = match options {
        Some(options) => options,
        None => {
            let bundle = folder.path().join("reach");
            shipped::unpack_reach(&bundle)?;
            shipped = PolicyOptions::new(bundle);
            &shipped
        }
    };
    let machine = machine();
    let bundle = Bundle::open(&options.bundle)?;
    let engine = options.open_engine()?;
    forget_peak();
    let timing = time(&bundle, &engine, options.threads, RUNS)?;
    let mut all = cases(bundle.name(), &timing, peak_memory());
    for latency in [Duration::ZERO, DELAY] {
        let delayed = delay(&bundle, &engine, options.threads, latency, SECONDS)?;
        all.extend(
            delayed
                .iter()
                .flat_map(|delayed| delayed_cases(bundle.name(), delayed)),
        );
    }
    all.extend(scene::cases(&bundle, options, DELAY)?);
    Ok(BenchReport {
        bench: "policy",
        machine,
        cases: all,
    })
}

fn cases(name: &str, timing: &Timing, memory: f64) -> Vec<Case> {
    let threads = timing.threads;
    let case = format!("{name}, {}, {threads} thread(s)", timing.engine);
    let of = |metric: &str, figure: fn(&Summary) -> f64| Case {
        case: case.clone(),
        metric: format!("one inference, {metric}"),
        value: figure(&timing.whole),
        unit: "µs",
        floor: Some(figure(&timing.bare)),
    };
    vec![
        of("p50", |summary| summary.p50_us),
        of("p99", |summary| summary.p99_us),
        of("mean", |summary| summary.mean_us),
        Case::new(
            &case,
            "p50 in the runner, by that of the bare engine",
            timing.whole.p50_us / timing.bare.p50_us.max(f64::MIN_POSITIVE),
            "times",
            Some(1.0),
        ),
        Case::new(&case, "peak memory of the process", memory, "MB", None),
    ]
}

fn delayed_cases(name: &str, delayed: &Delayed) -> [Case; 2] {
    let case = format!(
        "{name}, {}, {} ms of delay",
        delayed.merge, delayed.latency_ms
    );
    [
        Case {
            case: case.clone(),
            metric: "ticks without a chunk".to_owned(),
            value: 100.0 * delayed.starved,
            unit: "%",
            floor: Some(0.0),
        },
        Case {
            case,
            metric: "peak jerk, by that of the chunks themselves".to_owned(),
            value: delayed.jerk_ratio,
            unit: "",
            floor: Some(1.0),
        },
    ]
}
