//! What opening a dataset reads of it, and what it forgives.

use std::path::Path;

use serde_json::Value;

use crate::deviation::Deviation;
use crate::episodes::{self, EpisodeRow};
use crate::error::{DatasetError, Result};
use crate::format::Format;
use crate::info::Info;
use crate::rows::{Places, count};
use crate::tasks::Tasks;
use crate::{parquet_io, tasks, v2};

/// What a dataset is stored as that has no parquet files, if it says so or is seen to be something else.
pub(crate) fn other_storage(root: &Path, info: &Info) -> Result<Option<String>> {
    let stated = info.raw("storage_format").and_then(Value::as_str);
    let stated = stated.filter(|format| *format != "parquet");
    let is_lance = |folder: &str| {
        let entries = std::fs::read_dir(root.join(folder))
            .into_iter()
            .flatten()
            .flatten();
        let mut names = entries.map(|entry| entry.path());
        names.any(|path| path.extension().is_some_and(|end| end == "lance"))
    };
    let format = match stated {
        Some(format) => format.to_owned(),
        None if ["", "data"].iter().any(|folder| is_lance(folder)) => "lance".to_owned(),
        None => return Ok(None),
    };
    let data = parquet_io::files_below(&root.join("data"))?;
    Ok(data.is_empty().then_some(format))
}

/// The tasks; without their table, none.
pub(crate) fn read_tasks(
    root: &Path,
    info: &Info,
    deviations: &mut Vec<Deviation>,
) -> Result<Tasks> {
    let read = match info.format {
        Format::V3 => tasks::read(root),
        Format::V2_0 | Format::V2_1 => v2::tasks(root),
    };
    match read {
        Ok((tasks, found)) => {
            deviations.extend(found);
            Ok(tasks)
        }
        // A dataset without frames needs no tasks.
        Err(DatasetError::MissingFile { .. }) if info.total_tasks == 0 => Ok(Tasks::default()),
        Err(error) => {
            let message = format!("frames have no task texts: {error}");
            deviations.push(Deviation::fatal("tasks", message));
            Ok(Tasks::default())
        }
    }
}

pub(crate) fn read_episodes(
    root: &Path,
    info: &Info,
    deviations: &mut Vec<Deviation>,
) -> Result<Vec<EpisodeRow>> {
    if info.total_episodes == 0 && info.counts_episodes && info.format == Format::V3 {
        return Ok(Vec::new());
    }
    let (mut rows, found) = match info.format {
        Format::V3 => episodes::read(root, info)?,
        Format::V2_0 | Format::V2_1 => v2::episodes(root, info)?,
    };
    deviations.extend(found);
    if info.format == Format::V3 {
        match rows.is_empty() {
            true => rows = crate::derived::episodes(root, info, deviations)?,
            false if (rows.len() as u64) < info.total_episodes => {
                crate::derived::add_missing(root, info, &mut rows)?;
            }
            false => {}
        }
    }
    Ok(rows)
}

/// Where the table contradicts itself or `info.json`, the rows are counted.
pub(crate) fn believe_rows(
    root: &Path,
    info: &Info,
    places: &Places,
    episodes: &mut [EpisodeRow],
    deviations: &mut Vec<Deviation>,
) {
    let spans = |row: &EpisodeRow| row.dataset_to.checked_sub(row.dataset_from) == Some(row.length);
    let sum: u128 = episodes.iter().map(|row| u128::from(row.length)).sum();
    let all_fit = sum == u128::from(info.total_frames);
    let sound = |row: &EpisodeRow| all_fit && row.length > 0 && spans(row);
    let mut wrong = Vec::new();
    for row in episodes.iter_mut().filter(|row| !sound(row)) {
        let Ok(found) = places.of(root, info, row) else {
            continue;
        };
        let found = count(&found);
        if found != row.length {
            wrong.push((row.episode_index, row.length, found));
            row.length = found;
            for span in row.videos.values_mut().filter(|_| info.format < Format::V3) {
                span.to = found as f64 / info.fps;
            }
        }
    }
    if let Some((episode, stated, found)) = wrong.first() {
        let more = match wrong.len() {
            1 => String::new(),
            several => format!(" (and {} more)", several - 1),
        };
        let message = format!(
            "the table says that episode {episode} has {stated} frames, the data files have {found}{more}"
        );
        deviations.push(Deviation::harmless("length", message));
    }
    if info.format < Format::V3 {
        let mut next = 0_u64;
        for row in episodes.iter_mut() {
            row.dataset_from = next;
            next = next.saturating_add(row.length);
            row.dataset_to = next;
        }
    }
}
