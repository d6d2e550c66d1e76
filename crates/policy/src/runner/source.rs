//! The way out: chunks, played at the motors' rate.

use serde::Serialize;
use ulna_core::{Action, ActionSource, Stamp};
use ulna_rt::latest::Watcher;

use crate::chunk::Chunk;

/// Plays the newest chunk. It gives no action before the first, and when a chunk has run out before the next is there its
/// action grows old, so that the gate holds the arm.
#[derive(Debug)]
pub struct PolicySource {
    chunks: Watcher<Chunk>,
    report: SourceReport,
}

/// What a source did, in control ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SourceReport {
    /// Ticks before there was any chunk.
    pub before_first: u64,
    /// Ticks with a target from a chunk in force.
    pub played: u64,
    /// Ticks after a chunk had run out and before the next was there.
    pub starved: u64,
}

impl PolicySource {
    pub(super) fn new(chunks: Watcher<Chunk>) -> Self {
        Self {
            chunks,
            report: SourceReport::default(),
        }
    }

    /// What it did so far.
    pub fn report(&self) -> SourceReport {
        self.report
    }
}

impl ActionSource for PolicySource {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        let Some((stamp, target)) = self.chunks.newest().sample(now) else {
            self.report.before_first += 1;
            return None;
        };
        if stamp < now {
            self.report.starved += 1;
        } else {
            self.report.played += 1;
        }
        Some(Action { stamp, target })
    }
}
