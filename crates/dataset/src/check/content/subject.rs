//! One episode with what is known of its dataset: what each part of the check looks at.

use super::body::Body;
use crate::episode::Episode;
use crate::episodes::EpisodeRow;
use crate::reader::Dataset;

/// An episode under examination.
pub(super) struct Subject<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) body: &'a Body,
    pub(super) row: &'a EpisodeRow,
    pub(super) episode: &'a Episode,
    /// Its position in the table.
    pub(super) at: usize,
}

impl Subject<'_> {
    pub(super) fn fps(&self) -> f64 {
        self.dataset.fps()
    }

    /// A number per row, if the episode has such a column.
    pub(super) fn scalar(&self, key: &str) -> Option<&[f64]> {
        let column = self.episode.column(key).ok()?;
        (column.width() == 1).then(|| column.values())
    }
}
