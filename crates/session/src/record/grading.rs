//! How good the episodes are that were just recorded, by their numbers; `ulna dataset check` looks at pictures, too.

use std::path::Path;

use serde::Serialize;
use ulna_dataset::{CheckOptions, Grade, Kind, Pictures, grade};

use crate::datasets::speeds;
use crate::error::SessionError;
use crate::usage::{RecordUsage, UsageError};

/// Datasets with more episodes than this are not read again after each recording; a thousand take about a second.
const MOST: u64 = 5_000;

/// An episode and how good it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GradedEpisode {
    /// Its number in the dataset.
    pub episode: u64,
    /// `good`, `fair` or `poor`, as `ulna dataset check` has it.
    pub grade: &'static str,
    /// What lowered the grade, in a few words each.
    pub reasons: Vec<&'static str>,
}

impl GradedEpisode {
    /// Whether it is better left out of training.
    pub fn is_poor(&self) -> bool {
        self.grade == Grade::Poor.word()
    }
}

/// Grades the episodes from number `first` on.
///
/// # Errors
/// If there are too many to be read again now, or the dataset cannot be read.
pub(super) fn graded(
    dataset: &Path,
    first: u64,
    total: u64,
) -> Result<Vec<GradedEpisode>, SessionError> {
    if total > MOST {
        return Err(UsageError::from(RecordUsage::TooManyToGrade(total)).into());
    }
    let options = CheckOptions::default()
        .pictures(Pictures::None)
        .speeds(speeds(dataset));
    let report = grade(dataset, &options, &mut |_| true)?;
    let new = report.grades.iter().filter(|one| one.episode >= first);
    let graded = new.map(|one| GradedEpisode {
        episode: one.episode,
        grade: one.grade.word(),
        reasons: one
            .reasons
            .iter()
            .map(|code| Kind::of(code).title)
            .collect(),
    });
    Ok(graded.collect())
}
