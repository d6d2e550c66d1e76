//! The structure of a dataset against the format: what opening it forgave, what is unfinished, the tasks, the episode table;
//! `data_files.rs`, `rows.rs`, `videos.rs` and `statistics.rs` do the rest.

use std::collections::HashSet;

use super::data_files;
use super::report::{CheckReport, Severity};
use super::rows::{self, Each};
use super::stand_ins::StandIns;
use super::{statistics, videos};
use crate::error::Result;
use crate::format::Format;
use crate::reader::Dataset;
use crate::repair::unsaved;
use crate::tasks::TASKS_PATH;
use crate::{parquet_io, paths, runs};

/// Checks the structure, and shows each episode that is read to `each`.
pub(super) fn structure(dataset: &Dataset, report: &mut CheckReport, each: Each<'_>) -> Result<()> {
    unfinished(dataset, report);
    let stand_ins = StandIns::of(dataset.root());
    stand_ins.metadata(report);
    deviations(dataset, &stand_ins, report);
    tasks(dataset, report);
    table(dataset, report);
    let columns = data_files::check(dataset, &stand_ins, report);
    let found = rows::check(dataset, &columns, &stand_ins, report, each)?;
    videos::check(dataset, &found, &stand_ins, report);
    statistics::check(dataset, &columns, &found, report);
    Ok(())
}

/// What opening the dataset forgave.
fn deviations(dataset: &Dataset, stand_ins: &StandIns, report: &mut CheckReport) {
    for found in dataset.deviations() {
        // What cannot be read because it stands for another file has its finding.
        if stand_ins.any_metadata() && found.code != "declaration" {
            continue;
        }
        let severity = match found.fatal {
            true => Severity::Error,
            false => Severity::Warning,
        };
        report.add(severity, found.code, found.message.clone());
    }
    if dataset.info().format < Format::V3 && stand_ins.is_empty() {
        let version = dataset.info().format.version();
        let (severity, converts) = match dataset.info().format {
            Format::V2_0 => (Severity::Error, "and its converter takes v2.1"),
            _ => (Severity::Note, "and has a converter for it"),
        };
        let message =
            format!("it is of format {version}; Python LeRobot reads v3 since 0.4, {converts}");
        report.add(severity, "old-format", message);
    }
    for feature in &dataset.info().features {
        let (names, width) = (feature.names.len(), feature.width());
        let vector = feature.number().is_some() && feature.shape.len() == 1;
        if vector && names > 0 && names != width {
            let message = format!(
                "`{}` has the shape [{width}], but {names} names ({})",
                feature.key,
                feature.names.join(", ")
            );
            report.warning("declaration", message);
        }
    }
}

fn unfinished(dataset: &Dataset, report: &mut CheckReport) {
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
        // Repair would refuse them as well; what else there is to do is said once they are gone.
        return;
    }
    let rows = dataset.uncommitted_episodes();
    if rows > 0 {
        let message = format!("meta/episodes has {rows} rows more than meta/info.json counts");
        // Only saves that ulna's own notes explain are for its repair.
        let explained = runs::runs(dataset.root())
            .and_then(|runs| unsaved(dataset, &runs))
            .is_ok_and(|saves| !saves.is_empty());
        match explained {
            true => report.warning("unfinished-save", message),
            false => report.warning("uncounted-episodes", message),
        }
    }
    match runs::runs(dataset.root()) {
        Ok(runs) if !runs.is_empty() => {
            let message = "a recording is running or was interrupted";
            report.warning("interrupted-recording", message);
        }
        Ok(_) => {}
        Err(error) => report.warning("in-the-way", error.to_string()),
    }
}

fn tasks(dataset: &Dataset, report: &mut CheckReport) {
    let (found, counted) = (dataset.tasks().len() as u64, dataset.info().total_tasks);
    let message = format!("{TASKS_PATH} has {found} tasks, meta/info.json says {counted}");
    // What cannot be read has its finding.
    let known =
        (report.findings.iter()).any(|finding| ["tasks", "placeholder"].contains(&finding.code));
    match found.cmp(&counted) {
        _ if known => {}
        std::cmp::Ordering::Less => report.error("tasks", message),
        std::cmp::Ordering::Greater if counted == 0 => report.error("tasks", message),
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
fn table(dataset: &Dataset, report: &mut CheckReport) {
    let mut next = 0_u64;
    for row in dataset.episodes() {
        let k = row.episode_index;
        if row.dataset_from != next {
            let message = format!(
                "it starts at frame {} of the dataset, not {next}",
                row.dataset_from
            );
            report.episode_error(k, "range", message);
        } else if row.dataset_to.checked_sub(row.dataset_from) != Some(row.length) {
            let message = format!(
                "it spans frames {} to {} of the dataset, but is {} long",
                row.dataset_from, row.dataset_to, row.length
            );
            report.episode_error(k, "range", message);
        }
        next = row.dataset_from.saturating_add(row.length);
    }
    let total = dataset
        .episodes()
        .iter()
        .map(|row| u128::from(row.length))
        .sum::<u128>();
    let causes = ["total-episodes", "placeholder"];
    let known = report
        .findings
        .iter()
        .any(|finding| causes.contains(&finding.code));
    if total != u128::from(dataset.info().total_frames) && !known {
        let counted = dataset.info().total_frames;
        let message = format!("the episodes have {total} frames, meta/info.json says {counted}");
        report.error("total-frames", message);
    }
    same_columns(dataset, report);
}

/// LeRobot takes the columns of the first table and fails on later ones that have others.
fn same_columns(dataset: &Dataset, report: &mut CheckReport) {
    let dir = dataset.root().join(crate::episodes::EPISODES_DIR);
    let files = match parquet_io::files_below(&dir) {
        Ok(files) => files,
        Err(error) => return report.error("open", error.to_string()),
    };
    let mut first: Option<HashSet<String>> = None;
    for file in files {
        // One that cannot be read has its finding.
        let Ok(columns) = parquet_io::column_names(&file) else {
            continue;
        };
        let first = first.get_or_insert_with(|| columns.iter().cloned().collect());
        if let Some(extra) = columns
            .iter()
            .find(|column| !first.contains(column.as_str()))
        {
            let message = format!(
                "{} has the column `{extra}`, which the first table lacks",
                file.display()
            );
            report.error("table-columns", message);
        }
    }
}
