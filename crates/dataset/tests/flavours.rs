//! The same data as other programs write it: other list types, widths, names, orders and compressions.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeListArray, Float32Array, Float64Array, Int32Array,
    Int64Array, LargeListArray, ListArray, RecordBatch, UInt64Array,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use ulna_dataset::{Dataset, ItemOptions, Writer};

const LENGTHS: [usize; 3] = [40, 25, 31];
const DATA: &str = "data/chunk-000/file-000.parquet";

#[derive(Clone, Copy, Debug)]
enum List {
    Fixed,
    Variable,
    Large,
}

#[derive(Clone, Debug)]
struct Flavour {
    list: List,
    item: &'static str,
    double: bool,
    narrow: u8,
    reversed: bool,
    nullable: bool,
    compression: Compression,
    rows_a_group: usize,
    arrow_schema: bool,
}

fn vector(column: &ArrayRef, flavour: &Flavour) -> ArrayRef {
    let list = column.as_fixed_size_list();
    let width = usize::try_from(list.value_length()).unwrap();
    let values = list.values().as_primitive::<Float32Type>();
    let values: ArrayRef = match flavour.double {
        true => Arc::new(
            values
                .iter()
                .map(|v| v.map(f64::from))
                .collect::<Float64Array>(),
        ),
        false => Arc::new(values.iter().collect::<Float32Array>()),
    };
    let kind = values.data_type().clone();
    let field = Arc::new(Field::new(flavour.item, kind, flavour.nullable));
    let lengths = std::iter::repeat_n(width, list.len());
    match flavour.list {
        List::Fixed => {
            let width = i32::try_from(width).unwrap();
            Arc::new(FixedSizeListArray::new(field, width, values, None))
        }
        List::Variable => {
            let offsets = OffsetBuffer::from_lengths(lengths);
            Arc::new(ListArray::new(field, offsets, values, None))
        }
        List::Large => {
            let offsets = OffsetBuffer::from_lengths(lengths);
            Arc::new(LargeListArray::new(field, offsets, values, None))
        }
    }
}

fn integers(column: &ArrayRef, flavour: &Flavour) -> ArrayRef {
    let values: Vec<i64> = column.as_primitive::<Int64Type>().values().to_vec();
    match flavour.narrow {
        0 => Arc::new(Int64Array::from(values)),
        1 => Arc::new(
            values
                .iter()
                .map(|v| Some(*v as i32))
                .collect::<Int32Array>(),
        ),
        _ => Arc::new(
            values
                .iter()
                .map(|v| Some(*v as u64))
                .collect::<UInt64Array>(),
        ),
    }
}

/// Puts the rows of all data files into one, in another flavour.
fn rewrite(root: &Path, flavour: &Flavour) {
    let mut batches = Vec::new();
    for file in 0..LENGTHS.len() {
        let file = root.join(format!("data/chunk-000/file-00{file}.parquet"));
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&file).unwrap());
        batches.extend(reader.unwrap().build().unwrap().map(Result::unwrap));
        std::fs::remove_file(file).unwrap();
    }
    let batches = batches.iter().map(|batch| {
        let schema = batch.schema();
        let mut columns: Vec<(Field, ArrayRef)> = Vec::new();
        for (field, column) in schema.fields().iter().zip(batch.columns()) {
            let column: ArrayRef = match column.data_type() {
                arrow_schema::DataType::FixedSizeList(..) => vector(column, flavour),
                arrow_schema::DataType::Int64 => integers(column, flavour),
                arrow_schema::DataType::Boolean => {
                    Arc::new(column.as_boolean().iter().collect::<BooleanArray>())
                }
                _ => Arc::clone(column),
            };
            let kind = column.data_type().clone();
            columns.push((Field::new(field.name(), kind, flavour.nullable), column));
        }
        if flavour.reversed {
            columns.reverse();
        }
        let (fields, columns): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
    });
    let batches: Vec<RecordBatch> = batches.collect();
    let properties = WriterProperties::builder()
        .set_compression(flavour.compression)
        .set_max_row_group_row_count(Some(flavour.rows_a_group))
        .build();
    let file = File::create(root.join(DATA)).unwrap();
    let options = parquet::arrow::arrow_writer::ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(!flavour.arrow_schema);
    let mut writer = ArrowWriter::try_new_with_options(file, batches[0].schema(), options).unwrap();
    for batch in &batches {
        writer.write(batch).unwrap();
    }
    writer.close().unwrap();
    one_data_file(root);
}

/// Lets all episode tables name the first data file.
fn one_data_file(root: &Path) {
    for table in 0..LENGTHS.len() {
        let path = root.join(format!("meta/episodes/chunk-000/file-00{table}.parquet"));
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap());
        let batch = reader.unwrap().build().unwrap().next().unwrap().unwrap();
        let at = batch.schema().index_of("data/file_index").unwrap();
        let mut columns = batch.columns().to_vec();
        columns[at] = Arc::new(Int64Array::from(vec![0]));
        let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
        let file = File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
}

fn original() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::spec()).unwrap();
    for (episode, frames) in LENGTHS.into_iter().enumerate() {
        let parts = support::record(&mut writer, episode, frames);
        writer.commit(&parts).unwrap();
    }
    dir
}

fn reads_the_same(flavour: &Flavour) {
    let dir = original();
    rewrite(dir.path(), flavour);
    support::verify(dir.path(), &LENGTHS);
    let dataset = Dataset::open(dir.path()).unwrap();
    let options =
        ItemOptions::default().windows([("action".to_owned(), vec![-0.1, 0.0, 0.1])].into());
    let mut items = dataset.items(&options).unwrap();
    let mut position = 0;
    for (episode, frames) in LENGTHS.into_iter().enumerate() {
        for frame in 0..frames {
            let item = items.get(position).unwrap();
            let row = |frame: usize| support::row(episode, frame);
            let action = item.value("action").unwrap().as_f32().unwrap();
            let (before, after) = (frame.saturating_sub(3), (frame + 3).min(frames - 1));
            let expected = [row(before), row(frame), row(after)].map(|row| row[..3].to_vec());
            let expected: Vec<f32> = expected.concat().iter().map(|v| *v as f32).collect();
            assert_eq!(action, expected);
            let stale = item.value("ulna.stale").unwrap().numbers().unwrap();
            assert_eq!(stale.to_f64(), &row(frame)[9..]);
            position += 1;
        }
    }
    assert_eq!(ulna_dataset::check(dir.path()).findings, []);
}

fn flavours() -> impl Strategy<Value = Flavour> {
    (
        prop::sample::select(vec![List::Fixed, List::Variable, List::Large]),
        prop::sample::select(vec!["item", "element", "array", "list"]),
        any::<[bool; 4]>(),
        0_u8..3,
        prop::sample::select(vec![
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(GzipLevel::default()),
            Compression::ZSTD(ZstdLevel::default()),
            Compression::LZ4,
            Compression::LZ4_RAW,
            Compression::BROTLI(BrotliLevel::default()),
        ]),
        prop::sample::select(vec![7, 40, 1000]),
    )
        .prop_map(|(list, item, flags, narrow, compression, rows_a_group)| {
            let [double, reversed, nullable, arrow_schema] = flags;
            Flavour {
                list,
                item,
                double,
                narrow,
                reversed,
                nullable,
                compression,
                rows_a_group,
                arrow_schema,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_flavour_reads_the_same(flavour in flavours()) {
        reads_the_same(&flavour);
    }
}
