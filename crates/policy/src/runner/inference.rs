//! The machine that observes, infers and publishes.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use ulna_core::{Frame, Joints, Stamp};
use ulna_rt::latest::{Publisher, Watcher};
use ulna_rt::{Distribution, Machine, Next, Summary};

use super::RunnerOptions;
use super::schedule::Schedule;
use super::tap::{FrameWatcher, Sample};
use crate::bundle::ChunkSettings;
use crate::chunk::{Chunk, MAX_KNOTS};
use crate::ensemble::Ensemble;
use crate::error::PolicyError;
use crate::observation::Observation;
use crate::policy::Predict;

/// What inference did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InferenceReport {
    /// Chunks that were played.
    pub inferences: u64,
    /// From observation to chunk.
    pub latency: Summary,
    /// Chunks that were refused because a target was no number.
    pub refused: u64,
    /// Inferences that failed otherwise.
    pub failed: u64,
    /// Steps at which there was nothing recent enough to observe, while the control loop ran.
    pub blind: u64,
    /// What the first refused or failed inference said.
    pub first_failure: Option<String>,
}

/// Observes on the grid of the policy's steps, runs the network and publishes its chunks. It is never finished.
pub struct Inference {
    predict: Box<dyn Predict>,
    fps: f64,
    chunks: ChunkSettings,
    options: RunnerOptions,
    samples: Watcher<Sample>,
    cameras: Vec<FrameWatcher>,
    publisher: Publisher<Chunk>,
    schedule: Option<Schedule>,
    ensemble: Option<Ensemble>,
    observation: Observation,
    pending: Option<Pending>,
    /// The stamp of the newest state at the last step.
    told: Option<Stamp>,
    latency: Distribution,
    inferences: u64,
    refused: u64,
    failed: u64,
    blind: u64,
    first_failure: Option<String>,
}

/// A chunk that is made, but not known yet.
struct Pending {
    step: u64,
    known_at: Stamp,
    outcome: Result<Vec<Joints<f64>>, PolicyError>,
}

impl fmt::Debug for Inference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inference")
            .field("predict", &self.predict)
            .field("inferences", &self.inferences)
            .finish_non_exhaustive()
    }
}

impl Inference {
    pub(super) fn new(
        predict: Box<dyn Predict>,
        fps: f64,
        chunks: ChunkSettings,
        samples: Watcher<Sample>,
        cameras: Vec<FrameWatcher>,
        options: RunnerOptions,
        publisher: Publisher<Chunk>,
    ) -> Self {
        let coeff = chunks.temporal_ensemble_coeff;
        Self {
            predict,
            fps,
            chunks,
            options,
            samples,
            cameras,
            publisher,
            schedule: None,
            ensemble: coeff.map(|coeff| Ensemble::new(coeff, chunks.chunk_size)),
            observation: Observation::default(),
            pending: None,
            told: None,
            latency: Distribution::new(),
            inferences: 0,
            refused: 0,
            failed: 0,
            blind: 0,
            first_failure: None,
        }
    }

    /// What it did so far.
    pub fn report(&self) -> InferenceReport {
        InferenceReport {
            inferences: self.inferences,
            latency: self.latency.summary(),
            refused: self.refused,
            failed: self.failed,
            blind: self.blind,
            first_failure: self.first_failure.clone(),
        }
    }

    /// The policy, for another run.
    pub fn into_policy(self) -> Box<dyn Predict> {
        self.predict
    }

    /// Fills the observation with what is newest; false if something is missing or too old.
    fn look(&mut self, now: Stamp) -> bool {
        let sample = self.samples.newest();
        let recent = |stamp: Stamp| stamp.age(now) <= self.options.max_age;
        if sample.state.position.is_empty() || !recent(sample.state.stamp) {
            return false;
        }
        self.observation.state = sample.state.position;
        self.observation.environment_state.clear();
        let environment = sample.environment_state();
        self.observation
            .environment_state
            .extend_from_slice(environment);
        self.observation.images.clear();
        for camera in &mut self.cameras {
            let newest: &Option<Frame> = camera.newest();
            match newest {
                Some(frame) if recent(frame.stamp) => self.observation.images.push(frame.clone()),
                _ => return false,
            }
        }
        true
    }

    fn infer(&mut self, step: u64, now: Stamp) -> Pending {
        Pending {
            step,
            known_at: now + self.options.latency,
            outcome: self.predict.predict(&self.observation),
        }
    }

    fn deliver(&mut self, pending: Pending, schedule: &mut Schedule, now: Stamp) {
        let Pending { step, outcome, .. } = pending;
        match outcome {
            Ok(knots) => {
                let observed_at = schedule.time_of(step);
                let mut knots = match &mut self.ensemble {
                    Some(ensemble) => ensemble.add(step, &knots).to_vec(),
                    None => knots,
                };
                knots.truncate(MAX_KNOTS);
                self.inferences += 1;
                self.latency.record(now - observed_at);
                let until = schedule.delivered(step, knots.len(), now);
                self.publisher.publish(Chunk {
                    observed_at,
                    fps: self.fps,
                    knots,
                    until,
                });
            }
            Err(error) => {
                match error {
                    PolicyError::NotFinite { .. } => self.refused += 1,
                    _ => self.failed += 1,
                }
                self.first_failure.get_or_insert_with(|| error.to_string());
                schedule.failed(step);
            }
        }
    }
}

impl Machine for Inference {
    fn step(&mut self, now: Duration) -> Next {
        let now = Stamp::new(now);
        let Some(mut schedule) = self.schedule.take() else {
            // The grid begins with the first moment at which there is everything to see.
            if self.look(now) {
                self.schedule = Some(Schedule::new(now, self.fps, self.chunks));
                return Next::At(now.since_epoch());
            }
            return Next::At(now.since_epoch() + LOOK_PERIOD);
        };
        let next = self.advance(&mut schedule, now);
        self.schedule = Some(schedule);
        Next::At(next.since_epoch())
    }
}

/// How often it looks for the first observation.
const LOOK_PERIOD: Duration = Duration::from_millis(5);

impl Inference {
    /// Does what is due, and says when the next thing is.
    fn advance(&mut self, schedule: &mut Schedule, now: Stamp) -> Stamp {
        if let Some(pending) = self.pending.take() {
            if now < pending.known_at {
                let until = pending.known_at;
                self.pending = Some(pending);
                return until;
            }
            self.deliver(pending, schedule, now);
        }
        let Some(step) = schedule.observe(now) else {
            return schedule.next_observation();
        };
        if !self.look(now) {
            // A loop that tells nothing any more is over, or not yet begun: that is no blindness.
            let told = self.samples.newest().state.stamp;
            self.blind += u64::from(self.told.replace(told) != Some(told));
            schedule.failed(step);
            return schedule.next_observation();
        }
        self.told = Some(self.samples.newest().state.stamp);
        self.observation.stamp = schedule.time_of(step);
        let pending = self.infer(step, now);
        let until = pending.known_at;
        self.pending = Some(pending);
        until
    }
}
