//! The data files of an edited dataset.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float32Array, Int64Array, RecordBatch};
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature};
use crate::hf_metadata::huggingface;
use crate::info::Info;
use crate::place_file::put;
use crate::reader::EpisodeReader;
use crate::stats::Stats;
use crate::template::FileIndex;
use crate::tools::carry::take_over;
use crate::tools::plan::{Column, Packing, Plan};
use crate::tools::rows::{SourceRows, canonical, data_path, whole_file};
use crate::tools::stats;
use crate::tools::work::{Edited, Work};
use crate::{advice, table};

/// Where the rows of each episode went, and the statistics of those that were read.
pub(crate) struct Written {
    pub(crate) files: Vec<FileIndex>,
    pub(crate) stats: Vec<Option<Stats>>,
}

/// Writes all rows.
pub(crate) fn write(
    plan: &Plan,
    info: &Info,
    root: &Path,
    work: &mut Work,
    edited: &mut Edited,
) -> Result<Written> {
    work.step("rows", plan.frames())?;
    let mut writer = RowsWriter {
        plan,
        info,
        root,
        starts: plan.starts(),
        frames: frames_by_file(plan),
        limit: size_limit(info, "data_files_size_in_mb", 100),
        rows: plan.sources.iter().map(SourceRows::new).collect(),
        episodes: plan.sources.iter().map(EpisodeReader::of_all).collect(),
        file: None,
        next: FileIndex::default(),
        out: Written {
            files: vec![FileIndex::default(); plan.takes.len()],
            stats: vec![None; plan.takes.len()],
        },
    };
    let mut at = 0;
    while at < plan.takes.len() {
        let end = shared_until(plan, at);
        match unchanged(plan, &writer.starts, at..end)? {
            Some(path) => writer.keep(&path, at..end, work, edited)?,
            None => writer.copy(at..end, work, edited)?,
        }
        at = end;
    }
    writer.close_file(work, edited)?;
    Ok(writer.out)
}

/// Writes the rows of a plan, file after file.
struct RowsWriter<'a> {
    plan: &'a Plan,
    info: &'a Info,
    root: &'a Path,
    /// Where each episode of the result begins.
    starts: Vec<u64>,
    /// How many frames of the plan's sources each data file has.
    frames: BTreeMap<(usize, PathBuf), u64>,
    /// Bytes that a file is filled up to.
    limit: u64,
    rows: Vec<SourceRows<'a>>,
    episodes: Vec<EpisodeReader<'a>>,
    /// The file that is being filled.
    file: Option<DataFile>,
    next: FileIndex,
    out: Written,
}

impl RowsWriter<'_> {
    /// Takes over a source file that stays exactly as it is, with all of these takes.
    fn keep(
        &mut self,
        path: &Path,
        takes: Range<usize>,
        work: &mut Work,
        edited: &mut Edited,
    ) -> Result<()> {
        self.close_file(work, edited)?;
        take_over(work, path, self.root, &self.info.data_file(self.next)?)?;
        edited.files_kept += 1;
        let mut frames = 0;
        for number in takes {
            let take = &self.plan.takes[number];
            self.out.files[number] = self.next;
            // What a table says of rows is not believed, even where the rows stay as they are.
            let episode = self.episodes[take.source].read(take.episode)?;
            self.out.stats[number] = Some(stats::of_episode(self.plan, take, &episode));
            frames += take.tasks.len() as u64;
        }
        self.next = self.next.next(self.info.chunks_size);
        work.advance(frames)
    }

    /// Writes the rows of takes whose source rows share a file.
    fn copy(&mut self, takes: Range<usize>, work: &mut Work, edited: &mut Edited) -> Result<()> {
        let plan = self.plan;
        let first = takes.start;
        for number in takes {
            let take = &plan.takes[number];
            let read = self.rows[take.source].episode(take.episode)?;
            let path = data_path(&plan.sources[take.source], take.episode)?;
            let rows = read.slice(take.frames.start, take.frames.len());
            let batch = episode_batch(plan, number, self.starts[number], &rows, &path)?;
            self.out.stats[number] = Some(stats::row_stats(plan, &batch, &path)?);
            let share = share_of(&self.frames, take.source, &path, rows.num_rows());
            let fits = |file: &DataFile| {
                let room = plan.packing == Packing::Keep || file.size() + share < self.limit;
                file.schema == batch.schema()
                    && room
                    && (number > first || plan.packing == Packing::Fill)
            };
            if !self.file.as_ref().is_some_and(fits) {
                self.close_file(work, edited)?;
                let relative = self.info.data_file(self.next)?;
                let file = DataFile::begin(relative, batch.schema(), self.info, self.next)?;
                self.file = Some(file);
                self.next = self.next.next(self.info.chunks_size);
            }
            if let Some(file) = &mut self.file {
                file.add(&batch)?;
                self.out.files[number] = file.at;
            }
            work.advance(rows.num_rows() as u64)?;
        }
        Ok(())
    }

    fn close_file(&mut self, work: &mut Work, edited: &mut Edited) -> Result<()> {
        match self.file.take() {
            Some(done) => done.close(self.root, work, edited),
            None => Ok(()),
        }
    }
}

/// A limit that `info.json` states, in bytes.
pub(crate) fn size_limit(info: &Info, key: &str, default: u64) -> u64 {
    let value = info.to_value();
    let megabytes = value.get(key).and_then(serde_json::Value::as_f64);
    (megabytes.unwrap_or(default as f64) * 1024.0 * 1024.0) as u64
}

/// One past the last take whose source rows share a file with those of the take `at`.
fn shared_until(plan: &Plan, at: usize) -> usize {
    let file = |number: usize| {
        let take = &plan.takes[number];
        (
            take.source,
            data_path(&plan.sources[take.source], take.episode).ok(),
        )
    };
    let first = file(at);
    (at + 1..plan.takes.len())
        .find(|number| file(*number) != first)
        .unwrap_or(plan.takes.len())
}

/// The source file that would be written again exactly as it is.
fn unchanged(plan: &Plan, starts: &[u64], takes: Range<usize>) -> Result<Option<PathBuf>> {
    let source = &plan.sources[plan.takes[takes.start].source];
    let kept = |columns: &[Column]| {
        let declared = &source.info().features;
        columns.iter().all(|c| c.values.is_none())
            && declared
                .iter()
                .filter(|f| f.dtype != Dtype::Video)
                .all(|f| columns.iter().any(|c| c.feature == *f))
    };
    if plan.packing == Packing::Fill || !kept(&plan.columns) {
        return Ok(None);
    }
    let mut episodes = Vec::with_capacity(takes.len());
    for number in takes {
        let take = &plan.takes[number];
        let row = source.episode_row(take.episode)?;
        let same = row.stored_index == number as u64
            && row.dataset_from == starts[number]
            && take.frames == (0..usize::try_from(row.length).unwrap_or(0))
            && take.is_on_grid()
            && take.keeps_task_numbers();
        if !same {
            return Ok(None);
        }
        episodes.push(take.episode);
    }
    whole_file(source, &episodes)
}

/// How many frames of the plan's sources each data file has.
fn frames_by_file(plan: &Plan) -> BTreeMap<(usize, PathBuf), u64> {
    let mut out = BTreeMap::new();
    for take in &plan.takes {
        for stretch in plan.sources[take.source]
            .stretches(take.episode)
            .unwrap_or_default()
        {
            let key = (take.source, stretch.path.to_path_buf());
            *out.entry(key).or_default() += stretch.rows.len() as u64;
        }
    }
    out
}

/// What part of its file's bytes some rows take up.
fn share_of(
    frames: &BTreeMap<(usize, PathBuf), u64>,
    source: usize,
    path: &Path,
    rows: usize,
) -> u64 {
    let bytes = path.metadata().map_or(0, |m| m.len());
    let all = frames.get(&(source, path.to_owned())).copied().unwrap_or(0);
    bytes.saturating_mul(rows as u64) / all.max(1)
}

/// The rows of one episode of the result.
fn episode_batch(
    plan: &Plan,
    number: usize,
    start: u64,
    rows: &RecordBatch,
    path: &Path,
) -> Result<RecordBatch> {
    let take = &plan.takes[number];
    let source = &plan.sources[take.source];
    let frames = take.frames.len() as i64;
    let fps = source.fps();
    let whole = |f: &dyn Fn(i64) -> i64| -> ArrayRef {
        Arc::new((0..frames).map(f).collect::<Int64Array>())
    };
    let mut columns = Vec::new();
    for column in &plan.columns {
        let feature = &column.feature;
        let array: ArrayRef = match (feature.key.as_str(), &column.values) {
            _ if feature.dtype == Dtype::Video => continue,
            ("timestamp", _) => Arc::new(
                (0..frames)
                    .map(|k| (k as f64 / fps) as f32)
                    .collect::<Float32Array>(),
            ),
            ("frame_index", _) => whole(&|k| k),
            ("episode_index", _) => whole(&|_| number as i64),
            ("index", _) => whole(&|k| start as i64 + k),
            ("task_index", _) => whole(&|k| i64::from(take.tasks[k as usize])),
            (_, Some(values)) => {
                let from = usize::try_from(start).unwrap_or(usize::MAX);
                values.column(feature, from, take.frames.len())?
            }
            (key, None) => {
                let found = rows.column_by_name(&column.from).ok_or_else(|| {
                    let drop = format!("--drop {}", advice::word(&column.from));
                    let drop = advice::command("features", source.root(), &drop, "mended");
                    let reason = format!(
                        "is declared in meta/info.json, but is not a column of this file; drop it: `{drop}`"
                    );
                    DatasetError::field(path, key, reason)
                })?;
                canonical(feature, found).map_err(|r| DatasetError::field(path, key, r))?
            }
        };
        columns.push(table::named(&feature.key, array));
    }
    table::batch(columns).map_err(|reason| DatasetError::parquet(path, &reason))
}

/// A data file being filled, with one row group for each episode.
struct DataFile {
    relative: PathBuf,
    at: FileIndex,
    schema: SchemaRef,
    stored: SchemaRef,
    writer: ArrowWriter<Vec<u8>>,
}

impl DataFile {
    fn begin(relative: PathBuf, schema: SchemaRef, info: &Info, at: FileIndex) -> Result<DataFile> {
        // Metadata that leaves a column out would be worse than none.
        let known = |f: &Feature| !matches!(f.dtype, Dtype::Other(_));
        let text = info.features.iter().all(known).then(|| huggingface(info));
        let pairs = text
            .clone()
            .map(|text| vec![KeyValue::new("huggingface".to_owned(), text)]);
        let properties = WriterProperties::builder()
            .set_key_value_metadata(pairs)
            .set_compression(Compression::SNAPPY)
            .build();
        let stored = Arc::new(Schema::new_with_metadata(
            schema.fields().clone(),
            text.map(|text| ("huggingface".to_owned(), text))
                .into_iter()
                .collect(),
        ));
        let writer = ArrowWriter::try_new(Vec::new(), stored.clone(), Some(properties))
            .map_err(|e| DatasetError::parquet(&relative, &e))?;
        Ok(DataFile {
            relative,
            at,
            schema,
            stored,
            writer,
        })
    }

    fn size(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let fail = |e: &dyn ToString| DatasetError::parquet(&self.relative, e);
        let batch = batch.clone().with_schema(self.stored.clone());
        self.writer
            .write(&batch.map_err(|e| fail(&e))?)
            .and_then(|()| self.writer.flush())
            .map_err(|e| fail(&e))
    }

    fn close(self, root: &Path, work: &mut Work, edited: &mut Edited) -> Result<()> {
        let relative = self.relative;
        let bytes = self
            .writer
            .into_inner()
            .map_err(|e| DatasetError::parquet(&relative, &e))?;
        edited.files_written += 1;
        put(&*work.fs, root, &relative, &bytes)
    }
}
