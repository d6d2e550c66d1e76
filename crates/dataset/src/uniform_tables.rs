//! Many small tables of one writer, such as the episode tables of a recording that has not been compacted: the first tells the
//! schema, and of the others only the values are read, as long as their schema is the same, bit for bit.
//!
//! Footers are the parquet library's to decode, with the schema that is known and without statistics. Opening 1,000 tables of 119 columns takes 37 ms of CPU
//! so, 5 of them for reading the bytes (release; a decoder of our own took 23). The library's record batches would take 1.7 times as long with the same
//! footers, and 2.8 times with footers of their own, before anything has looked at how large pages become; so values are read column by column here.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, ListArray, RecordBatch};
use arrow_buffer::OffsetBuffer;
use arrow_schema::Field;
use bytes::Bytes;
use parquet::basic::{Compression, ConvertedType, LogicalType, Type};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaDataOptions, ParquetMetaDataReader, ParquetStatisticsPolicy,
};
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, SchemaDescPtr};

use crate::budget::Budget;
use crate::footer::Footer;
use crate::parquet_io::guarded;
use crate::parquet_source::Source;
use crate::{pages, table};

/// Tables with more rows in a group aren't small.
const MAX_ROWS: i64 = 4096;

/// A page of a small table unfolds to no more bytes than this.
const MAX_PAGE: u64 = 8 << 20;
/// Bytes that a value takes in memory, in a row of which it is a part.
const PER_VALUE: u64 = 48;

/// The columns of tables with the same schema, one table after the other.
#[derive(Debug)]
pub(crate) struct UniformTables {
    schema: Vec<u8>,
    /// How the library decodes the other footers.
    options: ParquetMetaDataOptions,
    /// Where the wanted columns are among all of them.
    places: Vec<usize>,
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    name: String,
    leaf: ColumnDescPtr,
    values: TableValues,
}

#[derive(Debug)]
enum TableValues {
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    /// The texts of all rows, and how many each row has.
    Texts(Vec<String>, Vec<usize>),
}

impl UniformTables {
    /// Prepares for tables with the schema of this file; none when one of the wanted columns is not a plain one: whole numbers or
    /// floating-point numbers of 64 bits, or lists of texts.
    pub(crate) fn of(file: &[u8], wanted: impl Fn(&str) -> bool) -> Option<UniformTables> {
        let footer = Footer::of(file)?;
        let schema = ParquetMetaDataReader::decode_schema(footer.bytes()).ok()?;
        let mut tables = UniformTables {
            schema: footer.schema().to_owned(),
            options: without_statistics(schema.clone()),
            places: Vec::new(),
            columns: Vec::new(),
        };
        for (place, leaf) in schema.columns().iter().enumerate() {
            let name = leaf.path().parts().first()?;
            if wanted(name) {
                if tables.columns.iter().any(|column| column.name == *name) {
                    return None;
                }
                tables.places.push(place);
                tables.columns.push(Column {
                    name: name.clone(),
                    leaf: leaf.clone(),
                    values: values_of(leaf)?,
                });
            }
        }
        Some(tables)
    }

    /// Adds the rows of a table. False, and nothing added, when its schema is another one or anything about it is unusual.
    pub(crate) fn append(&mut self, path: &Path, file: &Bytes, budget: &mut Budget) -> bool {
        let before: Vec<usize> = self.columns.iter().map(|c| c.values.rows()).collect();
        let unspent = budget.clone();
        budget.file(file.len() as u64);
        let appended = guarded(path, || Ok(self.read(file, budget).is_some())).unwrap_or(false);
        if !appended {
            *budget = unspent;
            for (column, rows) in self.columns.iter_mut().zip(before) {
                column.values.truncate(rows);
            }
        }
        appended
    }

    fn read(&mut self, file: &Bytes, budget: &mut Budget) -> Option<()> {
        let footer = Footer::of(file)?;
        if footer.schema() != self.schema || !footer.is_whole() {
            return None;
        }
        let options = Some(&self.options);
        let metadata =
            ParquetMetaDataReader::decode_metadata_with_options(footer.bytes(), options).ok()?;
        let source = Arc::new(file.clone());
        for group in metadata.row_groups() {
            if group.num_rows() > MAX_ROWS {
                return None;
            }
            let rows = usize::try_from(group.num_rows()).ok()?;
            for (column, place) in self.columns.iter_mut().zip(&self.places) {
                let chunk = group.columns().get(*place)?;
                fits(file, chunk, budget)?;
                let pages = Pages {
                    source: &source,
                    leaf: &column.leaf,
                    chunk,
                    rows,
                };
                pages.append_to(&mut column.values)?;
            }
        }
        Some(())
    }

    /// What has been added; none when nothing has.
    pub(crate) fn into_batch(self) -> Result<Option<RecordBatch>, String> {
        let rows = self.columns.first().map_or(0, |c| c.values.rows());
        if rows == 0 {
            return Ok(None);
        }
        let columns = self.columns.into_iter().map(|column| {
            let array = column.values.into_array();
            array.map(|array| table::named(column.name, array))
        });
        table::batch(columns.collect::<Result<_, _>>()?).map(Some)
    }
}

/// Takes what a column would unfold to. What is more than that of usual tables is looked at closely elsewhere.
fn fits(file: &Bytes, chunk: &ColumnChunkMetaData, budget: &mut Budget) -> Option<()> {
    let first = chunk
        .dictionary_page_offset()
        .unwrap_or(chunk.data_page_offset());
    let (start, length) = (
        u64::try_from(first).ok()?,
        u64::try_from(chunk.compressed_size()).ok()?,
    );
    let pages = pages::walk(&Source::Whole(file.clone()), start, length)?;
    let texts = pages.values.saturating_mul(pages.dictionary);
    let bytes = pages
        .bytes
        .saturating_add(pages.values.saturating_mul(PER_VALUE));
    let usual = pages.largest <= MAX_PAGE && texts <= MAX_PAGE && pages.shared == 0;
    (usual && budget.take(bytes.saturating_add(texts))).then_some(())
}

/// The kind of values that a column has, if it is a plain one.
fn values_of(leaf: &ColumnDescriptor) -> Option<TableValues> {
    let levels = (leaf.path().parts().len(), leaf.max_rep_level());
    let plain = match leaf.logical_type_ref() {
        None => leaf.converted_type() == ConvertedType::NONE,
        Some(LogicalType::Integer {
            bit_width,
            is_signed,
        }) => *bit_width == 64 && *is_signed,
        Some(_) => false,
    };
    match (leaf.physical_type(), levels) {
        (Type::INT64, (1, 0)) if plain => Some(TableValues::Integers(Vec::new())),
        (Type::DOUBLE, (1, 0)) if plain => Some(TableValues::Numbers(Vec::new())),
        (Type::BYTE_ARRAY, (3, 1)) if leaf.converted_type() == ConvertedType::UTF8 => {
            Some(TableValues::Texts(Vec::new(), Vec::new()))
        }
        _ => None,
    }
}

impl TableValues {
    fn rows(&self) -> usize {
        match self {
            TableValues::Integers(values) => values.len(),
            TableValues::Numbers(values) => values.len(),
            TableValues::Texts(_, lengths) => lengths.len(),
        }
    }

    fn truncate(&mut self, rows: usize) {
        match self {
            TableValues::Integers(values) => values.truncate(rows),
            TableValues::Numbers(values) => values.truncate(rows),
            TableValues::Texts(texts, lengths) => {
                lengths.truncate(rows);
                texts.truncate(lengths.iter().sum());
            }
        }
    }

    fn into_array(self) -> Result<ArrayRef, String> {
        Ok(match self {
            TableValues::Integers(values) => Arc::new(Int64Array::from(values)),
            TableValues::Numbers(values) => Arc::new(Float64Array::from(values)),
            TableValues::Texts(texts, lengths) => {
                let texts = table::text(texts);
                let field = Arc::new(Field::new("element", texts.data_type().clone(), true));
                let offsets = OffsetBuffer::from_lengths(lengths);
                let lists = ListArray::try_new(field, offsets, texts, None);
                Arc::new(lists.map_err(|e| e.to_string())?)
            }
        })
    }
}

/// The pages of one column in one group of rows.
struct Pages<'a> {
    source: &'a Arc<Bytes>,
    leaf: &'a ColumnDescPtr,
    chunk: &'a ColumnChunkMetaData,
    rows: usize,
}

impl Pages<'_> {
    fn append_to(&self, values: &mut TableValues) -> Option<()> {
        match values {
            TableValues::Integers(out) => {
                let found = self.read::<Int64Type>()?;
                let rows = found.values.len() == self.rows;
                rows.then(|| out.extend(found.values))
            }
            TableValues::Numbers(out) => {
                let found = self.read::<DoubleType>()?;
                let rows = found.values.len() == self.rows;
                rows.then(|| out.extend(found.values))
            }
            TableValues::Texts(out, lengths) => {
                let found = self.read::<ByteArrayType>()?;
                for text in &found.values {
                    out.push(std::str::from_utf8(text.data()).ok()?.to_owned());
                }
                for level in &found.repetition {
                    match (level, lengths.last_mut()) {
                        (0, _) => lengths.push(1),
                        (_, Some(length)) => *length += 1,
                        (_, None) => return None,
                    }
                }
                Some(())
            }
        }
    }

    /// All values, none of which may be missing.
    fn read<T: DataType>(&self) -> Option<Found<T::T>> {
        let elsewhere = self.chunk.file_path().is_some();
        if elsewhere || !is_usual(self.chunk.compression()) {
            return None;
        }
        let pages = SerializedPageReader::new(self.source.clone(), self.chunk, self.rows, None);
        let mut reader = ColumnReaderImpl::<T>::new(self.leaf.clone(), Box::new(pages.ok()?));
        let (mut values, mut repetition, mut definition) = (Vec::new(), Vec::new(), Vec::new());
        let mut records = 0;
        while records < self.rows {
            let left = self.rows - records;
            let (read, _, _) = reader
                .read_records(
                    left,
                    Some(&mut definition),
                    Some(&mut repetition),
                    &mut values,
                )
                .ok()?;
            if read == 0 {
                return None;
            }
            records += read;
        }
        let present = self.leaf.max_def_level();
        let complete = definition.iter().all(|level| *level == present);
        let repeated = self.leaf.max_rep_level() == 0 || repetition.len() == values.len();
        (complete && repeated).then_some(Found { values, repetition })
    }
}

struct Found<T> {
    values: Vec<T>,
    repetition: Vec<i16>,
}

/// Whether small tables are compressed in this way.
fn is_usual(compression: Compression) -> bool {
    matches!(
        compression,
        Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_)
    )
}

/// Neither reads the schema again nor statistics, of which a table of one row has none that say more than its values.
fn without_statistics(schema: SchemaDescPtr) -> ParquetMetaDataOptions {
    let skip = ParquetStatisticsPolicy::SkipAll;
    ParquetMetaDataOptions::new()
        .with_schema(schema)
        .with_column_stats_policy(skip.clone())
        .with_encoding_stats_policy(skip.clone())
        .with_size_stats_policy(skip)
}
