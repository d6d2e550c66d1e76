//! `meta/episodes`: one row per episode, saying where its frames and pictures are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow_array::{Array, ArrayRef, RecordBatch};

use crate::budget::Budget;
use crate::deviation::Deviation;
use crate::error::{DatasetError, Result};
use crate::info::Info;
use crate::parquet_source::Source;
use crate::stats::Stats;
use crate::template::FileIndex;
use crate::uniform_tables::UniformTables;
use crate::{parquet_io, stats, table};

/// The folder of the episode tables.
pub(crate) const EPISODES_DIR: &str = "meta/episodes";

/// A table as ulna and LeRobot name it, relative to the dataset's folder.
pub(crate) fn table_path(at: FileIndex) -> PathBuf {
    let FileIndex { chunk, file } = at;
    PathBuf::from(format!(
        "{EPISODES_DIR}/chunk-{chunk:03}/file-{file:03}.parquet"
    ))
}

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
#[non_exhaustive]
pub struct EpisodeRow {
    /// The episode's number, which is its position.
    pub episode_index: u64,
    /// The number that the files give it; another one where episodes are numbered with gaps.
    pub stored_index: u64,
    /// The distinct tasks of the episode.
    pub tasks: Vec<String>,
    /// How many frames the table says it has; what is read is what the data files hold.
    pub length: u64,
    /// The data file, as the table has it.
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

/// Reads all tables. What cannot be read costs its episodes only; what is unusual is said.
pub(crate) fn read(root: &Path, info: &Info) -> Result<(Vec<EpisodeRow>, Vec<Deviation>)> {
    let mut deviations = Vec::new();
    let rows = read_tables(root, info, true, &mut deviations)?;
    let rows = numbered(rows, EPISODES_DIR, &mut deviations);
    Ok((rows, deviations))
}

/// Numbers episodes by their position, in the order of their own numbers. `whence` names where they are listed.
pub(crate) fn numbered(
    mut rows: Vec<EpisodeRow>,
    whence: &str,
    deviations: &mut Vec<Deviation>,
) -> Vec<EpisodeRow> {
    let misplaced = rows
        .iter()
        .enumerate()
        .find(|(at, row)| row.stored_index != *at as u64);
    if let Some((at, row)) = misplaced {
        let message = format!(
            "{whence} has episode {} in row {at}, where LeRobot looks for episode {at}",
            row.stored_index
        );
        deviations.push(Deviation::fatal("episode-table", message));
    }
    rows.sort_by_key(|row| row.stored_index);
    let before = rows.len();
    rows.dedup_by_key(|row| row.stored_index);
    if rows.len() < before {
        let message = format!(
            "{whence} lists {} episodes twice; the first row of each is taken",
            before - rows.len()
        );
        deviations.push(Deviation::fatal("episode-table", message));
    }
    let gap = rows
        .iter()
        .enumerate()
        .find(|(at, row)| row.stored_index != *at as u64);
    if let Some((at, row)) = gap {
        let message = format!(
            "episodes are numbered with gaps: the one that {whence} calls {} is episode {at} here, and so on",
            row.stored_index
        );
        deviations.push(Deviation::fatal("episode-table", message));
    }
    for (position, row) in rows.iter_mut().enumerate() {
        row.episode_index = position as u64;
    }
    rows
}

/// The rows of all tables, which are read together where they have one schema; without `quick`, each by itself.
fn read_tables(
    root: &Path,
    info: &Info,
    quick: bool,
    deviations: &mut Vec<Deviation>,
) -> Result<Vec<EpisodeRow>> {
    let mut rows = Vec::new();
    let needed: BTreeSet<String> = columns_of(info).collect();
    let wanted = |name: &str| needed.contains(name);
    // The tables since the last one whose schema is not that of its predecessor, and the path of the first of them.
    let mut uniform: Option<(UniformTables, PathBuf)> = None;
    // A row becomes some hundred bytes in memory, and there are some nine values in it.
    let mut budget = Budget::of(48);
    let mut lost = |path: &Path, error: DatasetError| {
        let message = format!("the episodes of {} are left out: {error}", path.display());
        deviations.push(Deviation::fatal("episode-table", message));
    };
    for path in parquet_io::files_below(&root.join(EPISODES_DIR))? {
        let source = Source::open(&path)?;
        let whole = source.whole().filter(|_| quick);
        if let (Some((tables, _)), Some(bytes)) = (&mut uniform, whole)
            && tables.append(&path, bytes, &mut budget)
        {
            continue;
        }
        append_uniform(uniform.take(), info, &mut rows)?;
        match parquet_io::read_from(&path, &source, wanted, None, &mut budget) {
            Ok(columns) => {
                for batch in &columns.batches {
                    if let Err(error) = append(batch, info, &path, &mut rows) {
                        lost(&path, error);
                        break;
                    }
                }
                uniform = whole.and_then(|bytes| Some((UniformTables::of(bytes, wanted)?, path)));
            }
            // More of it would be read, and the memory is not there for that either.
            Err(error @ DatasetError::TooMuch { .. }) => return Err(error),
            Err(error) => lost(&path, error),
        }
    }
    append_uniform(uniform, info, &mut rows)?;
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

fn append_uniform(
    uniform: Option<(UniformTables, PathBuf)>,
    info: &Info,
    rows: &mut Vec<EpisodeRow>,
) -> Result<()> {
    let Some((tables, path)) = uniform else {
        return Ok(());
    };
    match tables.into_batch() {
        Ok(Some(batch)) => append(&batch, info, &path, rows),
        Ok(None) => Ok(()),
        Err(reason) => Err(DatasetError::parquet(&path, &reason)),
    }
}

/// What a column of whole numbers holds; a row without a value, or with one that makes no sense, has none.
fn whole_numbers(batch: &RecordBatch, name: &str) -> Vec<Option<u64>> {
    let mut numbers = Vec::new();
    let read = batch.column_by_name(name).map(|column| {
        // pandas makes floats of whole numbers as soon as one is missing.
        table::append_numbers(column, 1, &mut numbers)
    });
    if !matches!(read, Some(Ok(()))) {
        return vec![None; batch.num_rows()];
    }
    let exact = |x: f64| (x.fract() == 0.0 && (0.0..9.0e15).contains(&x)).then_some(x as u64);
    numbers.into_iter().map(exact).collect()
}

/// A column of seconds likewise.
fn seconds(batch: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    let mut numbers = Vec::new();
    let read = batch
        .column_by_name(name)
        .map(|column| table::append_numbers(column, 1, &mut numbers));
    if !matches!(read, Some(Ok(()))) {
        return vec![None; batch.num_rows()];
    }
    let finite = |x: f64| x.is_finite().then_some(x);
    numbers.into_iter().map(finite).collect()
}

/// Places from two columns; a row without one of them has none.
fn places(batch: &RecordBatch, prefix: &str) -> Vec<Option<FileIndex>> {
    let chunks = whole_numbers(batch, &format!("{prefix}/chunk_index"));
    let files = whole_numbers(batch, &format!("{prefix}/file_index"));
    let pairs = chunks.into_iter().zip(files);
    let both = |(chunk, file): (Option<u64>, Option<u64>)| {
        Some(FileIndex {
            chunk: chunk?,
            file: file?,
        })
    };
    pairs.map(both).collect()
}

fn append(batch: &RecordBatch, info: &Info, path: &Path, rows: &mut Vec<EpisodeRow>) -> Result<()> {
    let count = batch.num_rows();
    let index = whole_numbers(batch, "episode_index");
    let length = whole_numbers(batch, "length");
    let from = whole_numbers(batch, "dataset_from_index");
    let to = whole_numbers(batch, "dataset_to_index");
    let data = places(batch, "data");
    let tables = places(batch, "meta/episodes");
    let tasks = match batch.column_by_name("tasks") {
        Some(column) => table::string_lists(column)
            .map_err(|reason| DatasetError::field(path, "tasks", reason))?,
        None => vec![Vec::new(); count],
    };
    let mut videos = vec![BTreeMap::new(); count];
    for camera in info.cameras().map(|camera| &camera.key) {
        let prefix = format!("videos/{camera}");
        let files = places(batch, &prefix);
        let starts = seconds(batch, &format!("{prefix}/from_timestamp"));
        let ends = seconds(batch, &format!("{prefix}/to_timestamp"));
        let spans = files.into_iter().zip(starts).zip(ends);
        for (row, ((file, from), to)) in spans.enumerate() {
            let length = length[row].unwrap_or(0) as f64;
            if let (Some(file), Some(from)) = (file, from) {
                let to = to.unwrap_or(from + length / info.fps);
                videos[row].insert(camera.clone(), VideoSpan { file, from, to });
            }
        }
    }
    for (row, (tasks, videos)) in tasks.into_iter().zip(videos).enumerate() {
        let before = rows.last();
        let from = from[row].unwrap_or_else(|| before.map_or(0, |before| before.dataset_to));
        let spanned = to[row].map(|to| to.saturating_sub(from));
        let length = length[row].or(spanned).unwrap_or(0);
        let number = index[row].unwrap_or(rows.len() as u64);
        rows.push(EpisodeRow {
            episode_index: number,
            stored_index: number,
            tasks,
            length,
            data: data[row].unwrap_or_default(),
            dataset_from: from,
            dataset_to: to[row].unwrap_or(from.saturating_add(length)),
            videos,
            table: tables[row].unwrap_or_default(),
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
            out.extend(stats_of(batch)?);
        }
    }
    Ok(out)
}

/// The statistics of every episode that a table has some for, by the number that the table gives it. A table that
/// cannot be read has none.
pub(crate) fn numbered_stats(root: &Path) -> Result<BTreeMap<u64, Stats>> {
    let mut out = BTreeMap::new();
    let wanted = |name: &str| name == "episode_index" || name.starts_with("stats/");
    // Most values are in a list of their own.
    let mut budget = Budget::of(48);
    let mut before = 0;
    for path in parquet_io::files_below(&root.join(EPISODES_DIR))? {
        let source = Source::open(&path);
        let columns = source
            .and_then(|source| parquet_io::read_from(&path, &source, wanted, None, &mut budget));
        let columns = match columns {
            Ok(columns) => columns,
            Err(error @ DatasetError::TooMuch { .. }) => return Err(error),
            Err(_) => continue,
        };
        for batch in &columns.batches {
            let numbers = whole_numbers(batch, "episode_index");
            for (number, stats) in numbers.into_iter().zip(stats_of(batch)?) {
                out.entry(number.unwrap_or(before)).or_insert(stats);
                before += 1;
            }
        }
    }
    Ok(out)
}

/// The numbers of one column of statistics, row by row; rows that make no sense are empty.
fn lists(column: &ArrayRef) -> Vec<Vec<f64>> {
    let rows = column.len();
    let mut all = Vec::new();
    // Most often all rows have as many numbers.
    if let Some(width) = table::width_of(column)
        && table::append_numbers(column, width, &mut all).is_ok()
        && width > 0
    {
        return all.chunks_exact(width).map(<[f64]>::to_vec).collect();
    }
    (0..rows)
        .map(|row| table::numbers_of_row(column, row).unwrap_or_default())
        .collect()
}

/// The statistics of one feature: whether it is a picture, and each statistic's lists, one per row.
type FeatureLists<'a> = (bool, Vec<(&'a str, Vec<Vec<f64>>)>);

fn stats_of(batch: &RecordBatch) -> Result<Vec<Stats>> {
    let mut columns: BTreeMap<&str, FeatureLists<'_>> = BTreeMap::new();
    let schema = batch.schema_ref();
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let name = field.name().strip_prefix("stats/");
        let Some((key, list)) = name.and_then(|name| name.rsplit_once('/')) else {
            continue;
        };
        let entry = columns.entry(key).or_default();
        entry.0 |= table::nesting(column.data_type()) > 1;
        entry.1.push((list, lists(column)));
    }
    let mut out = vec![Stats::new(); batch.num_rows()];
    for (key, (picture, mut named)) in columns {
        for (row, stats) in out.iter_mut().enumerate() {
            let lists = named
                .iter_mut()
                .map(|(name, rows)| ((*name).to_owned(), std::mem::take(&mut rows[row])));
            if let Ok(found) = stats::from_lists(&lists.collect(), picture) {
                stats.insert(key.to_owned(), found);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
#[path = "episodes_tests.rs"]
mod tests;
