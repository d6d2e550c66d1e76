//! Checking a dataset against the format: counts, indexes, times, files and statistics.

mod data;
mod statistics;
mod videos;

use std::path::Path;

use crate::parquet_io;
use crate::reader::Dataset;
use crate::tasks::TASKS_PATH;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing fails.
    Warning,
    /// A reader, this one or Python LeRobot, fails on it or reads something wrong.
    Error,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// A short, stable word for the kind of finding, such as `missing-video`.
    pub code: &'static str,
    /// The episode concerned, if it is one.
    pub episode: Option<u64>,
    /// The first frame concerned, if it is about frames.
    pub frame: Option<u64>,
    /// What is wrong, in a sentence.
    pub message: String,
}

/// What [`check`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Everything found, in the order of the checks.
    pub findings: Vec<Finding>,
    /// How many episodes the dataset says it has.
    pub episodes: u64,
    /// How many frames it says it has.
    pub frames: u64,
    /// How many episodes' numbers were read and compared.
    pub episodes_read: u64,
    /// How many video files were opened and compared.
    pub videos_read: u64,
}

impl Report {
    /// Whether no finding is an error.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|f| f.severity < Severity::Error)
    }

    fn add(&mut self, severity: Severity, code: &'static str, message: impl Into<String>) {
        self.findings.push(Finding {
            severity,
            code,
            episode: None,
            frame: None,
            message: message.into(),
        });
    }

    fn error(&mut self, code: &'static str, message: impl Into<String>) {
        self.add(Severity::Error, code, message);
    }

    fn warning(&mut self, code: &'static str, message: impl Into<String>) {
        self.add(Severity::Warning, code, message);
    }

    fn at(&mut self, episode: u64, frame: Option<u64>) {
        if let Some(last) = self.findings.last_mut() {
            last.episode = Some(episode);
            last.frame = frame;
        }
    }

    fn episode_error(&mut self, episode: u64, code: &'static str, message: impl Into<String>) {
        self.error(code, message);
        self.at(episode, None);
    }
}

/// Checks the dataset in `dir`. Pictures are not decoded; that they are there, on time and of the right number is
/// checked from the index of each video file.
pub fn check(dir: impl AsRef<Path>) -> Report {
    let mut report = Report::default();
    let dataset = match Dataset::open(dir) {
        Ok(dataset) => dataset,
        Err(error) => {
            report.error("open", error.to_string());
            return report;
        }
    };
    report.episodes = dataset.info().total_episodes;
    report.frames = dataset.info().total_frames;
    unfinished(&dataset, &mut report);
    tasks(&dataset, &mut report);
    table(&dataset, &mut report);
    data::files(&dataset, &mut report);
    let found = data::episodes(&dataset, &mut report);
    videos::check(&dataset, &mut report);
    statistics::check(&dataset, &found, &mut report);
    report
}

fn unfinished(dataset: &Dataset, report: &mut Report) {
    let rows = dataset.uncommitted_episodes();
    if rows > 0 {
        let message = format!(
            "meta/episodes has {rows} rows more than meta/info.json counts: a save was cut short; \
             run `ulna dataset repair`"
        );
        report.warning("unfinished-save", message);
    }
    match crate::writer::runs(dataset.root()) {
        Ok(runs) if !runs.is_empty() => {
            let message =
                "a recording is running or was interrupted; if none is, run `ulna dataset repair`";
            report.warning("interrupted-recording", message);
        }
        Ok(_) => {}
        Err(error) => report.error("open", error.to_string()),
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
