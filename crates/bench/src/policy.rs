//! `ulna bench policy`: one inference in the runner, and one in the bare engine, in turns in one run.

use ulna_policy::bench::{Timing, time};
use ulna_policy::{Bundle, Engine};
use ulna_rt::Summary;
use ulna_session::policies::PolicyOptions;
use ulna_session::shipped;

use crate::error::BenchError;
use crate::figures::{Bench, Case, machine, temporary};

/// Inferences of each kind.
const RUNS: u32 = 200;

/// Measures the bundle of these options; without options, the policy that comes with ulna.
///
/// # Errors
/// If the bundle does not pass its checks, or an inference fails.
pub fn policy(options: Option<&PolicyOptions>) -> Result<Bench, BenchError> {
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
    let engine = Engine::open(options.engine)?;
    let timing = time(&bundle, &engine, options.threads, RUNS)?;
    Ok(Bench {
        bench: "policy",
        machine,
        cases: cases(bundle.name(), &timing),
    })
}

fn cases(name: &str, timing: &Timing) -> Vec<Case> {
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
    ]
}
