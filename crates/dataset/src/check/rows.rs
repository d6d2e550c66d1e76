//! The rows of each episode: whether its times, indexes, tasks and numbers are what they should be.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::data_files::Columns;
use crate::check::stand_ins::{StandIns, message};
use crate::check::{CheckReport, Finding, Severity};
use crate::episode::Episode;
use crate::episodes::EpisodeRow;
use crate::error::{DatasetError, Result};
use crate::quantile::Precision;
use crate::rate;
use crate::reader::{Dataset, EpisodeReader};
use crate::stats::{FeatureStats, Stats};

/// What was read of the rows.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The statistics of each episode that was read, by its position.
    pub(super) stats: BTreeMap<usize, Stats>,
    /// The time stamps of those that are off the declared rate.
    pub(super) times: BTreeMap<usize, Vec<f64>>,
    /// Whether the time stamps of all agree on another rate.
    pub(super) rate: Option<f64>,
}

/// An episode whose time stamps are off the declared rate.
struct Off {
    episode: u64,
    frame: usize,
    message: String,
    rate: Option<f64>,
}

/// What is done with an episode besides comparing its structure, while its numbers are in memory.
pub(super) type Each<'a> =
    &'a mut dyn FnMut(usize, Option<&Episode>, &mut CheckReport) -> Result<()>;

/// Reads every episode, compares its rows, shows it to `each`, and returns what was seen.
pub(super) fn check(
    dataset: &Dataset,
    columns: &Columns,
    stand_ins: &StandIns,
    report: &mut CheckReport,
    each: Each<'_>,
) -> Result<Seen> {
    let mut seen = Seen::default();
    let mut off: Vec<Off> = Vec::new();
    let mut long = 0;
    let mut reader = EpisodeReader::of_all(dataset);
    for (k, row) in dataset.episodes().iter().enumerate() {
        match reader.read(k) {
            Ok(episode) => {
                report.episodes_read += 1;
                long += usize::from(episode.len() >= 3);
                if let Some(found) = off_rate(row, &episode) {
                    seen.times.insert(k, episode.timestamps().to_vec());
                    off.push(found);
                }
                one_episode(row, &episode, columns, report);
                if let Some(number) = dataset.other_numbers(k).first() {
                    let message = format!(
                        "its rows call it episode {number}, its file and the table {}",
                        row.stored_index
                    );
                    report.episode_error(row.episode_index, "index", message);
                }
                seen.stats
                    .insert(k, stats_of(dataset, row, &episode, columns));
                each(k, Some(&episode), report)?;
            }
            Err(error) => {
                let path = dataset.info().data_file(row.data);
                let path = path
                    .map(|path| dataset.root().join(path))
                    .unwrap_or_default();
                match stand_ins.what(&path) {
                    Some(what) => {
                        report.episode_error(
                            row.episode_index,
                            "placeholder",
                            message(&path, what),
                        );
                    }
                    // Columns of another length than declared have their finding.
                    None if columns.lengths && matches!(error, DatasetError::Field { .. }) => {}
                    None => report.episode_error(row.episode_index, "data", error.to_string()),
                }
                each(k, None, report)?;
            }
        }
    }
    seen.rate = times(dataset, off, long, report);
    Ok(seen)
}

/// The first row whose time stamp is not where the declared rate has it.
fn off_rate(row: &EpisodeRow, episode: &Episode) -> Option<Off> {
    let fps = episode.fps();
    let stamps = episode.timestamps();
    let frame = rate::first_off(stamps, fps)?;
    Some(Off {
        episode: row.episode_index,
        frame,
        message: format!(
            "the time stamp of frame {frame} is {} s, expected {:.4} s",
            stamps[frame],
            frame as f64 / fps
        ),
        rate: rate::of_stamps(stamps),
    })
}

/// Says once that the declared rate is wrong, if all episodes agree on another; else which episodes are off it.
fn times(dataset: &Dataset, off: Vec<Off>, long: usize, report: &mut CheckReport) -> Option<f64> {
    let declared = dataset.fps();
    let first = off.first().and_then(|first| first.rate);
    let agree = first.is_some() && off.iter().all(|one| one.rate == first);
    if let Some(rate) = first.filter(|_| agree && off.len() >= long) {
        let message = format!(
            "meta/info.json declares {declared} frames/s, the time stamps of all episodes agree on {rate}"
        );
        report.error("declared-rate", message);
        return Some(rate);
    }
    for one in off {
        report.warning("timestamp", one.message);
        report.at(one.episode, Some(one.frame as u64));
    }
    None
}

fn one_episode(row: &EpisodeRow, episode: &Episode, columns: &Columns, report: &mut CheckReport) {
    let k = row.episode_index;
    for (name, code) in [
        ("timestamp", "timestamp"),
        ("frame_index", "frame-index"),
        ("index", "index"),
        ("task_index", "task-index"),
    ] {
        if episode.absent.contains(&name) {
            report.episode_error(k, code, format!("its rows have no column `{name}`"));
        }
    }
    if episode.len() as u64 != row.length {
        let message = format!(
            "the table says that it has {} frames, the data files have {}",
            row.length,
            episode.len()
        );
        report.warning("length", message);
        report.at(k, None);
    }
    let mut first_bad = |code: &'static str, what: &str, bad: &dyn Fn(usize) -> Option<String>| {
        let found = (0..episode.len()).find_map(|frame| Some((frame, bad(frame)?)));
        if let Some((frame, is)) = found {
            report.error(code, format!("{what} of frame {frame} is {is}"));
            report.at(k, Some(frame as u64));
        }
    };
    let whole = |found: i64, expected: u64| {
        (u64::try_from(found) != Ok(expected)).then(|| format!("{found}, expected {expected}"))
    };
    let has = |name: &str| !episode.absent.contains(&name);
    if has("frame_index") {
        first_bad("frame-index", "the index in the episode", &|frame| {
            whole(episode.frame_index()[frame], frame as u64)
        });
    }
    if has("index") {
        first_bad("index", "the index in the dataset", &|frame| {
            whole(
                episode.global_index()[frame],
                row.dataset_from.saturating_add(frame as u64),
            )
        });
    }
    if has("task_index") && !columns.no_tasks {
        first_bad("task-index", "the task's number", &|frame| {
            let index = episode.task_index()[frame];
            let known = episode.task(frame).is_some();
            (!known).then(|| format!("{index}, which the list of tasks doesn't have"))
        });
    }
    for (key, column) in episode.columns() {
        if !columns.missing.contains(key) {
            not_finite(k, key, column, report);
        }
    }
    let found: BTreeSet<&str> = (0..episode.len()).filter_map(|f| episode.task(f)).collect();
    let listed: BTreeSet<&str> = row.tasks.iter().map(String::as_str).collect();
    // A table may go without the lists, as an official dataset does.
    if found != listed && !listed.is_empty() && !columns.no_tasks {
        let message = format!("its frames have the tasks {found:?}, the table lists {listed:?}");
        report.warning("episode-tasks", message);
        report.at(k, None);
    }
}

/// NaN and infinities in a column, and which frames would stay without them.
fn not_finite(k: u64, key: &str, column: &crate::Column, report: &mut CheckReport) {
    let rows = column.rows().enumerate();
    let bad = rows.filter(|(_, row)| row.iter().any(|value| !value.is_finite()));
    let bad: Vec<usize> = bad.map(|(frame, _)| frame).collect();
    let (Some(first), Some(last)) = (bad.first(), bad.last()) else {
        return;
    };
    let length = column.rows().len();
    let together = last - first + 1 == bad.len();
    let stay = match (together, *first, *last + 1 == length) {
        (true, 0, false) => Some((*last as u64 + 1, length as u64)),
        (true, 1.., true) => Some((0, *first as u64)),
        _ => None,
    };
    let value = column
        .row(*first)
        .into_iter()
        .flatten()
        .find(|value| !value.is_finite());
    let message = format!(
        "a value of `{key}` of frame {first} is {}",
        value.copied().unwrap_or(f64::NAN)
    );
    let finding = Finding::new(Severity::Error, "not-finite", message);
    report.findings.push(Finding {
        episode: Some(k),
        stay,
        ..finding.frames(*first, bad.len()).feature(key)
    });
}

fn stats_of(dataset: &Dataset, row: &EpisodeRow, episode: &Episode, columns: &Columns) -> Stats {
    let integers = |values: &[i64]| values.iter().map(|v| *v as f64).collect::<Vec<f64>>();
    let fps = dataset.fps();
    let features = dataset.info().features.iter().filter_map(|feature| {
        let number = feature.number()?;
        let values = match feature.key.as_str() {
            // LeRobot takes them before they are rounded to single precision; whether the stored ones are on
            // this grid is checked above.
            "timestamp" if rate::fits(episode.timestamps(), fps) => {
                (0..episode.len()).map(|k| k as f64 / fps).collect()
            }
            "timestamp" => episode.timestamps().to_vec(),
            "frame_index" => integers(episode.frame_index()),
            "index" => integers(episode.global_index()),
            "task_index" => integers(episode.task_index()),
            "episode_index" => vec![row.stored_index as f64; episode.len()],
            key if columns.missing.contains(key) => return None,
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
