//! The data files: which columns they have, and whether each episode's rows say what they should.

use std::collections::BTreeSet;

use crate::check::{Each, Report};
use crate::episode::Episode;
use crate::episodes::EpisodeRow;
use crate::error::Result;
use crate::features::{Dtype, Feature};
use crate::parquet_io;
use crate::quantile::Precision;
use crate::reader::Dataset;
use crate::stats::{FeatureStats, Stats};

/// How far a time stamp may be off its grid, in seconds; LeRobot's default.
const TOLERANCE: f64 = 1e-4;

/// LeRobot reads all of `data/*/*.parquet`, and fails on columns that `info.json` doesn't declare.
pub(super) fn files(dataset: &Dataset, report: &mut Report) {
    let info = dataset.info();
    let found = match parquet_io::files_below(&dataset.root().join("data")) {
        Ok(found) => found,
        Err(error) => return report.error("data", error.to_string()),
    };
    let mut used = BTreeSet::new();
    for row in dataset.episodes() {
        match info.data_file(row.data) {
            Ok(path) => used.insert(dataset.root().join(path)),
            Err(error) => return report.error("data", error.to_string()),
        };
    }
    for path in found.iter().filter(|path| !used.contains(*path)) {
        let message = format!("{} belongs to no episode", path.display());
        report.error("stray-file", message);
    }
    let stored = |feature: &&Feature| feature.dtype != Dtype::Video;
    let declared: Vec<&str> = info
        .features
        .iter()
        .filter(stored)
        .map(|f| f.key.as_str())
        .collect();
    for path in used.iter().filter(|path| path.is_file()) {
        let columns = match parquet_io::column_names(path) {
            Ok(columns) => columns,
            Err(error) => {
                report.error("data", error.to_string());
                continue;
            }
        };
        for column in columns.iter().filter(|c| !declared.contains(&c.as_str())) {
            let message = format!(
                "{} has the column `{column}`, which meta/info.json doesn't declare",
                path.display()
            );
            report.error("undeclared-column", message);
        }
        for key in declared
            .iter()
            .filter(|key| !columns.iter().any(|c| c == **key))
        {
            let message = format!("{} lacks the declared column `{key}`", path.display());
            report.error("missing-column", message);
        }
    }
}

/// Reads every episode, compares its rows, shows it to `each`, and returns the statistics of what was read.
pub(super) fn episodes(
    dataset: &Dataset,
    report: &mut Report,
    each: Each<'_>,
) -> Result<Vec<Stats>> {
    let mut stats = Vec::new();
    for (k, row) in dataset.episodes().iter().enumerate() {
        match dataset.episode(k) {
            Ok(episode) => {
                report.episodes_read += 1;
                rows(dataset, row, &episode, report);
                stats.push(stats_of(dataset, row, &episode));
                each(k, Some(&episode), report)?;
            }
            Err(error) => {
                report.episode_error(row.episode_index, "data", error.to_string());
                each(k, None, report)?;
            }
        }
    }
    Ok(stats)
}

fn rows(dataset: &Dataset, row: &EpisodeRow, episode: &Episode, report: &mut Report) {
    let k = row.episode_index;
    let mut first_bad = |code: &'static str, what: &str, bad: &dyn Fn(usize) -> Option<String>| {
        let found = (0..episode.len()).find_map(|frame| Some((frame, bad(frame)?)));
        if let Some((frame, is)) = found {
            report.error(code, format!("{what} of frame {frame} is {is}"));
            report.at(k, Some(frame as u64));
        }
    };
    let fps = f64::from(dataset.fps());
    first_bad("timestamp", "the time stamp", &|frame| {
        let (found, expected) = (episode.timestamps()[frame], frame as f64 / fps);
        // The comparison is written so that NaN fails it.
        let fits = (found - expected).abs() <= TOLERANCE;
        (!fits).then(|| format!("{found} s, expected {expected:.4} s"))
    });
    let whole = |found: i64, expected: u64| {
        (u64::try_from(found) != Ok(expected)).then(|| format!("{found}, expected {expected}"))
    };
    first_bad("frame-index", "the index in the episode", &|frame| {
        whole(episode.frame_index()[frame], frame as u64)
    });
    first_bad("index", "the index in the dataset", &|frame| {
        whole(
            episode.global_index()[frame],
            row.dataset_from.saturating_add(frame as u64),
        )
    });
    first_bad("task-index", "the task's number", &|frame| {
        let index = episode.task_index()[frame];
        let known = episode.task(frame).is_some();
        (!known).then(|| format!("{index}, which meta/tasks.parquet doesn't have"))
    });
    for (key, column) in episode.columns() {
        first_bad("not-finite", &format!("a value of `{key}`"), &|frame| {
            let bad = column.row(frame)?.iter().find(|v| !v.is_finite())?;
            Some(bad.to_string())
        });
    }
    let found: BTreeSet<&str> = (0..episode.len()).filter_map(|f| episode.task(f)).collect();
    let listed: BTreeSet<&str> = row.tasks.iter().map(String::as_str).collect();
    if found != listed {
        let message = format!("its frames have the tasks {found:?}, the table lists {listed:?}");
        report.warning("episode-tasks", message);
        report.at(k, None);
    }
}

fn stats_of(dataset: &Dataset, row: &EpisodeRow, episode: &Episode) -> Stats {
    let integers = |values: &[i64]| values.iter().map(|v| *v as f64).collect::<Vec<f64>>();
    let fps = f64::from(dataset.fps());
    let features = dataset.info().features.iter().filter_map(|feature| {
        let number = feature.number()?;
        let values = match feature.key.as_str() {
            // LeRobot takes them before they are rounded to single precision; whether the stored ones are on
            // this grid is checked above.
            "timestamp" => (0..episode.len()).map(|k| k as f64 / fps).collect(),
            "frame_index" => integers(episode.frame_index()),
            "index" => integers(episode.global_index()),
            "task_index" => integers(episode.task_index()),
            "episode_index" => vec![row.episode_index as f64; episode.len()],
            key => episode.column(key).ok()?.values().to_vec(),
        };
        // What `info.json` declares may be far wider than what a file holds.
        if values.len() < feature.width() {
            return None;
        }
        let precision = match feature.is_auto() {
            true => Precision::Double,
            false => Precision::of(number),
        };
        let stats = FeatureStats::of_feature(feature, &values, precision);
        Some((feature.key.clone(), stats))
    });
    features.collect()
}
