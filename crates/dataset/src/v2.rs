//! The metadata of datasets of format v2.0 and v2.1: lines of JSON, and one file per episode.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::Value;

use crate::deviation::Deviation;
use crate::episodes::{EpisodeRow, VideoSpan, numbered};
use crate::error::{DatasetError, IoContext, Result};
use crate::format::Format;
use crate::info::Info;
use crate::stats::{self, Stats};
use crate::tasks::{Tasks, not_too_long};
use crate::template::FileIndex;
use crate::{json, parquet_io, placeholder};

const EPISODES: &str = "meta/episodes.jsonl";
const TASKS: &str = "meta/tasks.jsonl";
const EPISODES_STATS: &str = "meta/episodes_stats.jsonl";
/// No line of metadata is longer; what is, is refused before it fills the memory.
const MAX_LINE: u64 = 16 << 20;
const MAX_LINES: usize = 4 << 20;

/// The tasks by their numbers, and what is unusual about their list.
pub(crate) fn tasks(root: &Path) -> Result<(Tasks, Vec<Deviation>)> {
    let path = root.join(TASKS);
    let mut tasks = BTreeMap::new();
    let mut deviations = each_line(&path, TASKS, "the list of tasks", |line| {
        let index = whole(line, "task_index")?;
        let index = i64::try_from(index).map_err(|_| "`task_index` is too large".to_owned())?;
        let task = line.get("task").and_then(Value::as_str);
        let task = task.ok_or("`task` makes no sense")?;
        not_too_long(task).map_err(|reason| format!("`task` {reason}"))?;
        tasks.insert(index, task.to_owned());
        Ok(())
    })?;
    let count = i64::try_from(tasks.len()).unwrap_or(i64::MAX);
    if !tasks.keys().copied().eq(0..count) {
        let numbers: Vec<String> = tasks.keys().take(8).map(i64::to_string).collect();
        let message = format!(
            "{TASKS} numbers its tasks {}; once converted, LeRobot takes the row for the number, and fails or gives frames the text of another task",
            numbers.join(", ")
        );
        deviations.push(Deviation::fatal("tasks", message));
    }
    Ok((Tasks::of(tasks), deviations))
}

/// The episodes, with the places that this format gives their files, and what is unusual about their list.
pub(crate) fn episodes(root: &Path, info: &Info) -> Result<(Vec<EpisodeRow>, Vec<Deviation>)> {
    let path = root.join(EPISODES);
    if !path.is_file() || placeholder::of(&path).is_some() {
        return from_files(root, info);
    }
    let mut listed: Vec<EpisodeRow> = Vec::new();
    let mut deviations = each_line(&path, EPISODES, "the list of episodes", |line| {
        let number = whole(line, "episode_index")?;
        // The rows are counted where they are; a list may leave the number out.
        let length = whole(line, "length").unwrap_or(0);
        let tasks = match line.get("tasks") {
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => vec![text.as_str()],
            _ => Vec::new(),
        };
        let file = FileIndex {
            chunk: number / info.chunks_size,
            file: number,
        };
        listed.push(row(info, file, length, tasks));
        Ok(())
    })?;
    if listed.is_empty() {
        return from_files(root, info);
    }
    let rows = numbered(listed, EPISODES, &mut deviations);
    Ok((in_line(rows), deviations))
}

/// The episodes that the data files are, for want of their list.
fn from_files(root: &Path, info: &Info) -> Result<(Vec<EpisodeRow>, Vec<Deviation>)> {
    let digits = |name: Option<&std::ffi::OsStr>| -> Option<u64> {
        let name = name?.to_str()?;
        let at = name
            .rfind(|c: char| !c.is_ascii_digit())
            .map_or(0, |at| at + 1);
        name[at..].parse().ok()
    };
    let message = format!(
        "{EPISODES} is missing, or says nothing; the episodes are taken from the data files, without tasks"
    );
    let mut deviations = vec![Deviation::fatal("episode-table", message)];
    let mut found = Vec::new();
    for path in parquet_io::files_below(&root.join("data"))? {
        let number = digits(path.file_stem());
        let chunk = digits(path.parent().and_then(Path::file_name));
        let Some((file, chunk)) = number.zip(chunk) else {
            continue;
        };
        // What cannot be read is said when it is read.
        let length = parquet_io::row_count(&path).unwrap_or(0);
        found.push(row(info, FileIndex { chunk, file }, length, Vec::new()));
    }
    let rows = numbered(found, "data", &mut deviations);
    Ok((in_line(rows), deviations))
}

fn row(info: &Info, file: FileIndex, length: u64, tasks: Vec<&str>) -> EpisodeRow {
    let span = VideoSpan {
        file,
        from: 0.0,
        to: length as f64 / info.fps,
    };
    EpisodeRow {
        episode_index: file.file,
        stored_index: file.file,
        tasks: tasks.into_iter().map(str::to_owned).collect(),
        length,
        data: file,
        dataset_from: 0,
        dataset_to: 0,
        videos: info.cameras().map(|c| (c.key.clone(), span)).collect(),
        table: FileIndex::default(),
    }
}

/// Lets the episodes follow each other in the dataset, by their lengths.
fn in_line(mut rows: Vec<EpisodeRow>) -> Vec<EpisodeRow> {
    let mut next = 0_u64;
    for row in &mut rows {
        row.dataset_from = next;
        next = next.saturating_add(row.length);
        row.dataset_to = next;
    }
    rows
}

/// The statistics of every episode by the number that the files give it; none at all in v2.0.
pub(crate) fn episode_stats(root: &Path, info: &Info) -> Result<BTreeMap<u64, Stats>> {
    let path = root.join(EPISODES_STATS);
    let mut out = BTreeMap::new();
    if info.format == Format::V2_0 || !path.is_file() {
        return Ok(out);
    }
    each_line(&path, EPISODES_STATS, "the statistics", |line| {
        let number = whole(line, "episode_index")?;
        let stats = line.get("stats").unwrap_or(&Value::Null);
        out.insert(number, stats::parse_some(stats));
        Ok(())
    })?;
    Ok(out)
}

/// Shows every line to `take`; a line that makes no sense is left out and named.
fn each_line(
    path: &Path,
    name: &str,
    what: &str,
    mut take: impl FnMut(&Value) -> Result<(), String>,
) -> Result<Vec<Deviation>> {
    if !path.exists() {
        return Err(DatasetError::MissingFile {
            what: what.to_owned(),
            path: path.to_owned(),
        });
    }
    if let Some(what) = placeholder::of(path) {
        return Err(DatasetError::Placeholder {
            path: path.to_owned(),
            what,
        });
    }
    let mut deviations: Vec<Deviation> = Vec::new();
    let mut file = BufReader::new(ulna_outside::files::open(path).at("open", path)?);
    let mut line = Vec::new();
    for number in 1..=MAX_LINES {
        line.clear();
        let mut bounded = Read::by_ref(&mut file).take(MAX_LINE);
        let length = bounded.read_until(b'\n', &mut line).at("read", path)?;
        if length == 0 {
            return Ok(deviations);
        }
        if length as u64 == MAX_LINE {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let taken = json::parse(&line).and_then(|(value, _)| take(&value));
        // One of many says enough.
        if let Err(reason) = taken
            && deviations.is_empty()
        {
            let message = format!("line {number} of {name} is left out: {reason}");
            deviations.push(Deviation::fatal("metadata", message));
        }
    }
    let reason = format!("has more than {MAX_LINES} lines, or one longer than 16 MiB");
    Err(DatasetError::field(path, "the file", reason))
}

fn whole(line: &Value, key: &str) -> Result<u64, String> {
    let value = line.get(key);
    let exact = |x: f64| (x.fract() == 0.0 && (0.0..9.0e15).contains(&x)).then_some(x as u64);
    let found = value.and_then(|value| value.as_u64().or_else(|| value.as_f64().and_then(exact)));
    found.ok_or_else(|| format!("`{key}` makes no sense"))
}
