//! `meta/episodes`: one row per episode, saying where its frames and pictures are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;

use crate::alike::Alike;
use crate::budget::Budget;
use crate::error::{DatasetError, Result};
use crate::info::Info;
use crate::parquet_io::Source;
use crate::stats::Stats;
use crate::template::FileIndex;
use crate::{parquet_io, stats, table};

/// The folder of the episode tables.
pub(crate) const EPISODES_DIR: &str = "meta/episodes";

/// Where an episode's pictures of one camera are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VideoSpan {
    /// The video file.
    pub file: FileIndex,
    /// When the episode begins in that file, in seconds.
    pub from: f64,
    /// When it ends, in seconds.
    pub to: f64,
}

/// One row of the episode table, without its statistics.
#[derive(Clone, Debug, PartialEq)]
pub struct EpisodeRow {
    /// The episode's number.
    pub episode_index: u64,
    /// The distinct tasks of the episode.
    pub tasks: Vec<String>,
    /// How many frames it has.
    pub length: u64,
    /// The data file.
    pub data: FileIndex,
    /// The global index of its first frame.
    pub dataset_from: u64,
    /// One past the global index of its last frame.
    pub dataset_to: u64,
    /// The pictures, by camera key; a camera that the table doesn't mention is absent.
    pub videos: BTreeMap<String, VideoSpan>,
    /// Which table this row stands in.
    pub table: FileIndex,
}

/// Reads all tables, checks that the rows are numbered by their position.
pub(crate) fn read(root: &Path, info: &Info) -> Result<Vec<EpisodeRow>> {
    let rows = read_tables(root, info, true)?;
    for (position, row) in rows.iter().enumerate() {
        if row.episode_index != position as u64 {
            return Err(DatasetError::Disagree {
                what: format!("the number of the episode in row {position} of meta/episodes"),
                place: "its position",
                expected: position as u64,
                found: row.episode_index,
            });
        }
    }
    Ok(rows)
}

/// The rows of all tables, which are read together where they are alike; without `quick`, each by itself.
fn read_tables(root: &Path, info: &Info, quick: bool) -> Result<Vec<EpisodeRow>> {
    let mut rows = Vec::new();
    let needed: BTreeSet<String> = columns_of(info).collect();
    let wanted = |name: &str| needed.contains(name);
    // The tables since the last one that is not like its predecessor, and the path of the first of them.
    let mut alike: Option<(Alike, PathBuf)> = None;
    // A row becomes some hundred bytes in memory, and there are some nine values in it.
    let mut budget = Budget::of(48);
    for path in parquet_io::files_below(&root.join(EPISODES_DIR))? {
        let source = Source::open(&path)?;
        let whole = source.whole().filter(|_| quick);
        if let (Some((tables, _)), Some(bytes)) = (&mut alike, whole)
            && tables.append(&path, bytes, &mut budget)
        {
            continue;
        }
        append_alike(alike.take(), info, &mut rows)?;
        let columns = parquet_io::read_from(&path, &source, wanted, None, &mut budget)?;
        for batch in &columns.batches {
            append(batch, info, &path, &mut rows)?;
        }
        alike = whole.and_then(|bytes| Some((Alike::of(bytes, wanted)?, path)));
    }
    append_alike(alike, info, &mut rows)?;
    Ok(rows)
}

/// The columns that say where episodes are.
fn columns_of(info: &Info) -> impl Iterator<Item = String> {
    let fixed = [
        "episode_index",
        "tasks",
        "length",
        "dataset_from_index",
        "dataset_to_index",
        "data/chunk_index",
        "data/file_index",
        "meta/episodes/chunk_index",
        "meta/episodes/file_index",
    ];
    let fields = [
        "chunk_index",
        "file_index",
        "from_timestamp",
        "to_timestamp",
    ];
    let of_camera = move |key: &str| fields.map(|field| format!("videos/{key}/{field}"));
    let videos = info.cameras().flat_map(move |c| of_camera(&c.key));
    fixed.into_iter().map(str::to_owned).chain(videos)
}

fn append_alike(
    alike: Option<(Alike, PathBuf)>,
    info: &Info,
    rows: &mut Vec<EpisodeRow>,
) -> Result<()> {
    let Some((tables, path)) = alike else {
        return Ok(());
    };
    match tables.into_batch() {
        Ok(Some(batch)) => append(&batch, info, &path, rows),
        Ok(None) => Ok(()),
        Err(reason) => Err(DatasetError::parquet(&path, &reason)),
    }
}

fn append(batch: &RecordBatch, info: &Info, path: &Path, rows: &mut Vec<EpisodeRow>) -> Result<()> {
    let optional = |name: &str| -> Result<Option<Vec<u64>>> {
        let Some(column) = batch.column_by_name(name) else {
            return Ok(None);
        };
        let mut out = Vec::with_capacity(column.len());
        table::append_integers(column, &mut out)
            .map_err(|reason| DatasetError::field(path, name, reason))?;
        out.into_iter()
            .map(|v| u64::try_from(v).map_err(|_| negative(path, name, v)))
            .collect::<Result<_>>()
            .map(Some)
    };
    let required = |name: &str| {
        optional(name)?.ok_or_else(|| DatasetError::field(path, name, "is a missing column"))
    };
    let seconds = |name: &str| -> Result<Vec<f64>> {
        let column = batch
            .column_by_name(name)
            .ok_or_else(|| DatasetError::field(path, name, "is a missing column"))?;
        let mut out = Vec::with_capacity(column.len());
        table::append_numbers(column, 1, &mut out)
            .map_err(|reason| DatasetError::field(path, name, reason))?;
        Ok(out)
    };
    let index = required("episode_index")?;
    let length = required("length")?;
    let from = required("dataset_from_index")?;
    let to = required("dataset_to_index")?;
    let data = places(required("data/chunk_index")?, required("data/file_index")?);
    let tasks = match batch.column_by_name("tasks") {
        Some(column) => table::string_lists(column)
            .map_err(|reason| DatasetError::field(path, "tasks", reason))?,
        None => vec![Vec::new(); index.len()],
    };
    let tables = match (
        optional("meta/episodes/chunk_index")?,
        optional("meta/episodes/file_index")?,
    ) {
        (Some(chunk), Some(file)) => places(chunk, file),
        _ => vec![FileIndex::default(); index.len()],
    };
    let mut videos = vec![BTreeMap::new(); index.len()];
    for camera in info.cameras().map(|camera| &camera.key) {
        let name = |field: &str| format!("videos/{camera}/{field}");
        let Some(chunk) = optional(&name("chunk_index"))? else {
            continue;
        };
        let files = places(chunk, required(&name("file_index"))?);
        let starts = seconds(&name("from_timestamp"))?;
        let ends = seconds(&name("to_timestamp"))?;
        for (row, ((file, from), to)) in files.into_iter().zip(starts).zip(ends).enumerate() {
            videos[row].insert(camera.clone(), VideoSpan { file, from, to });
        }
    }
    for (row, (tasks, videos)) in tasks.into_iter().zip(videos).enumerate() {
        rows.push(EpisodeRow {
            episode_index: index[row],
            tasks,
            length: length[row],
            data: data[row],
            dataset_from: from[row],
            dataset_to: to[row],
            videos,
            table: tables[row],
        });
    }
    Ok(())
}

/// The statistics of every episode, in the order of the tables; features whose statistics are incomplete are left
/// out.
pub(crate) fn read_stats(root: &Path) -> Result<Vec<Stats>> {
    let mut out = Vec::new();
    // Most values are in a list of their own.
    let mut budget = Budget::of(48);
    for path in parquet_io::files_below(&root.join(EPISODES_DIR))? {
        let (source, wanted) = (Source::open(&path)?, |name: &str| {
            name.starts_with("stats/")
        });
        let columns = parquet_io::read_from(&path, &source, wanted, None, &mut budget)?;
        for batch in &columns.batches {
            for row in 0..batch.num_rows() {
                out.push(stats_of_row(batch, row, &path)?);
            }
        }
    }
    Ok(out)
}

fn stats_of_row(batch: &RecordBatch, row: usize, path: &Path) -> Result<Stats> {
    let mut lists: BTreeMap<&str, (bool, BTreeMap<String, Vec<f64>>)> = BTreeMap::new();
    let schema = batch.schema();
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let name = field.name().strip_prefix("stats/");
        let Some((key, list)) = name.and_then(|name| name.rsplit_once('/')) else {
            continue;
        };
        let numbers = table::numbers_of_row(column, row)
            .map_err(|reason| DatasetError::field(path, field.name(), reason))?;
        let entry = lists.entry(key).or_default();
        entry.0 |= table::nesting(column.data_type()) > 1;
        entry.1.insert(list.to_owned(), numbers);
    }
    let complete = lists.into_iter().filter_map(|(key, (picture, lists))| {
        let stats = stats::from_lists(&lists, picture).ok()?;
        Some((key.to_owned(), stats))
    });
    Ok(complete.collect())
}

fn places(chunk: Vec<u64>, file: Vec<u64>) -> Vec<FileIndex> {
    let pairs = chunk.into_iter().zip(file);
    pairs
        .map(|(chunk, file)| FileIndex { chunk, file })
        .collect()
}

fn negative(path: &Path, name: &str, value: i64) -> DatasetError {
    DatasetError::field(path, name, format!("holds {value}, which is less than 0"))
}

#[cfg(test)]
#[path = "episodes_tests.rs"]
mod tests;
