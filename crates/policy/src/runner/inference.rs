//! The machine that observes, infers and publishes.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use ulna_core::{Joints, Stamp};
use ulna_rt::latest::{Publisher, Watcher};
use ulna_rt::{Distribution, Machine, Next, Summary};

use super::blindness::Blindness;
use super::line::{Joined, Line, Playing};
use super::merge::{Arrival, How, Merge, merge};
use super::options::RunnerOptions;
use super::schedule::Schedule;
use super::slots::{FrameWatcher, Sample};
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
    /// Chunks that were refused because a target was NaN or infinite.
    pub refused: u64,
    /// Inferences that failed otherwise.
    pub failed: u64,
    /// Chunks that came so late that nothing of them lay in the future.
    pub late: u64,
    /// Steps at which there was nothing recent enough to observe, while the control loop ran.
    pub blind: u64,
    /// What was missing at the last of them, in words.
    pub blind_to: Option<String>,
    /// The sharpest corner of a chunk as the network gave it, up to the last step that is carried out, at one of its joints that are blended: change of the
    /// target's speed, robot units per step².
    pub sharpest_corner: f64,
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
    /// The last observations with their steps, as many as the policy sees.
    history: Vec<(u64, Observation)>,
    /// The same without the steps, as the policy takes them.
    shown: Vec<Observation>,
    line: Option<Line>,
    /// The chunk that was published last.
    playing: Chunk,
    pending: Option<Pending>,
    blindness: Blindness,
    latency: Distribution,
    inferences: u64,
    refused: u64,
    failed: u64,
    late: u64,
    sharpest_corner: f64,
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
            history: Vec::new(),
            shown: Vec::new(),
            line: None,
            playing: Chunk::default(),
            pending: None,
            blindness: Blindness::default(),
            latency: Distribution::new(),
            inferences: 0,
            refused: 0,
            failed: 0,
            late: 0,
            sharpest_corner: 0.0,
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
            late: self.late,
            blind: self.blindness.steps,
            blind_to: self.blindness.last.clone(),
            sharpest_corner: self.sharpest_corner,
            first_failure: self.first_failure.clone(),
        }
    }

    /// What there was nothing recent of to observe at the last step, in words, and for how long by then; `None` while it observes.
    pub fn blind_to(&self) -> Option<(&str, Duration)> {
        self.blindness.now()
    }

    /// The policy, for another run.
    pub fn into_policy(self) -> Box<dyn Predict> {
        self.predict
    }

    /// What is newest; `None` if something is missing or too old.
    fn look(&mut self, now: Stamp) -> Option<Observation> {
        let sample = self.samples.newest();
        let recent = |stamp: Stamp| stamp.age(now) <= self.options.max_age;
        if sample.state.position.is_empty() || !recent(sample.state.stamp) {
            return None;
        }
        let mut observation = Observation {
            stamp: now,
            state: sample.state.position,
            environment_state: sample.environment_state().to_vec(),
            images: Vec::with_capacity(self.cameras.len()),
        };
        for camera in &mut self.cameras {
            let frame = camera.recent(now, self.options.max_age)?;
            observation.images.push(frame.clone());
        }
        Some(observation)
    }

    /// Notes that there is nothing to see, and what is missing.
    fn is_blind(&mut self, now: Stamp, at_a_step: bool) {
        let newest = self.samples.newest().state.stamp;
        let max_age = self.options.max_age;
        let mut cameras = self.cameras.iter_mut();
        let missing = cameras.find_map(|camera| match camera.recent(now, max_age) {
            Some(_) => None,
            None => Some(camera.why(now)),
        });
        let missing = missing.unwrap_or_else(|| "the arm's state was too old".to_owned());
        self.blindness.missed(now, newest, missing, at_a_step);
    }

    /// Keeps an observation for as long as it may be seen.
    fn remember(&mut self, step: u64, observation: Observation) {
        self.history.retain(|(known, _)| *known != step);
        self.history.push((step, observation));
        let more = self.history.len().saturating_sub(self.chunks.n_obs_steps);
        self.history.drain(..more);
    }

    /// Puts together what the policy sees at `step`: the last steps without a gap. At the beginning the first observation stands for those before it,
    /// as in LeRobot. False if there is a gap, as after an inference that took this thread's time: then it takes some steps more.
    fn show(&mut self, step: u64) -> bool {
        let wanted = self.chunks.n_obs_steps as u64;
        self.shown.clear();
        for back in (0..wanted).rev() {
            let moment = step.saturating_sub(back);
            let known = self.history.iter().find(|(known, _)| *known == moment);
            match known {
                Some((_, observation)) => self.shown.push(observation.clone()),
                None => return false,
            }
        }
        true
    }

    fn deliver(&mut self, pending: Pending, schedule: &mut Schedule, now: Stamp) {
        let Pending { step, outcome, .. } = pending;
        let mut knots = match outcome {
            Ok(knots) => knots,
            Err(error) => {
                match error {
                    PolicyError::NotFinite { .. } => self.refused += 1,
                    _ => self.failed += 1,
                }
                self.first_failure.get_or_insert_with(|| error.to_string());
                return schedule.failed(step);
            }
        };
        knots.truncate(MAX_KNOTS);
        self.inferences += 1;
        self.latency.record(now - schedule.time_of(step));
        schedule.delivered(step, now);
        let joined = Joined {
            left_out: self.options.unblended,
        };
        if let Some(ensemble) = &mut self.ensemble {
            let sharpest = joined.sharpest(&knots);
            let knots = ensemble.add(step, &knots).to_vec();
            let end = step + knots.len() as u64;
            self.sharpest_corner = self.sharpest_corner.max(sharpest);
            let line = Line {
                first: step,
                knots,
                end,
                sharpest,
            };
            return self.publish(line, schedule);
        }
        let arrival = Arrival {
            observed: step,
            knots,
            steps: self.chunks.n_action_steps as u64,
            now: schedule.in_steps(now),
            lead: self.options.lead.as_secs_f64() * self.fps,
        };
        let how = How {
            merge: self.options.merge,
            blend_steps: self.options.blend_steps as u64,
            joined,
            ever: self.sharpest_corner,
        };
        let target = |step| Some(self.playing.sample(schedule.time_of(step))?.1);
        let playing = self.line.as_ref().map(|line| Playing {
            line,
            target: &target,
        });
        match merge(playing.as_ref(), &arrival, how) {
            Some(line) => {
                self.sharpest_corner = self.sharpest_corner.max(line.sharpest);
                let all = line.first + line.knots.len() as u64;
                schedule.committed(line.end, all.saturating_sub(line.end));
                self.publish(line, schedule);
            }
            None => self.late += 1,
        }
    }

    fn publish(&mut self, line: Line, schedule: &Schedule) {
        self.playing = Chunk {
            observed_at: schedule.time_of(line.first),
            fps: self.fps,
            knots: line.knots.clone(),
            until: schedule.time_of(line.end),
            sharpest_corner: line.sharpest,
        };
        self.publisher.publish(self.playing.clone());
        self.line = Some(line);
    }
}

impl Machine for Inference {
    fn step(&mut self, now: Duration) -> Next {
        let now = Stamp::new(now);
        let Some(mut schedule) = self.schedule.take() else {
            // The grid begins with the first moment at which there is everything to see.
            let Some(observation) = self.look(now) else {
                self.is_blind(now, false);
                return Next::At(now.since_epoch() + LOOK_PERIOD);
            };
            self.blindness.saw(self.samples.newest().state.stamp);
            self.remember(0, observation);
            let fade = match self.options.merge {
                Merge::Blended => self.options.blend_steps as u64,
                Merge::Append | Merge::Aligned => 0,
            };
            let refill = self.options.refill;
            let lead = self.options.lead;
            self.schedule = Some(Schedule::new(now, self.fps, refill, lead, fade));
            return Next::At(now.since_epoch());
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
        let until = self.deliver_or_wait(schedule, now);
        let history = self.chunks.n_obs_steps > 1;
        if let Some(until) = until {
            // While the network thinks, its observations go on.
            return match history {
                true => until.min(self.watch(schedule, now)),
                false => until,
            };
        }
        let Some(step) = schedule.observe(now) else {
            return match history {
                true => schedule.next_observation().min(self.watch(schedule, now)),
                false => schedule.next_observation(),
            };
        };
        let Some(observation) = self.look(now) else {
            self.is_blind(now, true);
            schedule.failed(step);
            return schedule.next_observation();
        };
        self.blindness.saw(self.samples.newest().state.stamp);
        self.remember(step, observation);
        if !self.show(step) {
            schedule.failed(step);
            return schedule.next_observation();
        }
        if let Some(newest) = self.shown.last_mut() {
            newest.stamp = schedule.time_of(step);
        }
        let known_at = now + self.options.latency;
        self.pending = Some(Pending {
            step,
            known_at,
            outcome: self.predict.predict(&self.shown),
        });
        known_at
    }

    /// Delivers what is known by now; when the chunk that is not known yet will be.
    fn deliver_or_wait(&mut self, schedule: &mut Schedule, now: Stamp) -> Option<Stamp> {
        let pending = self.pending.take()?;
        if now < pending.known_at {
            let until = pending.known_at;
            self.pending = Some(pending);
            return Some(until);
        }
        self.deliver(pending, schedule, now);
        None
    }

    /// Observes for the history alone, if there is a step at `now`; when the next step is.
    fn watch(&mut self, schedule: &Schedule, now: Stamp) -> Stamp {
        if let Some(step) = schedule.step_at(now)
            && let Some(observation) = self.look(now)
        {
            self.remember(step, observation);
        }
        schedule.after(now)
    }
}
