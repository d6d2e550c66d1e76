//! What a recording says about itself: to people while it runs, and in the dataset for ever.

use serde::Serialize;

use crate::phases::{Ended, Phase};

/// A session at a glance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Progress {
    /// What is going on.
    pub phase: Phase,
    /// Whether the next episode waits for nothing but the arm, which is on its way to where its source wants it.
    pub approaching: bool,
    /// Number of the running (or next) episode of this session, from 1.
    pub episode: u64,
    /// Episodes that this session is to record.
    pub episodes: u64,
    /// Episodes that the dataset held before.
    pub before: u64,
    /// Rows of this phase so far.
    pub row: u64,
    /// Rows of this phase in all.
    pub rows: u64,
    /// Episodes saved.
    pub saved: u64,
    /// Pictures of this session that had to wait on disk.
    pub spooled: u64,
    /// Pictures of this session that found no room, so that the one before was encoded again.
    pub replaced: u64,
    /// Whether something went wrong, so that the session is about to end.
    pub failed: bool,
    /// Rows of this session whose pictures or control ticks were late.
    pub late: u64,
    /// Bytes that are free on the dataset's disk, once that is known.
    pub free: Option<u64>,
}

/// Mean and maximum of a time, ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Times {
    /// ms.
    pub mean_ms: f64,
    /// ms.
    pub max_ms: f64,
}

/// Adds up times.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ages {
    sum: f64,
    max: f64,
    count: u64,
}

impl Ages {
    pub(crate) fn add(&mut self, age: std::time::Duration) {
        let ms = age.as_secs_f64() * 1e3;
        self.sum += ms;
        self.max = self.max.max(ms);
        self.count += 1;
    }

    pub(crate) fn times(&self) -> Times {
        Times {
            mean_ms: self.sum / self.count.max(1) as f64,
            max_ms: self.max,
        }
    }
}

/// One camera over one episode.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CameraReport {
    /// The camera.
    pub name: String,
    /// Rows without a new picture since the row before.
    pub repeated: u64,
    /// Pictures that waited on disk for their encoder.
    pub spooled: u64,
    /// Pictures that found no room, so that the one before was encoded again.
    pub replaced: u64,
    /// Pictures that the camera took and that never arrived.
    pub lost: u64,
    /// Pictures that arrived too late for their row.
    pub late: u64,
    /// Rows whose newest picture was older than is allowed.
    pub overdue: u64,
    /// How old pictures were at their rows.
    pub age: Times,
}

/// One episode; it is stored with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EpisodeReport {
    /// Rows.
    pub rows: u64,
    /// Rows per second.
    pub fps: u32,
    /// Why it ended.
    pub ended: Ended,
    /// Control ticks from the first row to the last.
    pub ticks: u64,
    /// Deadlines that passed while an earlier tick was still busy.
    pub overruns: u64,
    /// Ticks whose target the gate clamped, slowed, ramped or held.
    pub altered: u64,
    /// Rows whose target was missing.
    pub without_target: u64,
    /// Rows for which the control loop stood still, so that state and action are those of the moment before.
    pub stalled: u64,
    /// How old the oldest joint's value was at each row.
    pub state_age: Times,
    /// The cameras.
    pub cameras: Vec<CameraReport>,
}
