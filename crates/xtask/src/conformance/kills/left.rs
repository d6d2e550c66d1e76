//! What a kill left.

use std::path::PathBuf;

/// A repaired dataset, and what it holds.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) dataset: PathBuf,
    pub(super) lengths: Vec<u64>,
}

impl Left {
    /// Path, and frames of each episode, between tabs.
    pub(super) fn line(&self) -> String {
        let lengths: Vec<String> = self.lengths.iter().map(u64::to_string).collect();
        format!("{}\t{}\n", self.dataset.display(), lengths.join(" "))
    }
}
