//! Chunks under delay: what each merge makes of a policy, on the virtual clock.
//!
//! The arm is an ideal one: it is where its target was one tick ago, but for noise of its encoders, which makes the network waver as it does on a real
//! arm. Pictures and surroundings are those of the golden input. So nothing but the policy and the merge is measured.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::Serialize;
use ulna_core::{Action, ActionSource, FrameSink, Joints, Stamp, State};
use ulna_rt::{LockstepScheduler, Machine, Pacer};

use crate::bundle::Bundle;
use crate::check;
use crate::engine::Engine;
use crate::error::PolicyError;
use crate::noise::Noise;
use crate::policy::Predict;
use crate::runner::{
    Inference, Merge, Runner, RunnerOptions, SourceReport, Synchronous, frame_slot, grippers,
    runner_with,
};

/// The control rate.
const TICK: Duration = Duration::from_millis(5);
/// Standard deviation of the encoders' noise, robot units.
const NOISE: f64 = 0.3;

/// What one merge made of the policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Delayed {
    /// The merge; `synchronous` where the arm stands while the network thinks.
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

/// Plays `seconds` of the policy without a plan ahead and then with each merge, with this delay.
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
    let (report, chunks) = stand_and_think(bundle, &mut *policy, latency, seconds)?;
    let mut all = vec![delayed("synchronous".to_owned(), latency, chunks, &report)];
    for merge in [Merge::Append, Merge::Aligned, Merge::Blended] {
        let options = RunnerOptions::default()
            .latency(latency)
            .merge(merge)
            .unblended(grippers(bundle.contract()));
        let (report, inference) = play(bundle, policy, options, seconds);
        let inferred = inference.report();
        policy = inference.into_policy();
        all.push(delayed(
            merge.to_string(),
            latency,
            inferred.inferences,
            &report,
        ));
    }
    Ok(all)
}

fn delayed(merge: String, latency: Duration, chunks: u64, report: &SourceReport) -> Delayed {
    let ticks = (report.played + report.starved).max(1);
    Delayed {
        merge,
        latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
        chunks,
        starved: report.starved as f64 / ticks as f64,
        jerk_ratio: report.peak_jerk / report.peak_jerk_within_chunks.max(f64::MIN_POSITIVE),
    }
}

/// An arm that is where its target is, seen with noise.
struct IdealArm {
    position: Joints<f64>,
    noise: Noise,
    wavering: Vec<f32>,
}

impl IdealArm {
    fn at(position: Joints<f64>) -> Self {
        Self {
            position,
            noise: Noise::seeded(0),
            wavering: vec![0.0; position.len().max(1)],
        }
    }

    /// Where it seems to be.
    fn seen(&mut self) -> Joints<f64> {
        self.noise.fill(&mut self.wavering);
        Joints::from_fn(self.position.len(), |joint| {
            self.position[joint] + NOISE * f64::from(self.wavering[joint])
        })
    }

    /// It goes where it is asked to.
    fn go(&mut self, action: Option<Action>) {
        let fitting = action.filter(|action| action.target.len() == self.position.len());
        if let Some(action) = fitting {
            self.position = action.target;
        }
    }
}

fn ticks(seconds: u32) -> impl Iterator<Item = Duration> {
    (0..seconds * 200).map(|tick| TICK * tick)
}

/// Plays the policy without a plan ahead; also how many chunks there were.
fn stand_and_think(
    bundle: &Bundle,
    policy: &mut dyn Predict,
    latency: Duration,
    seconds: u32,
) -> Result<(SourceReport, u64), PolicyError> {
    let (contract, chunks) = (bundle.contract(), bundle.chunks());
    let steps = match chunks.temporal_ensemble_coeff {
        Some(_) => chunks.chunk_size,
        None => chunks.n_action_steps,
    };
    let mut source = Synchronous::new(contract.fps, steps, latency, grippers(contract));
    let mut history = super::history(bundle);
    let first = history.last().map(|first| first.state);
    let mut arm = IdealArm::at(first.unwrap_or_default());
    let mut count = 0;
    for now in ticks(seconds).map(Stamp::new) {
        let state = arm.seen();
        if source.is_due(now) {
            for seen in &mut history {
                (seen.state, seen.stamp) = (state, now);
            }
            source.answer(now, policy.predict(&history)?);
            count += 1;
        }
        arm.go(source.action(now));
    }
    Ok((source.report(), count))
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
        let (slot, watcher) = frame_slot("bench");
        cameras.push((slot, frame.clone()));
        watchers.push(watcher);
    }
    let contract = bundle.contract();
    let Runner {
        mut observations,
        mut inference,
        mut source,
    } = runner_with(policy, contract, *bundle.chunks(), watchers, options);
    observations.set_environment_state(&first.environment_state);
    let mut arm = IdealArm::at(first.state);
    let mut clock = LockstepScheduler::new([&mut inference as &mut dyn Machine]);
    for tick in ticks(seconds) {
        clock.wait(tick);
        let now = Stamp::new(clock.now());
        for (slot, frame) in &mut cameras {
            frame.stamp = now;
            slot.take(frame);
        }
        let position = arm.seen();
        observations.push(&State {
            stamp: now,
            position,
            measured: Joints::filled(position.len(), now),
        });
        arm.go(source.action(now));
    }
    drop(clock);
    (source.report(), inference)
}
