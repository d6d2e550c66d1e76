//! Chunks under delay: what each merge makes of a policy, on the virtual clock.
//!
//! The arm is an ideal one: it is where its target was one tick ago, but for noise of its encoders, which makes the network waver as it does on a real
//! arm. Pictures and surroundings are those of the golden input. So nothing but the policy and the merge is measured.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::Serialize;
use ulna_core::{ActionSource, Joints, Stamp, State};
use ulna_rt::{LockstepScheduler, Machine, Pacer, latest};

use crate::bundle::Bundle;
use crate::check;
use crate::engine::Engine;
use crate::error::PolicyError;
use crate::noise::Noise;
use crate::policy::Predict;
use crate::runner::{Inference, Merge, Runner, RunnerOptions, SourceReport, grippers, runner_with};

/// The control rate.
const TICK: Duration = Duration::from_millis(5);
/// Standard deviation of the encoders' noise, robot units.
const NOISE: f64 = 0.3;

/// What one merge made of the policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Delayed {
    /// The merge.
    pub merge: String,
    /// From observation to chunk, ms.
    pub latency_ms: u64,
    /// Chunks that were played.
    pub chunks: u64,
    /// The part of the ticks, after the first chunk, at which there was nothing to play.
    pub starved: f64,
    /// The largest jerk of what was played, by the largest of the chunks as the network gave them: 1 where chunks meet without a sharper corner than they
    /// have themselves. Joints that are not blended are left out.
    pub jerk_ratio: f64,
}

/// Plays `seconds` of the policy with each merge and this delay.
///
/// # Errors
/// [`PolicyError`] if the policy does not pass its checks.
pub fn delay(
    bundle: &Bundle,
    engine: &Engine,
    threads: NonZeroUsize,
    latency: Duration,
    seconds: u32,
) -> Result<Vec<Delayed>, PolicyError> {
    let (policy, _) = check::prepare(bundle, engine, threads, None)?;
    let mut policy: Box<dyn Predict> = Box::new(policy);
    let mut all = Vec::new();
    for merge in [Merge::Append, Merge::Aligned, Merge::Blended] {
        let options = RunnerOptions {
            latency,
            merge,
            unblended: grippers(bundle.contract()),
            ..RunnerOptions::default()
        };
        let (report, inference) = play(bundle, policy, options, seconds);
        let inferred = inference.report();
        policy = inference.into_policy();
        let ticks = (report.played + report.starved).max(1);
        all.push(Delayed {
            merge: merge.to_string(),
            latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
            chunks: inferred.inferences,
            starved: report.starved as f64 / ticks as f64,
            jerk_ratio: report.peak_jerk / report.peak_jerk_within_chunks.max(f64::MIN_POSITIVE),
        });
    }
    Ok(all)
}

fn play(
    bundle: &Bundle,
    policy: Box<dyn Predict>,
    options: RunnerOptions,
    seconds: u32,
) -> (SourceReport, Inference) {
    let first = super::history(bundle).pop().unwrap_or_default();
    let mut cameras = Vec::new();
    let mut watchers = Vec::new();
    for frame in &first.images {
        let (publisher, watcher) = latest::slot(&None);
        cameras.push((publisher, frame.clone()));
        watchers.push(watcher);
    }
    let contract = bundle.contract();
    let Runner {
        mut observations,
        mut inference,
        mut source,
    } = runner_with(policy, contract, *bundle.chunks(), watchers, options);
    observations.set_environment_state(&first.environment_state);
    let mut noise = Noise::seeded(0);
    let mut wavering = vec![0.0; first.state.len().max(1)];
    let mut position = first.state;
    let mut clock = LockstepScheduler::new([&mut inference as &mut dyn Machine]);
    let ticks = u64::from(seconds) * 1000 / 5;
    for tick in 0..ticks {
        clock.wait(TICK * u32::try_from(tick).unwrap_or(u32::MAX));
        let now = Stamp::new(clock.now());
        for (publisher, frame) in &mut cameras {
            frame.stamp = now;
            publisher.publish(Some(frame.clone()));
        }
        noise.fill(&mut wavering);
        let seen = Joints::from_fn(position.len(), |joint| {
            position[joint] + NOISE * f64::from(wavering[joint])
        });
        observations.push(&State {
            stamp: now,
            position: seen,
            measured: Joints::filled(position.len(), now),
        });
        if let Some(action) = source
            .action(now)
            .filter(|a| a.target.len() == position.len())
        {
            position = action.target;
        }
    }
    drop(clock);
    (source.report(), inference)
}
