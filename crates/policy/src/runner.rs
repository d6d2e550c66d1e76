//! A policy beside a control loop: states and pictures go in, chunks come out, and nobody waits for anybody.
//!
//! Three parts, joined by latest-value slots. The control thread pushes its states into the [`ObservationTap`] and asks the
//! [`PolicySource`] for actions; both are wait-free and never touch the heap. The machine [`Inference`] takes what is newest, runs
//! the network and publishes the chunk. In real time it has a thread of its own; in lockstep it is stepped with the others and its
//! chunks are held back by a configured latency.

use std::time::Duration;

use ulna_rt::latest;

use crate::bundle::ChunkSettings;
use crate::chunk::Chunk;
use crate::contract::Contract;
use crate::policy::{Policy, Predict};

mod inference;
mod merge;
mod schedule;
mod smoothness;
mod source;
mod tap;

pub use inference::{Inference, InferenceReport};
pub use merge::Merge;
pub use source::{PolicySource, SourceReport};
pub use tap::{FrameSlot, FrameWatcher, ObservationTap, frame_slot};

/// How a runner works.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunnerOptions {
    /// How long after its observation a chunk becomes known, at least. In lockstep the whole latency; zero in real time, where
    /// time passes by itself.
    pub latency: Duration,
    /// A state or picture older than this is not shown to the policy.
    pub max_age: Duration,
    /// What becomes of a new chunk while an old one is being played. Policies with temporal ensembling have their own way.
    pub merge: Merge,
    /// With [`Merge::Blended`]: over how many steps.
    pub blend_steps: usize,
    /// A bit for each joint that is not blended, the first joint's being the lowest: what opens and closes should do so at once.
    pub unblended: u32,
    /// How long before the end of what is committed the next observation is taken, at least. The longest of the last latencies and one step is kept
    /// in any case.
    pub refill: Duration,
}

/// A bit for each joint that is a gripper by its name, for [`RunnerOptions::unblended`].
pub fn grippers(contract: &Contract) -> u32 {
    let joints = contract.joints.iter().enumerate();
    let grippers = joints.filter(|(_, name)| name.contains("gripper"));
    grippers.fold(0, |bits, (joint, _)| bits | 1 << joint)
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            max_age: Duration::from_millis(500),
            merge: Merge::default(),
            blend_steps: 5,
            unblended: 0,
            refill: Duration::ZERO,
        }
    }
}

/// The parts of a policy at work.
#[derive(Debug)]
pub struct Runner {
    /// For the control loop's observer.
    pub tap: ObservationTap,
    /// The machine to step, on a thread of its own in real time.
    pub inference: Inference,
    /// For the control loop.
    pub source: PolicySource,
}

/// Puts a policy beside a control loop. `cameras` give the pictures, in the order of [`Contract::cameras`].
pub fn runner(policy: Policy, cameras: Vec<FrameWatcher>, options: RunnerOptions) -> Runner {
    let (contract, chunks) = (policy.contract().clone(), *policy.chunks());
    runner_with(Box::new(policy), &contract, chunks, cameras, options)
}

/// The same with something in the policy's place.
pub fn runner_with(
    predict: Box<dyn Predict>,
    contract: &Contract,
    chunks: ChunkSettings,
    cameras: Vec<FrameWatcher>,
    options: RunnerOptions,
) -> Runner {
    let (tap, samples) = tap::tap(contract.environment_state());
    let (publisher, watcher) = latest::slot(&Chunk::default());
    let inference = Inference::new(
        predict,
        contract.fps,
        chunks,
        samples,
        cameras,
        options,
        publisher,
    );
    Runner {
        tap,
        inference,
        source: PolicySource::new(watcher),
    }
}

#[cfg(test)]
mod delay;
#[cfg(test)]
mod tests;
