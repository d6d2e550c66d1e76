//! Checking a dataset: its structure against the format (counts, indexes, times, files, statistics), and its content
//! against what training needs.

mod content;
mod data_files;
mod grade;
mod kinds;
mod report;
mod rows;
mod stand_ins;
mod statistics;
mod structure;
mod videos;

use std::path::Path;

use crate::error::{DatasetError, Result};
use crate::reader::Dataset;
use crate::tools::{OnProgress, Work};

use structure::structure;

pub use grade::{CameraGrade, CheckOptions, EpisodeGrade, Grade, Pictures};
pub use kinds::Kind;
pub use report::{CheckReport, Finding, Group, Severity};

/// Checks the structure of the dataset in `dir`. Pictures are not decoded; that they are there, on time and of the right
/// number is checked from the index of each video file.
pub fn check(dir: impl AsRef<Path>) -> CheckReport {
    let mut report = CheckReport {
        root: dir.as_ref().to_owned(),
        ..CheckReport::default()
    };
    if let Some(dataset) = open(&mut report) {
        // Nothing in it can be interrupted.
        let _ = structure(&dataset, &mut report, &mut |_, _, _| Ok(()));
    }
    report
}

/// Checks the structure of the dataset in `dir` as [`check`] does, and its content: measured times, motion, pictures; and
/// gives each episode a grade. `on_progress` hears of the steps `numbers` and `pictures`; as soon as it answers false, this
/// ends with [`DatasetError::Interrupted`](crate::DatasetError::Interrupted), its only error. Nothing is written.
pub fn grade(
    dir: impl AsRef<Path>,
    options: &CheckOptions,
    on_progress: OnProgress<'_>,
) -> Result<CheckReport> {
    let mut report = CheckReport {
        root: dir.as_ref().to_owned(),
        ..CheckReport::default()
    };
    if let Some(dataset) = open(&mut report) {
        let mut work = Work::new(on_progress);
        work.about(&report.root);
        content::check(&dataset, options, &mut report, &mut work)?;
    }
    Ok(report)
}

fn open(report: &mut CheckReport) -> Option<Dataset> {
    match Dataset::open(&report.root) {
        Ok(dataset) => {
            report.episodes = dataset.len() as u64;
            let lengths = dataset.episodes().iter().map(|row| row.length);
            report.frames = lengths.fold(0, u64::saturating_add);
            Some(dataset)
        }
        Err(error) => {
            let code = match &error {
                DatasetError::Placeholder { .. } => "placeholder",
                DatasetError::NoSuchFolder { .. } if put_aside(&report.root) => "interrupted-edit",
                _ => "open",
            };
            report.error(code, error.to_string());
            None
        }
    }
}

/// Whether an edit that was cut short has put the dataset under its hidden name.
fn put_aside(root: &Path) -> bool {
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    let hidden = root.with_file_name(format!(".{name}.ulna-old"));
    hidden.join(".ulna/edit").is_file()
}
