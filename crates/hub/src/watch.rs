//! How a push or a pull is watched, and ended.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a push or a pull is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reading local files, to compare them with the repository's.
    Comparing,
    /// Sending large files.
    Sending,
    /// Publishing what was sent.
    Publishing,
    /// Receiving files.
    Receiving,
}

impl Step {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comparing => "comparing",
            Self::Sending => "sending",
            Self::Publishing => "publishing",
            Self::Receiving => "receiving",
        }
    }
}

/// Receives the progress of a transfer, and may cancel it. Called from several threads at once, often; it should return quickly.
pub trait Watch: Sync {
    /// So many of so many bytes of a step are done. A part that has to be sent again is taken off.
    fn progress(&self, step: Step, done: u64, total: u64);

    /// Something worth a line: why it waits, what is left out.
    fn note(&self, text: &str);

    /// Whether to end it. Asked about twenty times a second.
    fn cancelled(&self) -> bool;
}

/// Looks on without a word, and never ends it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _: Step, _: u64, _: u64) {}
    fn note(&self, _: &str) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// Counts the bytes of a step.
pub(crate) struct Meter<'a> {
    watch: &'a dyn Watch,
    step: Step,
    done: AtomicU64,
    total: u64,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(watch: &'a dyn Watch, step: Step, total: u64) -> Self {
        watch.progress(step, 0, total);
        Self {
            watch,
            step,
            done: AtomicU64::new(0),
            total,
        }
    }

    pub(crate) fn add(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.watch.progress(self.step, done, self.total);
    }

    /// These were counted and have to come again.
    pub(crate) fn take_back(&self, bytes: u64) {
        self.done.fetch_sub(bytes, Ordering::Relaxed);
    }
}
