//! The metadata of datasets of format v2.0 and v2.1: lines of JSON, and one file per episode.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::Value;

use crate::episodes::{EpisodeRow, VideoSpan};
use crate::error::{DatasetError, IoContext, Result};
use crate::info::{Format, Info};
use crate::json;
use crate::stats::{self, Stats};
use crate::template::FileIndex;

const EPISODES: &str = "meta/episodes.jsonl";
const TASKS: &str = "meta/tasks.jsonl";
const EPISODES_STATS: &str = "meta/episodes_stats.jsonl";
/// No line of metadata is longer; what is, is refused before it fills the memory.
const MAX_LINE: u64 = 16 << 20;
const MAX_LINES: usize = 4 << 20;

/// The tasks in the order of their index.
pub(crate) fn tasks(root: &Path) -> Result<Vec<String>> {
    let path = root.join(TASKS);
    let mut tasks = BTreeMap::new();
    each_line(&path, "the list of tasks", |line, number| {
        let index = whole(line, "task_index", &path, number)?;
        let task = line.get("task").and_then(Value::as_str);
        let task = task.ok_or_else(|| missing(&path, number, "task"))?;
        tasks.insert(index, task.to_owned());
        Ok(())
    })?;
    let expected = 0..tasks.len() as u64;
    if !tasks.keys().copied().eq(expected) {
        let reason = "doesn't number the tasks from 0 without gaps";
        return Err(DatasetError::field(&path, "task_index", reason));
    }
    Ok(tasks.into_values().collect())
}

/// The episodes, with the places that this format gives their files.
pub(crate) fn episodes(root: &Path, info: &Info) -> Result<Vec<EpisodeRow>> {
    let path = root.join(EPISODES);
    let mut rows: Vec<EpisodeRow> = Vec::new();
    each_line(&path, "the list of episodes", |line, number| {
        let episode_index = whole(line, "episode_index", &path, number)?;
        let length = whole(line, "length", &path, number)?;
        let position = rows.len() as u64;
        if episode_index != position {
            return Err(DatasetError::Disagree {
                what: format!("the number of the episode in line {number} of {EPISODES}"),
                place: "its position",
                expected: position,
                found: episode_index,
            });
        }
        let from = rows.last().map_or(0, |row| row.dataset_to);
        let to = from
            .checked_add(length)
            .ok_or_else(|| missing(&path, number, "length"))?;
        let texts = line.get("tasks").and_then(Value::as_array);
        let texts = texts.into_iter().flatten().filter_map(Value::as_str);
        let file = FileIndex {
            chunk: episode_index / info.chunks_size,
            file: episode_index,
        };
        let span = VideoSpan {
            file,
            from: 0.0,
            to: length as f64 / f64::from(info.fps),
        };
        rows.push(EpisodeRow {
            episode_index,
            tasks: texts.map(str::to_owned).collect(),
            length,
            data: file,
            dataset_from: from,
            dataset_to: to,
            videos: info.cameras().map(|c| (c.key.clone(), span)).collect(),
            table: FileIndex::default(),
        });
        Ok(())
    })?;
    Ok(rows)
}

/// The statistics of every episode; none at all in v2.0.
pub(crate) fn episode_stats(root: &Path, info: &Info) -> Result<Vec<Stats>> {
    let path = root.join(EPISODES_STATS);
    let mut out = Vec::new();
    if info.format == Format::V2_0 || !path.is_file() {
        return Ok(out);
    }
    each_line(&path, "the statistics", |line, number| {
        let stats = line.get("stats").unwrap_or(&Value::Null);
        let stats = stats::parse(stats).map_err(|(field, reason)| {
            let reason = format!("{reason} (line {number})");
            DatasetError::field(&path, format!("stats.{field}"), reason)
        })?;
        out.push(stats);
        Ok(())
    })?;
    Ok(out)
}

fn each_line(
    path: &Path,
    what: &str,
    mut take: impl FnMut(&Value, usize) -> Result<()>,
) -> Result<()> {
    if !path.exists() {
        return Err(DatasetError::MissingFile {
            what: what.to_owned(),
            path: path.to_owned(),
        });
    }
    let mut file = BufReader::new(ulna_outside::files::open(path).at("open", path)?);
    let mut line = Vec::new();
    for number in 1..=MAX_LINES {
        line.clear();
        let mut bounded = Read::by_ref(&mut file).take(MAX_LINE);
        let length = bounded.read_until(b'\n', &mut line).at("read", path)?;
        if length == 0 {
            return Ok(());
        }
        if length as u64 == MAX_LINE {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let value = json::parse(&line).map_err(|reason| DatasetError::Json {
            path: path.to_owned(),
            reason: format!("line {number}: {reason}"),
        })?;
        take(&value, number)?;
    }
    let reason = format!("has more than {MAX_LINES} lines, or one longer than 16 MiB");
    Err(DatasetError::field(path, "the file", reason))
}

fn whole(line: &Value, key: &str, path: &Path, number: usize) -> Result<u64> {
    let value = line.get(key).and_then(Value::as_u64);
    value.ok_or_else(|| missing(path, number, key))
}

fn missing(path: &Path, number: usize, key: &str) -> DatasetError {
    DatasetError::field(path, key, format!("makes no sense in line {number}"))
}
