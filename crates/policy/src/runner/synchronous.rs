//! The way without a plan ahead, for comparison: the arm stands while the network thinks, and then carries out the chunk from its first step on, as
//! LeRobot's `sync` inference does.

use std::time::Duration;

use ulna_core::{Action, ActionSource, Joints, Stamp};

use super::line::Joined;
use super::smoothness::Smoothness;
use super::source::SourceReport;
use crate::chunk::{Chunk, grid_time};

/// Plays one chunk after another.
#[derive(Debug)]
pub(crate) struct Synchronous {
    fps: f64,
    /// `n_action_steps`.
    steps: usize,
    /// From observation to chunk.
    latency: Duration,
    joined: Joined,
    chunk: Chunk,
    held: Option<Action>,
    smoothness: Smoothness,
    report: SourceReport,
}

impl Synchronous {
    /// Joints with a bit in `left_out` are not looked at for smoothness.
    pub(crate) fn new(fps: f64, steps: usize, latency: Duration, left_out: u32) -> Self {
        Self {
            fps,
            steps,
            latency,
            joined: Joined { left_out },
            chunk: Chunk::default(),
            held: None,
            smoothness: Smoothness::new(left_out),
            report: SourceReport::default(),
        }
    }

    /// Whether the next observation is due at `now`: the chunk has been carried out.
    pub(crate) fn is_due(&self, now: Stamp) -> bool {
        self.chunk.until <= now
    }

    /// What the network answers to the observation of `now`.
    pub(crate) fn answer(&mut self, now: Stamp, mut knots: Vec<Joints<f64>>) {
        knots.truncate(self.steps + 1);
        let observed_at = now + self.latency;
        self.chunk = Chunk {
            observed_at,
            fps: self.fps,
            until: observed_at + grid_time(self.steps as u64, self.fps),
            sharpest_corner: self.joined.sharpest(&knots),
            knots,
        };
    }

    /// What it did so far.
    pub(crate) fn report(&self) -> SourceReport {
        SourceReport {
            peak_jerk: self.smoothness.peak,
            peak_jerk_within_chunks: self.smoothness.of_chunks,
            ..self.report
        }
    }
}

impl ActionSource for Synchronous {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        if now >= self.chunk.observed_at {
            self.report.played += 1;
            let sampled = self.chunk.sample(now);
            self.held = sampled.map(|(stamp, target)| Action { stamp, target });
        } else if self.held.is_some() {
            self.report.starved += 1;
        } else {
            self.report.before_first += 1;
        }
        let action = self.held?;
        let corner = self.chunk.sharpest_corner * self.fps;
        self.smoothness.target(now, &action.target, corner);
        Some(action)
    }
}
