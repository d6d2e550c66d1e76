//! The room that the disk has for what is being recorded.
//!
//! A full disk costs more than the rest of the session: a dataset whose last episode cannot be completed has to be repaired. So
//! the thread that writes the rows asks once a second how much is free, and the session ends while the running episode can still
//! be saved.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ulna_dataset::{EpisodeWriter, free_bytes};

use crate::error::RecorderError;

/// Bytes that stay free on top of what the running episode needs to be saved: tables, statistics, the file system's own.
pub const RESERVE: u64 = 32 << 20;

/// The free bytes of the disk that a path is on; `None` if the system does not report them.
pub type FreeBytes = Box<dyn Fn(&Path) -> Option<u64> + Send>;

/// What the system says.
pub(crate) fn ask_the_system() -> FreeBytes {
    Box::new(free_bytes)
}

/// What is known of the disk, for the recorder to look at whenever it likes.
#[derive(Debug, Default)]
pub(crate) struct Space {
    known: AtomicBool,
    low: AtomicBool,
    free: AtomicU64,
    needed: AtomicU64,
}

impl Space {
    /// Free bytes at the last look.
    pub(crate) fn free(&self) -> Option<u64> {
        self.known
            .load(Ordering::Acquire)
            .then(|| self.free.load(Ordering::Relaxed))
    }

    /// Why the session should end now, if the disk is nearly full.
    pub(crate) fn shortage(&self) -> Option<RecorderError> {
        self.low
            .load(Ordering::Acquire)
            .then(|| RecorderError::DiskNearlyFull {
                free: self.free.load(Ordering::Relaxed),
                needed: self.needed.load(Ordering::Relaxed),
            })
    }
}

/// Looks at the disk of one folder.
pub(crate) struct SpaceWatch {
    folder: PathBuf,
    ask: FreeBytes,
    space: Arc<Space>,
}

impl SpaceWatch {
    pub(crate) fn new(folder: PathBuf, ask: FreeBytes, space: Arc<Space>) -> Self {
        Self { folder, ask, space }
    }

    /// Looks, while this episode runs. Saving it writes its pictures a second time, in their final form, and its rows.
    pub(crate) fn look(&self, episode: &EpisodeWriter) {
        let Some(free) = (self.ask)(&self.folder) else {
            return;
        };
        let needed = episode.staged_bytes().saturating_add(RESERVE);
        self.space.free.store(free, Ordering::Relaxed);
        self.space.needed.store(needed, Ordering::Relaxed);
        self.space.known.store(true, Ordering::Release);
        self.space.low.store(free < needed, Ordering::Release);
    }
}
