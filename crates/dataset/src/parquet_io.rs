//! Parquet files: named columns in, whole small files out.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::Compression;
use parquet::file::metadata::{KeyValue, ParquetMetaData, ParquetStatisticsPolicy};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;

use crate::budget::Budget;
use crate::error::{DatasetError, IoContext, Result};
use crate::footer::Footer;
use crate::parquet_source::Source;
use crate::table;

const BATCH_ROWS: usize = 4096;

/// What a read found: the columns asked for that exist, row by row in batches.
pub(crate) struct Columns {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
}

/// Reads the columns that `wanted` picks by name. With `only = Some((column, value))`, the rows from the first to the
/// last one that have the value in that integer column; what stands elsewhere isn't decoded.
pub(crate) fn read(
    path: &Path,
    wanted: impl Fn(&str) -> bool,
    only: Option<(&str, i64)>,
) -> Result<Columns> {
    read_from(path, &Source::open(path)?, wanted, only, &mut numbers())
}

/// What may be read of a file whose values become numbers in memory.
pub(crate) fn numbers() -> Budget {
    Budget::of(8)
}

/// As [`read`], of a file that is open and within a budget.
pub(crate) fn read_from(
    path: &Path,
    source: &Source,
    wanted: impl Fn(&str) -> bool,
    only: Option<(&str, i64)>,
    budget: &mut Budget,
) -> Result<Columns> {
    let mut batches = Vec::new();
    let schema = each(path, source, wanted, only, budget, &mut |batch| {
        batches.push(batch);
        Ok(())
    })?;
    Ok(Columns { schema, batches })
}

/// As [`read_from`], a batch after the other; the answer is all columns of the file.
pub(crate) fn each(
    path: &Path,
    source: &Source,
    wanted: impl Fn(&str) -> bool,
    only: Option<(&str, i64)>,
    budget: &mut Budget,
    take: &mut dyn FnMut(RecordBatch) -> Result<()>,
) -> Result<SchemaRef> {
    guarded(path, || {
        let fail = |error: &dyn ToString| DatasetError::parquet(path, error);
        // The Arrow schema would only choose among list flavours and widths, which are all accepted.
        let mut options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        if only.is_none() {
            let none = ParquetStatisticsPolicy::SkipAll;
            options = options
                .with_column_stats_policy(none.clone())
                .with_encoding_stats_policy(none.clone())
                .with_size_stats_policy(none);
        }
        let metadata = metadata(path, source, options)?;
        let schema = metadata.schema().clone();
        let roots: Vec<usize> = (0..schema.fields().len())
            .filter(|i| wanted(schema.field(*i).name()))
            .collect();
        let mask = ProjectionMask::roots(metadata.parquet_schema(), roots);
        let groups = match only {
            Some((column, value)) => groups_with(metadata.metadata(), column, value),
            None => (0..metadata.metadata().num_row_groups()).collect(),
        };
        budget.file(Length::len(source));
        budget.take_columns(path, source, metadata.metadata(), (&mask, &groups))?;
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(source.clone(), metadata.clone())
                .with_projection(mask)
                .with_row_groups(groups.clone())
                .with_batch_size(BATCH_ROWS);
        if let Some((column, value)) = only {
            let rows = rows_with(path, source.clone(), &metadata, groups, (column, value))?;
            builder = builder.with_offset(rows.start).with_limit(rows.len());
        }
        for batch in builder.build().map_err(|e| fail(&e))? {
            take(batch.map_err(|e| fail(&e))?)?;
        }
        Ok(schema)
    })
}

/// The footer of a file, which must not claim more than it holds.
pub(crate) fn metadata(
    path: &Path,
    source: &Source,
    options: ArrowReaderOptions,
) -> Result<ArrowReaderMetadata> {
    let fail = |error: &dyn ToString| DatasetError::parquet(path, error);
    let length = Length::len(source);
    let tail = length.min(8);
    let last = source.get_bytes(length - tail, usize::try_from(tail).unwrap_or(0));
    let last = last.map_err(|e| fail(&e))?;
    if let Some(size) = last.first_chunk::<4>() {
        let size = u64::from(u32::from_le_bytes(*size)) + 8;
        let start = length.checked_sub(size);
        let start = start.ok_or_else(|| fail(&"its footer is longer than the file"))?;
        let footer = source.get_bytes(start, usize::try_from(size).unwrap_or(usize::MAX));
        let footer = footer.map_err(|e| fail(&e))?;
        if !Footer::of(&footer).is_some_and(|footer| footer.is_whole()) {
            return Err(fail(&"its footer is damaged"));
        }
    }
    ArrowReaderMetadata::load(source, options).map_err(|e| fail(&e))
}

/// Where, among the rows of some row groups, an integer column has a value.
fn rows_with(
    path: &Path,
    source: Source,
    metadata: &ArrowReaderMetadata,
    groups: Vec<usize>,
    (column, value): (&str, i64),
) -> Result<Range<usize>> {
    let fail = |error: &dyn ToString| DatasetError::parquet(path, error);
    let missing = || DatasetError::field(path, column, "is a missing column");
    let root = metadata.schema().index_of(column).map_err(|_| missing())?;
    let mask = ProjectionMask::roots(metadata.parquet_schema(), [root]);
    // Only looked through, so what counts is the time that it takes.
    let mut budget = Budget::of(1);
    budget.file(Length::len(&source));
    budget.take_columns(path, &source, metadata.metadata(), (&mask, &groups))?;
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(source, metadata.clone())
        .with_projection(mask)
        .with_row_groups(groups)
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|e| fail(&e))?;
    let (mut before, mut rows) = (0, None::<Range<usize>>);
    let mut numbers = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|e| fail(&e))?;
        let found = batch.column_by_name(column).ok_or_else(missing)?;
        numbers.clear();
        table::append_integers(found, &mut numbers)
            .map_err(|reason| DatasetError::field(path, column, reason))?;
        if let Some(first) = numbers.iter().position(|n| *n == value) {
            let last = numbers.iter().rposition(|n| *n == value).unwrap_or(first);
            let start = rows.map_or(before + first, |rows| rows.start);
            rows = Some(start..before + last + 1);
        }
        before += numbers.len();
    }
    Ok(rows.unwrap_or(0..0))
}

/// A text that a file keeps besides its columns.
pub(crate) fn key_value(path: &Path, key: &str) -> Option<String> {
    let found = guarded(path, || {
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = metadata(path, &Source::open(path)?, options)?;
        let pairs = metadata.metadata().file_metadata().key_value_metadata();
        let pair = pairs.into_iter().flatten().find(|pair| pair.key == key);
        Ok(pair.and_then(|pair| pair.value.clone()))
    });
    found.ok().flatten()
}

/// How many rows a file says it has.
pub(crate) fn row_count(path: &Path) -> Result<u64> {
    guarded(path, || {
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = metadata(path, &Source::open(path)?, options)?;
        let rows = metadata.metadata().file_metadata().num_rows();
        Ok(u64::try_from(rows).unwrap_or(0))
    })
}

/// The names of a file's columns.
pub(crate) fn column_names(path: &Path) -> Result<Vec<String>> {
    guarded(path, || {
        // The names are parquet's own; its Arrow schema is one more thing that can be damaged.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = metadata(path, &Source::open(path)?, options)?;
        let fields = metadata.schema().fields();
        Ok(fields.iter().map(|f| f.name().clone()).collect())
    })
}

/// A damaged file must be an error; the parquet and arrow libraries turn some damage into panics.
pub(crate) fn guarded<T>(path: &Path, body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        Err(DatasetError::parquet(
            path,
            &"its contents contradict its headers",
        ))
    })
}

fn groups_with(metadata: &ParquetMetaData, column: &str, value: i64) -> Vec<usize> {
    let schema = metadata.file_metadata().schema_descr();
    let leaf = (0..schema.num_columns()).find(|i| schema.column(*i).path().string() == column);
    let may_hold = |group: usize| {
        let statistics = leaf
            .and_then(|leaf| metadata.row_group(group).columns().get(leaf))
            .and_then(|chunk| chunk.statistics());
        match statistics {
            Some(Statistics::Int64(s)) => match (s.min_opt(), s.max_opt()) {
                (Some(min), Some(max)) => (*min..=*max).contains(&value),
                _ => true,
            },
            _ => true,
        }
    };
    (0..metadata.num_row_groups())
        .filter(|group| may_hold(*group))
        .collect()
}

/// All `DIR/*/*.parquet` in the order of their paths, which is how LeRobot finds tables; hidden files, such as macOS's
/// `._file-000.parquet`, are left out.
pub(crate) fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = all_files_below(dir)?;
    files.retain(|path| !is_hidden(path));
    Ok(files)
}

/// Whether a file's name begins with a dot, or its folder's.
pub(crate) fn is_hidden(path: &Path) -> bool {
    let hidden = |name: Option<&std::ffi::OsStr>| {
        name.is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
    };
    hidden(path.file_name()) || hidden(path.parent().and_then(Path::file_name))
}

/// All `DIR/*/*.parquet`, hidden ones included: LeRobot reads these too.
pub(crate) fn all_files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !dir.is_dir() {
        return Ok(files);
    }
    for chunk in std::fs::read_dir(dir).at("list", dir)? {
        let chunk = chunk.at("list", dir)?.path();
        if !chunk.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&chunk).at("list", &chunk)? {
            let file = file.at("list", &chunk)?.path();
            if file.extension().is_some_and(|e| e == "parquet") {
                files.push(file);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The bytes of a parquet file with one row group (Snappy, dictionaries, like Python LeRobot's).
/// `metadata` goes to the schema and to the file, because readers look in either.
pub(crate) fn to_bytes(
    name: &Path,
    batch: &RecordBatch,
    metadata: &[(&str, String)],
) -> Result<Vec<u8>> {
    let map = metadata
        .iter()
        .map(|(k, v)| ((*k).to_owned(), v.clone()))
        .collect();
    let schema = Arc::new(Schema::new_with_metadata(
        batch.schema().fields().clone(),
        map,
    ));
    let pairs = metadata
        .iter()
        .map(|(k, v)| KeyValue::new((*k).to_owned(), v.clone()))
        .collect();
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(pairs))
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties);
    write(name, batch, schema, options)
}

/// The bytes of an episode table. It has a hundred columns and often one row, and opening a dataset reads all of them: no
/// statistics, dictionaries or page indexes, nor the schema a second time in Arrow's words, all of which readers do without.
pub(crate) fn episode_table(name: &Path, batch: &RecordBatch) -> Result<Vec<u8>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .build();
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true);
    write(name, batch, batch.schema(), options)
}

fn write(
    name: &Path,
    batch: &RecordBatch,
    schema: SchemaRef,
    options: ArrowWriterOptions,
) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let write = || {
        let mut writer = ArrowWriter::try_new_with_options(&mut out, schema.clone(), options)?;
        writer.write(&RecordBatch::try_new(schema, batch.columns().to_vec())?)?;
        writer.close().map(|_| ())
    };
    write().map_err(|e| DatasetError::parquet(name, &e))?;
    Ok(out)
}
