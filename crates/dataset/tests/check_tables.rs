//! Checking: damage within the tables, and around the dataset, is named where it is. Damage to whole files is in `check.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use support::{CAMERA, record};
use ulna_dataset::{CheckReport, Writer, check};

use arrow_array::builder::{Float64Builder, ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Float32Array, Int64Array, ListArray, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

/// Data and episode table of the second of two episodes.
const ROWS: &str = "data/chunk-000/file-001.parquet";
const TABLE: &str = "meta/episodes/chunk-000/file-001.parquet";

/// Two episodes of 4 and 3 frames with a camera, each in files of its own.
fn recorded(root: &Path) {
    let mut writer = Writer::create(root, &support::camera_spec()).unwrap();
    for (episode, frames) in [4, 3].into_iter().enumerate() {
        let parts = record(&mut writer, episode, frames);
        writer.commit(&parts).unwrap();
    }
}

fn damaged(damage: impl Fn(&Path)) -> CheckReport {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("cubes");
    recorded(&root);
    damage(&root);
    check(&root)
}

/// The finding is there, and says that it is about this episode.
fn named(code: &str, episode: Option<u64>, damage: impl Fn(&Path)) {
    let report = damaged(damage);
    let found = report.findings.iter().find(|finding| finding.code == code);
    let found = found.unwrap_or_else(|| panic!("{code} is not in {:?}", report.findings));
    assert_eq!(found.episode, episode, "{found:?}");
}

fn table(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap());
    reader.unwrap().build().unwrap().next().unwrap().unwrap()
}

fn put(path: &Path, batch: &RecordBatch) {
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Replaces a column of a table.
fn set(path: &Path, name: &str, column: ArrayRef) {
    let batch = table(path);
    let at = batch.schema().index_of(name).unwrap();
    let (mut fields, mut columns) = (batch.schema().fields().to_vec(), batch.columns().to_vec());
    fields[at] = Arc::new(Field::new(name, column.data_type().clone(), true));
    columns[at] = column;
    let schema = Arc::new(Schema::new(fields));
    put(path, &RecordBatch::try_new(schema, columns).unwrap());
}

fn whole(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn info(root: &Path, change: impl Fn(&mut Value)) {
    let path = root.join("meta/info.json");
    let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, value.to_string()).unwrap();
}

#[test]
fn numbers_that_do_not_follow_each_other_are_named() {
    named("range", Some(1), |root| {
        set(&root.join(TABLE), "dataset_from_index", whole(&[5]));
    });
    named("range", Some(1), |root| {
        set(&root.join(TABLE), "dataset_to_index", whole(&[8]));
    });
    named("length", None, |root| {
        set(&root.join(TABLE), "length", whole(&[2]));
    });
    named("frame-index", Some(1), |root| {
        set(&root.join(ROWS), "frame_index", whole(&[0, 2, 1]));
    });
    named("index", Some(1), |root| {
        set(&root.join(ROWS), "index", whole(&[4, 5, 7]));
    });
    named("timestamp", Some(1), |root| {
        let column = Float32Array::from(vec![0.0, 0.02, 0.07]);
        set(&root.join(ROWS), "timestamp", Arc::new(column));
    });
    named("task-index", Some(1), |root| {
        set(&root.join(ROWS), "task_index", whole(&[0, 7, 0]));
    });
    named("row-order", Some(0), |root| {
        let rows = |episode| root.join(format!("data/chunk-000/file-00{episode}.parquet"));
        let (first, second) = (table(&rows(0)), table(&rows(1)));
        put(&rows(0), &second);
        put(&rows(1), &first);
    });
}

#[test]
fn tables_that_say_something_else_are_named() {
    named("episode-tasks", Some(1), |root| {
        let mut tasks = ListBuilder::new(StringBuilder::new());
        tasks.append_value([Some("place")]);
        set(&root.join(TABLE), "tasks", Arc::new(tasks.finish()));
    });
    named("table-columns", None, |root| {
        let batch = table(&root.join(TABLE));
        let mut fields = batch.schema().fields().to_vec();
        fields.push(Arc::new(Field::new("stage", DataType::Int64, true)));
        let columns = [batch.columns(), &[whole(&[1])]].concat();
        let schema = Arc::new(Schema::new(fields));
        put(
            &root.join(TABLE),
            &RecordBatch::try_new(schema, columns).unwrap(),
        );
    });
    // Both episodes are said to lie at the beginning of the first file.
    named("video-span", Some(1), |root| {
        let column = format!("videos/{CAMERA}/file_index");
        set(&root.join(TABLE), &column, whole(&[0]));
    });
    // Whether or not ulna has recorded here.
    for is_ours in [true, false] {
        named("uncounted-episodes", None, |root| {
            if !is_ours {
                fs::remove_dir_all(root.join(".ulna")).unwrap();
            }
            info(root, |info| info["total_episodes"] = json!(1));
        });
    }
    // Statistics of an episode that are not those of its rows.
    named("episode-statistics", Some(1), |root| {
        let before = table(&root.join(TABLE));
        let column = before.column_by_name("stats/action/mean").unwrap();
        let means: &ListArray = column.as_list();
        let width = means.value(0).len();
        let mut changed = ListBuilder::new(Float64Builder::new());
        changed.append_value(vec![Some(77.0); width]);
        set(
            &root.join(TABLE),
            "stats/action/mean",
            Arc::new(changed.finish()),
        );
    });
}

#[test]
fn what_an_interruption_left_is_named() {
    named("interrupted-edit", None, |root| {
        let hidden = root.with_file_name(".cubes.ulna-old");
        fs::rename(root, &hidden).unwrap();
        fs::create_dir_all(hidden.join(".ulna")).unwrap();
        fs::write(hidden.join(".ulna/edit"), "").unwrap();
    });
    named("in-the-way", None, |root| {
        let _ = fs::remove_dir_all(root.join(".ulna"));
        fs::write(root.join(".ulna"), "").unwrap();
    });
}
