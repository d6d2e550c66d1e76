//! What a display was offered, and what it took.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// What was shown of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisplayReport {
    /// Ticks that were shown.
    pub ticks: u64,
    /// Ticks that were not, because the display was too slow.
    pub dropped_ticks: u64,
    /// Pictures that were shown.
    pub pictures: u64,
    /// Pictures that were not, because the display was too slow.
    pub dropped_pictures: u64,
    /// What went wrong, in words.
    #[serde(rename = "trouble")]
    pub fault: Option<String>,
}

/// How much was offered to the display, and how much it took.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) ticks_offered: AtomicU64,
    pub(super) ticks_shown: AtomicU64,
    pub(super) pictures_offered: AtomicU64,
    pub(super) pictures_shown: AtomicU64,
}

impl Counts {
    pub(super) fn report(&self, fault: Option<String>) -> DisplayReport {
        let [ticks, pictures] = [&self.ticks_shown, &self.pictures_shown]
            .map(|counter| counter.load(Ordering::Relaxed));
        let [ticks_offered, pictures_offered] = [&self.ticks_offered, &self.pictures_offered]
            .map(|counter| counter.load(Ordering::Relaxed));
        DisplayReport {
            ticks,
            dropped_ticks: ticks_offered.saturating_sub(ticks),
            pictures,
            dropped_pictures: pictures_offered.saturating_sub(pictures),
            fault,
        }
    }
}
