//! `ulna eval`: how often a task of the simulation is done, over seeds, by an expert or by a policy.
//!
//! Each seed is a session of its own on the virtual clock, with driver, bus, gate and servos, and ends when the task is done or its time is over. So
//! a number belongs to a seed alone, whatever else was evaluated.

use std::time::Duration;

use serde::Serialize;
use ulna_policy::Bundle;
use ulna_rt::Stop;

use crate::client::SessionLink;
use crate::device::BoxedObserver;
use crate::error::SessionError;
use crate::options::RigOptions;
use crate::policies::{PolicyOptions, in_units_of};
use crate::report::ClockKind;
use crate::rig::Rig;
use crate::run::{SessionPlan, run};
use crate::supply::{self, Surroundings};
use crate::teleoperators::open_policy;
use crate::usage::UsageError;

/// How long an attempt may take where the scene does not say.
const LIMIT: Duration = Duration::from_secs(30);
/// 97.5 % of a normal distribution lie below so many standard deviations.
const Z: f64 = 1.959_963_984_540_054;

/// One seed.
#[derive(Debug, Clone, Serialize)]
pub struct EvaluatedSeed {
    /// Which.
    pub seed: u64,
    /// Times that the task could be done: 1, but for scenes that go on.
    pub attempts: u32,
    /// Times that it was.
    pub successes: u32,
    /// How long each success took on average, s.
    pub seconds: Option<f64>,
    /// What went wrong in a session without success, if anything did.
    pub fault: Option<String>,
}

/// What an evaluation found.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// The scene.
    pub scene: String,
    /// The robot.
    pub robot: String,
    /// What moved it and the things around it, and how that was set up.
    pub physics: String,
    /// Who was evaluated: `expert`, or the policy's bundle.
    pub who: String,
    /// Attempts over all seeds.
    pub attempts: u32,
    /// Those that succeeded.
    pub successes: u32,
    /// Their share, 0 to 1.
    pub rate: f64,
    /// Wilson's interval of 95 % for it.
    pub interval: [f64; 2],
    /// How long a success took on average, s.
    pub mean_time_s: Option<f64>,
    /// The seeds, one by one.
    pub seeds: Vec<EvaluatedSeed>,
    /// True if it was cut short by Ctrl-C or the like.
    pub interrupted: bool,
}

/// Evaluates an expert, or a policy, on `episodes` seeds from that of `rig` on; `each` takes every one of them.
///
/// # Errors
/// If there is nothing to do in the scene, the rig cannot be opened, or the policy does not fit it. A session that fails counts as a failure.
pub fn eval(
    rig: &RigOptions,
    policy: Option<&PolicyOptions>,
    episodes: u64,
    stop: &Stop,
    each: &mut dyn FnMut(&EvaluatedSeed),
) -> Result<Evaluation, SessionError> {
    if episodes == 0 {
        return Err(UsageError::NoEpisodes.into());
    }
    let engine = supply::engine(rig)?;
    let bundle = policy.map(|policy| Bundle::open(&policy.bundle));
    let bundle = bundle.transpose()?;
    let mut seeds = Vec::new();
    for number in 0..episodes {
        if stop.requested().is_some() {
            break;
        }
        let options = RigOptions {
            sim: true,
            clock: ClockKind::Virtual,
            seed: rig.seed.wrapping_add(number),
            expert: policy.is_none(),
            ..rig.clone()
        };
        let seed = match (policy, &bundle) {
            (Some(policy), Some(bundle)) => {
                one(&in_units_of(&options, bundle), Some((policy, bundle)), stop)?
            }
            _ => one(&options, None, stop)?,
        };
        // One that was cut short says nothing.
        if stop.requested().is_some() {
            break;
        }
        each(&seed);
        seeds.push(seed);
    }
    let attempts = seeds.iter().map(|seed| seed.attempts).sum();
    let successes = seeds.iter().map(|seed| seed.successes).sum();
    let times = seeds
        .iter()
        .filter_map(|seed| Some((seed.seconds?, f64::from(seed.successes))));
    let (time, count) = times.fold((0.0, 0.0), |sum, (time, count)| {
        (sum.0 + time * count, sum.1 + count)
    });
    Ok(Evaluation {
        scene: rig.scene.clone().unwrap_or_default(),
        robot: rig.robot.clone(),
        physics: format!("{engine} ({})", engine.settings()),
        who: match policy {
            Some(policy) => policy.bundle.display().to_string(),
            None => "expert".to_owned(),
        },
        attempts,
        successes,
        rate: share(successes, attempts),
        interval: wilson(successes, attempts),
        mean_time_s: (count > 0.0).then(|| time / count),
        interrupted: (seeds.len() as u64) < episodes,
        seeds,
    })
}

/// One seed: a session that ends when the task is done.
fn one(
    options: &RigOptions,
    policy: Option<(&PolicyOptions, &Bundle)>,
    stop: &Stop,
) -> Result<EvaluatedSeed, SessionError> {
    let part = stop.part();
    let mut link = SessionLink::alone(&part);
    link.without_recorder();
    let rig = match policy {
        Some((policy, bundle)) => Rig::open_for(options, &link, |request| {
            open_policy(request, bundle, policy)
        })?,
        None => Rig::open(options, &link)?,
    };
    let Some(_) = rig.surroundings.task() else {
        let scene = options.scene.clone().unwrap_or_default();
        return Err(UsageError::NothingToDo { scene }.into());
    };
    let attempts = rig.surroundings.attempts();
    let plan = SessionPlan {
        command: "eval",
        duration: Some(limit_of(&*rig.surroundings)),
        watch: attempts.map(|attempts| {
            BoxedObserver::new(move |_| {
                // An expert puts down what it holds, and takes its hand away.
                if attempts.is_solved() && attempts.is_clear() {
                    part.end();
                }
            })
        }),
        ..SessionPlan::default()
    };
    let (score, fault) = match run(rig, plan, &link) {
        Ok(outcome) => (outcome.report.task, None),
        Err(SessionError::Ended { failure, report }) => (report.task, Some(failure.to_string())),
        Err(other) => return Err(other),
    };
    Ok(EvaluatedSeed {
        seed: options.seed,
        attempts: score.as_ref().map_or(1, |score| score.attempts.value),
        successes: score.as_ref().map_or(0, |score| score.successes.value),
        seconds: score
            .as_ref()
            .and_then(|score| score.figure("mean_time_s"))
            .filter(|time| time.is_finite()),
        // An arm that parks with something in its hand is no failure of who did the task.
        fault: fault.filter(|_| {
            score
                .as_ref()
                .is_none_or(|score| score.successes.value == 0)
        }),
    })
}

/// How long an attempt may take in these surroundings.
pub(crate) fn limit_of(surroundings: &dyn Surroundings) -> Duration {
    let attempts = surroundings.attempts();
    let limit = attempts.and_then(|attempts| attempts.time_limit());
    limit.unwrap_or(LIMIT)
}

fn share(successes: u32, attempts: u32) -> f64 {
    match attempts {
        0 => 0.0,
        attempts => f64::from(successes) / f64::from(attempts),
    }
}

/// Wilson's score interval of 95 % for a share.
pub fn wilson(successes: u32, attempts: u32) -> [f64; 2] {
    if attempts == 0 {
        return [0.0, 1.0];
    }
    let (n, p) = (f64::from(attempts), share(successes, attempts));
    let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    [(middle - half).max(0.0), (middle + half).min(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    // Figures of the R function `binom::binom.wilson`.
    #[test]
    fn wilsons_interval() {
        for (successes, attempts, low, high) in [
            (0, 10, 0.0, 0.2775),
            (50, 50, 0.9287, 1.0),
            (192, 200, 0.9231, 0.9796),
        ] {
            let [a, b] = wilson(successes, attempts);
            assert!((a - low).abs() < 1e-4 && (b - high).abs() < 1e-4, "{a} {b}");
        }
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
    }
}
