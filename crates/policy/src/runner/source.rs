//! The way out: chunks, played at the motors' rate.

use serde::Serialize;
use ulna_core::{Action, ActionSource, Stamp};
use ulna_rt::latest::Watcher;

use super::smoothness::Smoothness;
use crate::chunk::Chunk;

/// Plays the newest chunk. It gives no action before the first, and when a chunk has run out before the next is there it comes to rest, and then
/// its action grows old, so that the gate holds the arm.
#[derive(Debug)]
pub struct PolicySource {
    chunks: Watcher<Chunk>,
    report: SourceReport,
    smoothness: Smoothness,
}

/// What a source did, in control ticks.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct SourceReport {
    /// Ticks before there was any chunk.
    pub before_first: u64,
    /// Ticks with a target from a chunk in force.
    pub played: u64,
    /// Ticks after a chunk had run out and before the next was there.
    pub starved: u64,
    /// The largest jerk of a target joint as it was played, borders of chunks included, robot units per s³; joints that are not blended are left out.
    pub peak_jerk: f64,
    /// The largest jerk within the chunks, as the network gave them, played at the same rate. By it `peak_jerk` is judged: a border adds nothing where the
    /// first is no larger than the second.
    pub peak_jerk_within_chunks: f64,
}

impl PolicySource {
    pub(super) fn new(chunks: Watcher<Chunk>, unblended: u32) -> Self {
        Self {
            chunks,
            report: SourceReport::default(),
            smoothness: Smoothness::new(unblended),
        }
    }

    /// What it did so far.
    pub fn report(&self) -> SourceReport {
        SourceReport {
            peak_jerk: self.smoothness.peak,
            peak_jerk_within_chunks: self.smoothness.of_chunks,
            ..self.report
        }
    }
}

impl ActionSource for PolicySource {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        let chunk = self.chunks.newest();
        let Some((stamp, target)) = chunk.sample(now) else {
            self.report.before_first += 1;
            return None;
        };
        let corner = chunk.sharpest_corner * chunk.fps;
        self.smoothness.target(now, &target, corner);
        if chunk.until < now {
            self.report.starved += 1;
        } else {
            self.report.played += 1;
        }
        Some(Action { stamp, target })
    }
}
