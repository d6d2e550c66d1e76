//! Rows of the data files as they are stored, whatever their types, and in the form in which they are written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, FixedSizeListArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field};
use arrow_select::concat::concat_batches;

use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature, Number};
use crate::reader::Dataset;
use crate::rows::Cursor;
use crate::table;

/// The data file that an episode's first row is in.
pub(crate) fn data_path(dataset: &Dataset, episode: usize) -> Result<PathBuf> {
    let stretches = dataset.stretches(episode)?;
    let first = stretches.first().map(|one| one.path.to_path_buf());
    first.ok_or_else(|| {
        DatasetError::invalid(format!("episode {episode}"), "has no rows in any data file")
    })
}

/// Reads whole episodes of a dataset, best in ascending order: then a file of many is decoded once.
#[derive(Debug)]
pub(crate) struct SourceRows<'a> {
    dataset: &'a Dataset,
    cursor: Option<Cursor>,
}

impl<'a> SourceRows<'a> {
    pub(crate) fn new(dataset: &'a Dataset) -> SourceRows<'a> {
        SourceRows {
            dataset,
            cursor: None,
        }
    }

    /// All columns of an episode.
    pub(crate) fn episode(&mut self, episode: usize) -> Result<RecordBatch> {
        let mut schema = None;
        let mut batches = Vec::new();
        let mut path = PathBuf::new();
        for stretch in self.dataset.stretches(episode)? {
            let cursor = match self.cursor.take() {
                Some(cursor) if cursor.path() == &*stretch.path => cursor,
                _ => Cursor::open(&stretch.path, &|_| true)?,
            };
            let cursor = self.cursor.insert(cursor);
            batches.extend(cursor.rows(stretch.rows)?);
            schema.get_or_insert_with(|| cursor.schema().clone());
            path = stretch.path.to_path_buf();
        }
        let schema = schema.unwrap_or_else(|| Arc::new(arrow_schema::Schema::empty()));
        concat_batches(&schema, &batches).map_err(|e| DatasetError::parquet(&path, &e))
    }
}

/// The data file that an episode's rows fill from its first to its last row, together with those of the other episodes of
/// a run; none if the file holds anything else.
pub(crate) fn whole_file(dataset: &Dataset, episodes: &[usize]) -> Result<Option<PathBuf>> {
    let mut next = 0;
    let mut path: Option<Arc<Path>> = None;
    for episode in episodes {
        let stretches = dataset.stretches(*episode)?;
        let [one] = stretches.as_slice() else {
            return Ok(None);
        };
        let path = path.get_or_insert_with(|| Arc::clone(&one.path));
        if *path != one.path || one.rows.start != next {
            return Ok(None);
        }
        next = one.rows.end;
    }
    let Some(path) = path else {
        return Ok(None);
    };
    let rows = crate::parquet_io::row_count(&path)?;
    Ok((rows == next as u64).then(|| path.to_path_buf()))
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
    let gaps = column.null_count() > 0 && table::nesting(column.data_type()) > 0;
    if gaps {
        let mut values = Vec::new();
        table::append_numbers(column, width, &mut values)?;
        return table::column(number, &feature.shape, &values);
    }
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
