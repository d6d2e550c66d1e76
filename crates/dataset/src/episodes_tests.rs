use std::fs;
use std::path::PathBuf;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;

use super::*;
use crate::features::{Feature, Number};
use crate::footer::Footer;
use crate::writer::{Spec, Writer};

/// A dataset of episodes with one to three tasks, a table file each.
fn recorded(episodes: usize) -> (tempfile::TempDir, Info) {
    let folder = tempfile::tempdir().unwrap();
    let camera = "observation.images.front";
    let spec = Spec::new(30).features(vec![
        Feature::vector("action", Number::Float32, ["a", "b"]),
        Feature::camera(camera, 32, 32, 30),
    ]);
    let mut writer = Writer::create(folder.path(), &spec).unwrap();
    for episode in 0..episodes {
        let mut rows = writer.begin_episode().unwrap();
        let mut pictures = rows.video_encoder(camera).unwrap();
        for frame in 0..=episode {
            let task = ["push", "pull \u{bd}", "wait"][frame % 3];
            rows.push_row(task, &[0.5, 1.5]).unwrap();
            pictures.push(&[90; 32 * 32 * 3]).unwrap();
        }
        let video = pictures.finish().unwrap();
        let parts = rows.finish(vec![video], None).unwrap();
        writer.commit(&parts).unwrap();
    }
    (folder, writer.info().clone())
}

fn table(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("{EPISODES_DIR}/chunk-000/file-{number:03}.parquet"))
}

/// Both ways of reading, which must agree.
fn both(folder: &Path, info: &Info) -> Result<Vec<EpisodeRow>> {
    let (mut found, mut lost) = (Vec::new(), Vec::new());
    let quick = read_tables(folder, info, true, &mut found);
    let each = read_tables(folder, info, false, &mut lost);
    // What is damaged where one of them does not look is read by that one.
    if let (Ok(each), true) = (&each, lost.is_empty()) {
        assert_eq!(quick.as_ref().unwrap(), each);
        assert!(found.is_empty());
    }
    each
}

/// How many tables could not be read.
fn lost(folder: &Path, info: &Info) -> usize {
    let mut deviations = Vec::new();
    read_tables(folder, info, true, &mut deviations).unwrap();
    deviations.len()
}

#[test]
fn tables_of_one_schema_are_read_together() {
    let (folder, info) = recorded(5);
    let rows = both(folder.path(), &info).unwrap();
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[3].tasks, ["push", "pull \u{bd}", "wait"]);
    let mut tables = UniformTables::of(&fs::read(table(folder.path(), 0)).unwrap(), |name| {
        name == "length" || name == "tasks"
    })
    .unwrap();
    for number in 1..5 {
        let bytes = fs::read(table(folder.path(), number)).unwrap();
        assert!(tables.append(Path::new("a table"), &bytes.into(), &mut Budget::of(48)));
    }
    assert_eq!(tables.into_batch().unwrap().unwrap().num_rows(), 4);
}

#[test]
fn a_table_of_another_kind_among_them_changes_nothing() {
    let (folder, info) = recorded(6);
    let expected = both(folder.path(), &info).unwrap();
    let read = |number| {
        let path = table(folder.path(), number);
        parquet_io::read(&path, |_| true, None).unwrap().batches
    };
    let rewrite = |number, batch: &RecordBatch, compression| {
        let file = fs::File::create(table(folder.path(), number)).unwrap();
        let options = WriterProperties::builder().set_compression(compression);
        let options = Some(options.build());
        let mut writer = ArrowWriter::try_new(file, batch.schema(), options).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
    };
    // One with statistics and dictionaries, one whose columns come in another order, one that holds the next's row too.
    rewrite(2, &read(2)[0], Compression::UNCOMPRESSED);
    assert_eq!(both(folder.path(), &info).unwrap(), expected);
    let batch = &read(3)[0];
    let backwards: Vec<usize> = (0..batch.num_columns()).rev().collect();
    rewrite(3, &batch.project(&backwards).unwrap(), Compression::SNAPPY);
    assert_eq!(both(folder.path(), &info).unwrap(), expected);
    let pair = [read(4), read(5)].concat();
    let pair = concat_batches(&pair[0].schema(), &pair).unwrap();
    rewrite(4, &pair, Compression::SNAPPY);
    fs::remove_file(table(folder.path(), 5)).unwrap();
    assert_eq!(both(folder.path(), &info).unwrap(), expected);
}

#[test]
fn a_missing_value_costs_only_itself() {
    let (folder, info) = recorded(3);
    let sound = read(folder.path(), &info).unwrap().0;
    let path = table(folder.path(), 1);
    let batch = parquet_io::read(&path, |_| true, None).unwrap().batches[0].clone();
    for name in [
        "length",
        "dataset_from_index",
        "dataset_to_index",
        "tasks",
        "data/file_index",
    ] {
        let at = batch.schema().index_of(name).unwrap();
        let mut columns = batch.columns().to_vec();
        columns[at] = arrow_array::new_null_array(columns[at].data_type(), 1);
        let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
        fs::write(&path, parquet_io::episode_table(&path, &batch).unwrap()).unwrap();
        let (rows, deviations) = read(folder.path(), &info).unwrap();
        assert!(deviations.is_empty(), "{deviations:?}");
        assert_eq!((&rows[0], &rows[2]), (&sound[0], &sound[2]), "{name}");
        assert_eq!(rows[1].length, sound[1].length, "{name}");
        assert_eq!(rows[1].dataset_from, sound[1].dataset_from, "{name}");
    }
}

#[test]
fn damage_costs_a_table_or_does_not_matter() {
    let (folder, info) = recorded(3);
    let path = table(folder.path(), 1);
    let whole = fs::read(&path).unwrap();
    let sound = read(folder.path(), &info).unwrap();
    let mut refused = 0;
    for at in (0..whole.len()).step_by(29) {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            fs::write(&path, &bytes).unwrap();
            both(folder.path(), &info).unwrap();
            refused += lost(folder.path(), &info);
        }
    }
    assert!(refused > 5, "{refused}");
    for length in (0..whole.len()).step_by(97) {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(lost(folder.path(), &info), 1);
        let (rows, deviations) = read(folder.path(), &info).unwrap();
        assert!(rows.len() == 2 && deviations.iter().any(|found| found.fatal));
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(read(folder.path(), &info).unwrap(), sound);
}

proptest! {
    #[test]
    fn any_bytes_are_a_footer_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let file = [&bytes[..], &length, b"PAR1"].concat();
        for file in [&file[..], &bytes[..]] {
            if let Some(footer) = Footer::of(file) {
                prop_assert!(footer.schema().len() <= footer.bytes().len());
                let _ = footer.is_whole();
            }
        }
    }
}
