//! Checking a dataset: its structure against the format (counts, indexes, times, files, statistics), and its content
//! against what training needs.

mod content;
mod data;
mod grade;
mod kinds;
mod report;
mod statistics;
mod videos;

use std::path::Path;

use crate::episode::Episode;
use crate::error::Result;
use crate::reader::Dataset;
use crate::tasks::TASKS_PATH;
use crate::tools::{OnProgress, Work};
use crate::{parquet_io, paths, runs};

pub use grade::{CameraGrade, CheckOptions, EpisodeGrade, Grade, Pictures};
pub use kinds::Kind;
pub use report::{Finding, Group, Report, Severity};

/// Checks the structure of the dataset in `dir`. Pictures are not decoded; that they are there, on time and of the right
/// number is checked from the index of each video file.
pub fn check(dir: impl AsRef<Path>) -> Report {
    let mut report = Report {
        root: dir.as_ref().to_owned(),
        ..Report::default()
    };
    if let Some(dataset) = open(&mut report) {
        // Nobody interrupts it.
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
) -> Result<Report> {
    let mut report = Report {
        root: dir.as_ref().to_owned(),
        ..Report::default()
    };
    if let Some(dataset) = open(&mut report) {
        let mut work = Work::new(on_progress);
        work.about(&report.root);
        content::check(&dataset, options, &mut report, &mut work)?;
    }
    Ok(report)
}

fn open(report: &mut Report) -> Option<Dataset> {
    match Dataset::open(&report.root) {
        Ok(dataset) => {
            report.episodes = dataset.info().total_episodes;
            report.frames = dataset.info().total_frames;
            Some(dataset)
        }
        Err(error) => {
            report.error("open", error.to_string());
            None
        }
    }
}

/// What is done with an episode besides comparing its structure, while its numbers are in memory.
type Each<'a> = &'a mut dyn FnMut(usize, Option<&Episode>, &mut Report) -> Result<()>;

fn structure(dataset: &Dataset, report: &mut Report, each: Each<'_>) -> Result<()> {
    unfinished(dataset, report);
    tasks(dataset, report);
    table(dataset, report);
    data::files(dataset, report);
    let found = data::episodes(dataset, report, each)?;
    videos::check(dataset, report);
    statistics::check(dataset, &found, report);
    Ok(())
}

fn unfinished(dataset: &Dataset, report: &mut Report) {
    let links = runs::links(dataset.root());
    for link in &links {
        let message = format!(
            "{} is a link, and ulna makes none there: nothing is recorded, edited or repaired before the link is removed; \
             what it leads to is not touched",
            link.display()
        );
        report.warning("link", message);
    }
    if let Some((field, reason)) = paths::fault(dataset.info()) {
        let message =
            format!("`{field}` {reason}: the dataset can be read, and nothing is written into it");
        report.warning("paths", message);
    }
    if !links.is_empty() {
        // Repair would refuse them as well; what else there is to do is told once they are gone.
        return;
    }
    let rows = dataset.uncommitted_episodes();
    if rows > 0 {
        let message = format!(
            "meta/episodes has {rows} rows more than meta/info.json counts: a save was cut short; \
             run `ulna dataset repair`"
        );
        report.warning("unfinished-save", message);
    }
    match runs::runs(dataset.root()) {
        Ok(runs) if !runs.is_empty() => {
            let message =
                "a recording is running or was interrupted; if none is, run `ulna dataset repair`";
            report.warning("interrupted-recording", message);
        }
        Ok(_) => {}
        Err(error) => report.warning("in-the-way", error.to_string()),
    }
}

fn tasks(dataset: &Dataset, report: &mut Report) {
    let (found, counted) = (dataset.tasks().len() as u64, dataset.info().total_tasks);
    let message = format!("{TASKS_PATH} has {found} tasks, meta/info.json says {counted}");
    match found.cmp(&counted) {
        std::cmp::Ordering::Less => report.error("tasks", message),
        std::cmp::Ordering::Greater => report.warning("tasks", message),
        std::cmp::Ordering::Equal => {}
    }
    let mut sorted: Vec<&String> = dataset.tasks().iter().collect();
    sorted.sort();
    for pair in sorted.windows(2).filter(|pair| pair[0] == pair[1]) {
        report.error("tasks", format!("the task `{}` is there twice", pair[0]));
    }
}

/// The episode table in itself: episodes follow each other without gaps.
fn table(dataset: &Dataset, report: &mut Report) {
    let mut next = 0_u64;
    for row in dataset.episodes() {
        let k = row.episode_index;
        if row.length == 0 {
            report.episode_error(k, "length", "the episode has no frames");
        }
        if row.dataset_from != next {
            let message = format!(
                "it starts at frame {} of the dataset, not {next}",
                row.dataset_from
            );
            report.episode_error(k, "range", message);
        }
        if row.dataset_to.checked_sub(row.dataset_from) != Some(row.length) {
            let message = format!(
                "it spans frames {} to {} of the dataset, but is {} long",
                row.dataset_from, row.dataset_to, row.length
            );
            report.episode_error(k, "range", message);
        }
        next = row.dataset_to;
    }
    let total = dataset
        .episodes()
        .iter()
        .map(|row| u128::from(row.length))
        .sum::<u128>();
    if total != u128::from(dataset.info().total_frames) {
        let counted = dataset.info().total_frames;
        let message = format!("the episodes have {total} frames, meta/info.json says {counted}");
        report.error("total-frames", message);
    }
    same_columns(dataset, report);
}

/// LeRobot takes the columns of the first table and fails on later ones that have others.
fn same_columns(dataset: &Dataset, report: &mut Report) {
    let dir = dataset.root().join(crate::episodes::EPISODES_DIR);
    let files = match parquet_io::files_below(&dir) {
        Ok(files) => files,
        Err(error) => return report.error("open", error.to_string()),
    };
    let mut first: Option<Vec<String>> = None;
    for file in files {
        let columns = match parquet_io::column_names(&file) {
            Ok(columns) => columns,
            Err(error) => return report.error("open", error.to_string()),
        };
        let first = first.get_or_insert_with(|| columns.clone());
        if let Some(extra) = columns.iter().find(|column| !first.contains(column)) {
            let message = format!(
                "{} has the column `{extra}`, which the first table lacks",
                file.display()
            );
            report.error("table-columns", message);
        }
    }
}
