//! Parquet files: named columns in, whole small files out.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::Compression;
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;

use crate::error::{DatasetError, IoContext, Result};

const BATCH_ROWS: usize = 4096;

/// What a read found: the columns asked for that exist, row by row in batches.
pub(crate) struct Columns {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
}

/// Reads the columns that `wanted` picks by name. With `only = Some((column, value))`, row groups whose
/// statistics exclude the value in that integer column are not read; others come whole.
pub(crate) fn read(
    path: &Path,
    wanted: impl Fn(&str) -> bool,
    only: Option<(&str, i64)>,
) -> Result<Columns> {
    guarded(path, || {
        let file = File::open(path).at("open", path)?;
        let fail = |error: &dyn ToString| DatasetError::parquet(path, error);
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| fail(&e))?;
        let schema = builder.schema().clone();
        let roots: Vec<usize> = (0..schema.fields().len())
            .filter(|i| wanted(schema.field(*i).name()))
            .collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let groups = match only {
            Some((column, value)) => groups_with(builder.metadata(), column, value),
            None => (0..builder.metadata().num_row_groups()).collect(),
        };
        let reader = builder
            .with_projection(mask)
            .with_row_groups(groups)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|e| fail(&e))?;
        let batches = reader
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| fail(&e))?;
        Ok(Columns { schema, batches })
    })
}

/// The names of a file's columns.
pub(crate) fn column_names(path: &Path) -> Result<Vec<String>> {
    guarded(path, || {
        let file = File::open(path).at("open", path)?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)
            .map_err(|e| DatasetError::parquet(path, &e))?;
        let fields = builder.schema().fields();
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

/// All `DIR/*/*.parquet` in the order of their paths, which is how LeRobot finds tables.
pub(crate) fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
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
    let mut out = Vec::new();
    let write = || {
        let mut writer = ArrowWriter::try_new(&mut out, schema.clone(), Some(properties))?;
        writer.write(&RecordBatch::try_new(schema, batch.columns().to_vec())?)?;
        writer.close().map(|_| ())
    };
    write().map_err(|e| DatasetError::parquet(name, &e))?;
    Ok(out)
}
