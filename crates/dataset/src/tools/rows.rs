//! Rows of the data files as they are stored, whatever their types, and in the form in which they are written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, FixedSizeListArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field};
use arrow_select::concat::concat_batches;

use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature, Number};
use crate::reader::Dataset;
use crate::{parquet_io, table};

/// Where the data file of an episode is.
pub(crate) fn data_path(dataset: &Dataset, episode: usize) -> Result<PathBuf> {
    let row = dataset.episode_row(episode)?;
    let path = dataset.root().join(dataset.info().data_file(row.data)?);
    match path.exists() {
        true => Ok(path),
        false => Err(DatasetError::MissingFile {
            what: format!("episode {episode}"),
            path,
        }),
    }
}

/// Reads whole episodes of a dataset, best in ascending order.
#[derive(Debug)]
pub(crate) struct SourceRows<'a> {
    dataset: &'a Dataset,
    /// A file whose episodes share a row group is read once.
    whole: Option<(PathBuf, RecordBatch)>,
}

impl<'a> SourceRows<'a> {
    pub(crate) fn new(dataset: &'a Dataset) -> SourceRows<'a> {
        SourceRows {
            dataset,
            whole: None,
        }
    }

    /// All columns of an episode.
    pub(crate) fn episode(&mut self, episode: usize) -> Result<RecordBatch> {
        let path = data_path(self.dataset, episode)?;
        let wanted = episode as i64;
        let batch = match &self.whole {
            Some((known, batch)) if *known == path => batch.clone(),
            _ => {
                let batch = read(&path, Some(("episode_index", wanted)))?;
                if !is_of_one_episode(&batch, &path)? {
                    self.whole = Some((path.clone(), batch.clone()));
                }
                batch
            }
        };
        let found = rows_of(&batch, wanted, &path)?;
        let found = match found.num_rows() {
            // The file kept may have been read for another row group.
            0 => rows_of(
                &read(&path, Some(("episode_index", wanted)))?,
                wanted,
                &path,
            )?,
            _ => found,
        };
        let expected = self.dataset.episode_row(episode)?.length;
        match found.num_rows() as u64 == expected {
            true => Ok(found),
            false => Err(DatasetError::Disagree {
                what: format!("the frames of episode {episode} in {}", path.display()),
                place: "the episode table",
                expected,
                found: found.num_rows() as u64,
            }),
        }
    }
}

fn read(path: &Path, only: Option<(&str, i64)>) -> Result<RecordBatch> {
    let columns = parquet_io::read(path, |_| true, only)?;
    concat_batches(&columns.schema, &columns.batches).map_err(|e| DatasetError::parquet(path, &e))
}

fn integers(batch: &RecordBatch, name: &str, path: &Path) -> Result<Vec<i64>> {
    let column = batch
        .column_by_name(name)
        .ok_or_else(|| DatasetError::field(path, name, "is a missing column"))?;
    let mut out = Vec::with_capacity(column.len());
    table::append_integers(column, &mut out)
        .map_err(|reason| DatasetError::field(path, name, reason))?;
    Ok(out)
}

fn is_of_one_episode(batch: &RecordBatch, path: &Path) -> Result<bool> {
    let numbers = integers(batch, "episode_index", path)?;
    Ok(numbers.windows(2).all(|pair| pair[0] == pair[1]))
}

fn rows_of(batch: &RecordBatch, episode: i64, path: &Path) -> Result<RecordBatch> {
    let numbers = integers(batch, "episode_index", path)?;
    let first = numbers.iter().position(|n| *n == episode).unwrap_or(0);
    let mine = numbers.get(first..).unwrap_or_default();
    let count = mine.iter().take_while(|n| **n == episode).count();
    Ok(batch.slice(first, count))
}

/// The task number of every frame, by episode; only the index columns are read.
pub(crate) fn task_numbers(dataset: &Dataset) -> Result<Vec<Vec<i64>>> {
    let mut files: BTreeMap<PathBuf, BTreeMap<i64, Vec<i64>>> = BTreeMap::new();
    let mut out = Vec::with_capacity(dataset.len());
    for (episode, row) in dataset.episodes().iter().enumerate() {
        let path = data_path(dataset, episode)?;
        if !files.contains_key(&path) {
            let index = |name: &str| name == "episode_index" || name == "task_index";
            let columns = parquet_io::read(&path, index, None)?;
            let mut episodes: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
            for batch in &columns.batches {
                let numbers = integers(batch, "episode_index", &path)?;
                let tasks = integers(batch, "task_index", &path)?;
                for (episode, task) in numbers.into_iter().zip(tasks) {
                    episodes.entry(episode).or_default().push(task);
                }
            }
            files.insert(path.clone(), episodes);
        }
        let key = episode as i64;
        let tasks = files.get_mut(&path).and_then(|file| file.remove(&key));
        let tasks = tasks.unwrap_or_default();
        if tasks.len() as u64 != row.length {
            return Err(DatasetError::Disagree {
                what: format!("the frames of episode {episode} in {}", path.display()),
                place: "the episode table",
                expected: row.length,
                found: tasks.len() as u64,
            });
        }
        out.push(tasks);
    }
    Ok(out)
}

/// A column in the one form in which ulna writes its feature; the error says what doesn't fit.
pub(crate) fn canonical(feature: &Feature, column: &ArrayRef) -> Result<ArrayRef, String> {
    match &feature.dtype {
        Dtype::Number(number) => canonical_numbers(feature, *number, column),
        Dtype::String => {
            let texts = table::strings(column)?;
            Ok(Arc::new(texts.into_iter().collect::<StringArray>()))
        }
        _ => Ok(column.clone()),
    }
}

fn canonical_numbers(
    feature: &Feature,
    number: Number,
    column: &ArrayRef,
) -> Result<ArrayRef, String> {
    let leaf = leaf_type(number);
    if *column.data_type() == nested_type(leaf.clone(), &feature.shape)? {
        return Ok(column.clone());
    }
    let width = feature.width();
    if let Some(leaves) = table::leaves_of(column, width, &leaf)? {
        // The numbers stay what they are, 64-bit whole ones too.
        return nest(leaves, &feature.shape);
    }
    let mut values = Vec::new();
    table::append_numbers(column, width, &mut values)?;
    table::column(number, &feature.shape, &values)
}

fn leaf_type(number: Number) -> DataType {
    match number {
        Number::Bool => DataType::Boolean,
        Number::Int8 => DataType::Int8,
        Number::Int16 => DataType::Int16,
        Number::Int32 => DataType::Int32,
        Number::Int64 => DataType::Int64,
        Number::UInt8 => DataType::UInt8,
        Number::UInt16 => DataType::UInt16,
        Number::UInt32 => DataType::UInt32,
        Number::UInt64 => DataType::UInt64,
        Number::Float16 => DataType::Float16,
        Number::Float32 => DataType::Float32,
        Number::Float64 => DataType::Float64,
    }
}

fn nested_type(leaf: DataType, shape: &[usize]) -> Result<DataType, String> {
    let mut kind = leaf;
    for size in sizes(shape) {
        let field = Arc::new(Field::new("element", kind, true));
        kind = DataType::FixedSizeList(field, list_size(size)?);
    }
    Ok(kind)
}

/// Nests flat numbers by a shape, as [`table::column`] does.
fn nest(leaves: ArrayRef, shape: &[usize]) -> Result<ArrayRef, String> {
    let mut array = leaves;
    for size in sizes(shape) {
        let field = Arc::new(Field::new("element", array.data_type().clone(), true));
        let list = FixedSizeListArray::try_new(field, list_size(size)?, array, None);
        array = Arc::new(list.map_err(|e| e.to_string())?);
    }
    Ok(array)
}

/// The list sizes from the innermost outwards; scalars are no lists.
fn sizes(shape: &[usize]) -> impl Iterator<Item = usize> {
    let shape = if shape == [1] { &[] } else { shape };
    shape.iter().rev().copied()
}

fn list_size(size: usize) -> Result<i32, String> {
    i32::try_from(size).map_err(|_| "has a size beyond 2^31".to_owned())
}
