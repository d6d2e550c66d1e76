//! When to observe, and how far a chunk may be played.

use std::time::Duration;

use ulna_core::Stamp;

use crate::bundle::ChunkSettings;
use crate::chunk::grid_time;

/// Rounding in times must not make a step of what is none.
const HAIR: f64 = 1e-6;

/// An observation later than this part of a step waits for the next step: its chunk would lie on the wrong times.
const LATENESS: f64 = 0.25;

/// How many latencies are looked back at when the next one is guessed.
const LOOK_BACK: usize = 8;

/// The grid of steps, and the rule by which they are used.
///
/// A chunk is good for `n_action_steps` steps from the one at which it becomes known, as far as it reaches: without latency, exactly
/// LeRobot's action queue. The next observation is taken so many steps before that end as the longest of the last latencies takes.
/// With temporal ensembling every step is observed, and a chunk is good until the next is there.
#[derive(Debug)]
pub(super) struct Schedule {
    start: Stamp,
    fps: f64,
    chunks: ChunkSettings,
    /// The step at which to observe next.
    due: u64,
    latencies: [Duration; LOOK_BACK],
    seen: usize,
}

impl Schedule {
    /// Steps from `start` on.
    pub(super) fn new(start: Stamp, fps: f64, chunks: ChunkSettings) -> Self {
        Self {
            start,
            fps,
            chunks,
            due: 0,
            latencies: [Duration::ZERO; LOOK_BACK],
            seen: 0,
        }
    }

    /// The time of a step.
    pub(super) fn time_of(&self, step: u64) -> Stamp {
        self.start + grid_time(step, self.fps)
    }

    /// When to observe next.
    pub(super) fn next_observation(&self) -> Stamp {
        self.time_of(self.due)
    }

    /// The step to observe at `now`, if one is due. Steps that were missed are left out.
    pub(super) fn observe(&mut self, now: Stamp) -> Option<u64> {
        let place = self.place(now);
        let (step, late) = (place.floor(), place - place.floor());
        let step = if late > LATENESS { step + 1.0 } else { step };
        self.due = self.due.max(whole(step));
        (self.next_observation() <= now).then_some(self.due)
    }

    /// The step at `step` gave no chunk: the next one is tried.
    pub(super) fn failed(&mut self, step: u64) {
        self.due = step + 1;
    }

    /// The chunk of `len` steps that was observed at `step` is known at `now`: until when it may be played.
    pub(super) fn delivered(&mut self, step: u64, len: usize, now: Stamp) -> Stamp {
        let latency = now - self.time_of(step);
        self.latencies[self.seen % LOOK_BACK] = latency;
        self.seen += 1;
        if self.chunks.temporal_ensemble_coeff.is_some() {
            self.due = step + 1;
            return self.time_of(step + len as u64);
        }
        let good_for = (self.steps(latency) + self.chunks.n_action_steps as u64).min(len as u64);
        let end = step + good_for;
        let longest = self.latencies.iter().max().copied().unwrap_or_default();
        self.due = end.saturating_sub(self.steps(longest)).max(step + 1);
        self.time_of(end)
    }

    /// How many steps a span touches.
    fn steps(&self, span: Duration) -> u64 {
        whole((span.as_secs_f64() * self.fps - HAIR).ceil())
    }

    /// `now` in steps.
    fn place(&self, now: Stamp) -> f64 {
        (now - self.start).as_secs_f64() * self.fps + HAIR
    }
}

/// A number of steps; what is no number is none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(steps: f64) -> u64 {
    steps.max(0.0) as u64
}
