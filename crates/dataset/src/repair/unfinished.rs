//! Taking back what a save that was cut short has put in place: only files that its marker names, that no saved episode refers
//! to, and that are files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::report::RepairReport;
use crate::commit::Marker;
use crate::episodes::{self, EPISODES_DIR};
use crate::error::{IoContext, Result};
use crate::fs::{Fs, STAGING, parent, remove_if_there};
use crate::inside::{Kind, kind, no_links, own_file};
use crate::paths::{folded, referred};
use crate::place_file::put;
use crate::reader::Dataset;
use crate::runs::has_journal;
use crate::stats::{STATS_PATH, Stats, aggregate, to_value};
use crate::{json, parquet_io, table};

/// Notes rows of the episode table that no save of ulna's explains; whether there are any.
pub(super) fn count(dataset: &Dataset, report: &mut RepairReport) -> bool {
    let count = dataset.uncommitted_episodes();
    if count > 0 {
        report.left.push(format!(
            "meta/episodes has {count} rows more than meta/info.json counts, and no ulna wrote them; \
             correct total_episodes and total_frames in meta/info.json if they belong to the dataset"
        ));
    }
    count > 0
}

/// The markers of saves that were cut short before `info.json` counted their episode.
pub(crate) fn unsaved(dataset: &Dataset, runs: &[PathBuf]) -> Result<Vec<Marker>> {
    let mut out = Vec::new();
    for run in runs {
        let Some(marker) = Marker::read(run) else {
            continue;
        };
        if marker.episode >= dataset.info().total_episodes && has_journal(run)? {
            out.push(marker);
        }
    }
    Ok(out)
}

/// A save that was cut short before `info.json` has put its own numbers into `stats.json` already.
pub(super) fn restore_stats(
    fs: &dyn Fs,
    dataset: &Dataset,
    runs: &[PathBuf],
    report: &mut RepairReport,
) -> Result<()> {
    if unsaved(dataset, runs)?.is_empty() {
        return Ok(());
    }
    let expected = dataset.info().total_frames;
    let counted = |stats: &Stats| stats.get("index").map_or(expected, |s| s.count);
    let ahead = dataset
        .stats()?
        .is_some_and(|stats| counted(&stats) != expected);
    if !ahead {
        return Ok(());
    }
    let saved = dataset.len();
    let all = episodes::read_stats(dataset.root())?;
    let parts: Vec<&Stats> = all.iter().take(saved).collect();
    let stats = aggregate(&parts);
    no_links(dataset.root(), Path::new("meta"))?;
    if saved == 0 {
        remove_if_there(fs, &dataset.root().join(STATS_PATH))?;
    } else if parts.len() == saved && counted(&stats) == expected {
        let bytes = json::bytes(&to_value(&stats));
        put(fs, dataset.root(), Path::new(STATS_PATH), &bytes)?;
    } else {
        let reason = "meta/stats.json counts other frames than meta/info.json, and meta/episodes \
                      lacks the statistics to compute it again";
        report.left.push(reason.to_owned());
        return Ok(());
    }
    let action = "took an unfinished save out of meta/stats.json";
    report.actions.push(action.to_owned());
    Ok(())
}

/// Removes the files of saves that were cut short, and what was still being written.
pub(super) fn take_back(
    fs: &dyn Fs,
    dataset: &Dataset,
    runs: &[PathBuf],
    report: &mut RepairReport,
) -> Result<()> {
    let root = dataset.root();
    let needed = referred(dataset.info(), dataset.episodes())?;
    let needed: BTreeSet<String> = needed.iter().map(|file| folded(file)).collect();
    for marker in unsaved(dataset, runs)? {
        for file in marker.files(dataset.info())? {
            let path = root.join(&file);
            let name = file.display();
            match kind(&path)? {
                Kind::Absent => continue,
                Kind::File if needed.contains(&folded(&file)) => {
                    let reason = "a saved episode refers to it";
                    report.left.push(format!("{name}: {reason}"));
                    continue;
                }
                Kind::File => {}
                _ => {
                    report.left.push(format!("{name}: is no file of ulna's"));
                    continue;
                }
            }
            if file.starts_with(EPISODES_DIR) && holds_saved(dataset, &path)? {
                report.left.push(format!("{name}: has saved episodes"));
                continue;
            }
            no_links(root, file.parent().unwrap_or(Path::new("")))?;
            remove(fs, &path)?;
            report
                .actions
                .push(format!("removed {name} of an unfinished save"));
        }
    }
    let writing = root.join(STAGING).join("writing");
    if own_file(&writing)? {
        remove(fs, &writing)?;
        let name = Path::new(STAGING).join("writing");
        let name = name.display();
        report
            .actions
            .push(format!("removed {name} of an unfinished save"));
    }
    Ok(())
}

fn remove(fs: &dyn Fs, path: &Path) -> Result<()> {
    remove_if_there(fs, path)?;
    let folder = parent(path);
    fs.sync_dir(&folder).at("sync the folder", &folder)
}

/// Whether a table has rows of episodes that are counted, whatever the rows say about the table that they are in.
fn holds_saved(dataset: &Dataset, path: &Path) -> Result<bool> {
    const NUMBER: &str = "episode_index";
    let columns = parquet_io::read(path, |name| name == NUMBER, None)?;
    let mut numbers = Vec::new();
    for batch in &columns.batches {
        if let Some(column) = batch.column_by_name(NUMBER) {
            table::append_integers(column, &mut numbers)
                .map_err(|reason| crate::DatasetError::field(path, NUMBER, reason))?;
        }
    }
    let saved = dataset.info().total_episodes;
    let is_saved = |number: &i64| u64::try_from(*number).is_ok_and(|number| number < saved);
    Ok(numbers.iter().any(is_saved))
}
