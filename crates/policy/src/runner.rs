//! A policy next to a control loop: states and pictures go in, chunks come out, and neither waits for the other.
//!
//! Three parts, joined by latest-value slots. The control thread pushes its states into the [`ObservationSlot`] and asks the
//! [`PolicySource`] for actions; both are wait-free and never touch the heap. The machine [`Inference`] takes what is newest, runs
//! the network and publishes the chunk. In real time it has a thread of its own; in lockstep it is stepped with the others and its
//! chunks are held back by a configured latency.

use ulna_rt::latest;

use crate::bundle::ChunkSettings;
use crate::chunk::Chunk;
use crate::contract::Contract;
use crate::policy::{Policy, Predict};

mod blindness;
mod inference;
mod join;
mod line;
mod merge;
mod options;
mod schedule;
mod slots;
mod smoothness;
mod source;
mod starvation;
mod synchronous;

pub use inference::{Inference, InferenceReport};
pub use merge::Merge;
pub use options::{RunnerOptions, grippers};
pub use slots::{FrameSlot, FrameWatcher, ObservationSlot, frame_slot};
pub use source::{PolicySource, SourceReport};
pub use starvation::starvation;
pub(crate) use synchronous::Synchronous;

/// The parts of a policy at work.
#[derive(Debug)]
#[non_exhaustive]
pub struct Runner {
    /// For the control loop's observer.
    pub observations: ObservationSlot,
    /// The machine to step, on a thread of its own in real time.
    pub inference: Inference,
    /// For the control loop.
    pub source: PolicySource,
}

/// Connects a policy to a control loop. `cameras` give the pictures, in the order of [`Contract::cameras`].
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
    let (observations, samples) = slots::observation_slot(contract.environment_state());
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
        observations,
        inference,
        source: PolicySource::new(watcher, options.unblended),
    }
}

#[cfg(test)]
mod delay;
#[cfg(test)]
mod tests;
