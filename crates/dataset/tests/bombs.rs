//! Promise: what a file makes a reader take of memory stands in proportion to its bytes, and the error tells the limit.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, Float32Array, Int64Array, ListArray, RecordBatch,
    StringArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::WriterProperties;
use shiguredo_mp4::boxes::{MoovBox, StszBox};
use shiguredo_mp4::{Decode, Either, Encode};
use ulna_dataset::{CheckOptions, Dataset, Pictures, Writer, check, grade};

const DATA: &str = "data/chunk-000/file-000.parquet";
const TABLE: &str = "meta/episodes/chunk-000/file-000.parquet";
const TASKS: &str = "meta/tasks.parquet";
const VIDEO: &str = "videos/observation.images.front/chunk-000/file-000.mp4";
/// The columns that every episode table has.
const EPISODE: [&str; 6] = [
    "episode_index",
    "length",
    "dataset_from_index",
    "dataset_to_index",
    "data/chunk_index",
    "data/file_index",
];
/// More than this on top of what the process had is too much, bytes.
const ALLOWED: u64 = 250 << 20;

fn status(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .unwrap();
    let kilobytes: u64 = line
        .trim_start_matches(':')
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    kilobytes << 10
}

/// Opens and examines the dataset; what was said, and how much memory that took, bytes.
fn examine(root: &Path) -> (String, u64) {
    // Resets the highest use of memory.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS");
    let mut said = Vec::new();
    match Dataset::open(root) {
        Err(error) => said.push(error.to_string()),
        Ok(dataset) => {
            said.extend(dataset.manifest().err().map(|e| e.to_string()));
            said.extend(dataset.stats().err().map(|e| e.to_string()));
            said.extend(dataset.episode_stats().err().map(|e| e.to_string()));
            for episode in 0..dataset.len().min(2) {
                said.extend(dataset.episode(episode).err().map(|e| e.to_string()));
            }
            if dataset.info().cameras().next().is_some() {
                let mut pictures = dataset.pictures(support::CAMERA).unwrap();
                said.extend(pictures.read(0, 0).err().map(|e| e.to_string()));
            }
        }
    }
    said.extend(
        check(root)
            .findings
            .into_iter()
            .map(|finding| finding.message),
    );
    let options = CheckOptions::default().pictures(Pictures::All);
    grade(root, &options, &mut |_| true).unwrap();
    (said.join("\n"), status("VmHWM").saturating_sub(before))
}

/// One at a time: the memory is that of the process.
static ALONE: Mutex<()> = Mutex::new(());

/// Examines a dataset in which `change` has replaced something.
fn bomb(name: &str, expected: &str, change: impl Fn(&Path)) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::camera_spec()).unwrap();
    for (episode, frames) in [3, 2].into_iter().enumerate() {
        let parts = support::record(&mut writer, episode, frames);
        writer.commit(&parts).unwrap();
    }
    drop(writer);
    change(dir.path());
    let (said, took) = examine(dir.path());
    assert!(said.contains(expected), "{name}: {said}");
    assert!(took < ALLOWED, "{name} took {} MB", took >> 20);
}

/// Writes a table whose batch comes `times` times.
fn table(path: &Path, batch: &RecordBatch, times: usize, properties: WriterProperties) {
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    for _ in 0..times {
        writer.write(batch).unwrap();
    }
    writer.close().unwrap();
    let size = path.metadata().unwrap().len();
    assert!(size < 8 << 20, "{size} bytes are no small file");
}

fn zstd() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build()
}

fn plain() -> WriterProperties {
    let options = WriterProperties::builder();
    options
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .build()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn equal_rows(rows: usize) -> RecordBatch {
    let whole = || Arc::new(Int64Array::from(vec![0; rows])) as ArrayRef;
    let joints = || {
        let field = Arc::new(Field::new("element", DataType::Float32, true));
        let values = Arc::new(Float32Array::from(vec![0.0; rows * 3]));
        Arc::new(FixedSizeListArray::new(field, 3, values, None)) as ArrayRef
    };
    batch(vec![
        ("action", joints()),
        ("observation.state", joints()),
        ("ulna.action_sent", joints()),
        (
            "ulna.stale",
            Arc::new(arrow_array::BooleanArray::from(vec![false; rows])),
        ),
        ("timestamp", Arc::new(Float32Array::from(vec![0.0; rows]))),
        ("frame_index", whole()),
        ("episode_index", whole()),
        ("index", whole()),
        ("task_index", whole()),
    ])
}

fn lists(values: ArrayRef, lengths: &[usize]) -> ArrayRef {
    let field = Arc::new(Field::new("element", values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(lengths.iter().copied());
    Arc::new(ListArray::new(field, offsets, values, None))
}

/// A file that is nothing but a footer.
fn bare_footer(path: &Path, footer: &[u8]) {
    let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
    let bytes = [b"PAR1", footer, &length, b"PAR1"].concat();
    std::fs::write(path, bytes).unwrap();
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// A schema of so many groups, each in the one before it, in Thrift's compact protocol.
fn nested_schema(groups: usize) -> Vec<u8> {
    let mut out = vec![0xfc];
    out.extend(varint(groups as u64 + 1));
    for _ in 0..groups {
        // repetition 0, name "a", one child.
        out.extend([0x35, 0x00, 0x18, 0x01, b'a', 0x15, 0x02, 0x00]);
    }
    // A leaf of whole numbers.
    out.extend([0x15, 0x04, 0x25, 0x00, 0x18, 0x01, b'b', 0x00]);
    out
}

#[test]
fn no_table_fills_the_memory() {
    let limit = "so that a damaged or hostile one cannot fill the memory";
    bomb("equal rows", limit, |root| {
        table(&root.join(DATA), &equal_rows(1 << 20), 6, zstd());
    });
    bomb("a text that is one letter", limit, |root| {
        let text = Arc::new(StringArray::from(vec!["a".repeat(160 << 20)]));
        let numbers = Arc::new(Int64Array::from(vec![0]));
        let batch = batch(vec![("task_index", numbers), ("task", text)]);
        table(&root.join(TASKS), &batch, 1, plain());
    });
    bomb("a task that is no task", "bytes; at most", |root| {
        let text = Arc::new(StringArray::from(vec!["a".repeat(20 << 20)]));
        let numbers = Arc::new(Int64Array::from(vec![0]));
        let batch = batch(vec![("task_index", numbers), ("task", text)]);
        table(&root.join(TASKS), &batch, 1, plain());
    });
    bomb("a million tasks", limit, |root| {
        let texts: Vec<String> = (0..1_000_000).map(|n| format!("t{n}")).collect();
        let numbers = Arc::new(Int64Array::from((0..1_000_000).collect::<Vec<i64>>()));
        let batch = batch(vec![
            ("task_index", numbers as ArrayRef),
            ("task", Arc::new(StringArray::from(texts))),
        ]);
        table(&root.join(TASKS), &batch, 1, plain());
    });
    bomb("a long text again and again", limit, |root| {
        let long = "b".repeat(200 << 10);
        let text = Arc::new(StringArray::from(vec![long.as_str(); 100]));
        let numbers = Arc::new(Int64Array::from((0..100).collect::<Vec<i64>>()));
        let batch = batch(vec![("task_index", numbers), ("task", text)]);
        table(&root.join(TASKS), &batch, 30, zstd());
    });
    bomb("texts that begin as the one before", limit, |root| {
        let long = "c".repeat(200 << 10);
        let text = Arc::new(StringArray::from(vec![long.as_str(); 100]));
        let numbers = Arc::new(Int64Array::from((0..100).collect::<Vec<i64>>()));
        let batch = batch(vec![("task_index", numbers), ("task", text)]);
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_column_encoding("task".into(), Encoding::DELTA_BYTE_ARRAY)
            .build();
        table(&root.join(TASKS), &batch, 30, properties);
    });
    bomb("episodes without end", limit, |root| {
        let whole = || Arc::new(Int64Array::from(vec![0; 1 << 20])) as ArrayRef;
        let columns = EPISODE.into_iter().map(|name| (name, whole()));
        table(&root.join(TABLE), &batch(columns.collect()), 3, zstd());
    });
    bomb("an episode of any number of tasks", limit, |root| {
        let whole = || Arc::new(Int64Array::from(vec![0])) as ArrayRef;
        let mut columns: Vec<(&str, ArrayRef)> = EPISODE.map(|name| (name, whole())).into();
        let texts = Arc::new(StringArray::from(vec![""; 4 << 20]));
        columns.push(("tasks", lists(texts, &[4 << 20])));
        table(&root.join(TABLE), &batch(columns), 1, zstd());
    });
    bomb("statistics without end", limit, |root| {
        let whole = || Arc::new(Int64Array::from(vec![0])) as ArrayRef;
        let mut columns: Vec<(&str, ArrayRef)> = EPISODE.map(|name| (name, whole())).into();
        let numbers = Arc::new(Float32Array::from(vec![0.0; 8 << 20]));
        columns.push(("stats/action/min", lists(numbers, &[8 << 20])));
        table(&root.join(TABLE), &batch(columns), 1, zstd());
    });
}

#[test]
fn no_footer_fills_the_memory_or_the_stack() {
    for groups in [1, 40, 100_000] {
        bomb("a deep schema", "", |root| {
            let mut footer = vec![0x15, 0x02, 0x19];
            footer.extend(nested_schema(groups));
            // No rows, and no groups of them.
            footer.extend([0x16, 0x00, 0x19, 0x0c, 0x00]);
            for file in [DATA, TABLE, TASKS] {
                bare_footer(&root.join(file), &footer);
            }
        });
    }
    for count in [1_u64 << 31, (1 << 31) - 1, u64::MAX >> 1] {
        bomb("a list that is not there", "footer is damaged", |root| {
            let mut footer = vec![0x15, 0x02, 0x19];
            footer.extend(nested_schema(1));
            footer.extend([0x16, 0x00, 0x19, 0xfc]);
            footer.extend(varint(count));
            bare_footer(&root.join(DATA), &footer);
        });
    }
    bomb("children that are not there", "footer is damaged", |root| {
        // A root of 2^30 children.
        let mut footer = vec![0x15, 0x02, 0x19, 0x1c, 0x35, 0x00, 0x18, 0x01, b'a', 0x15];
        footer.extend(varint(1 << 31));
        footer.extend([0x00, 0x16, 0x00, 0x19, 0x0c, 0x00]);
        bare_footer(&root.join(DATA), &footer);
    });
}

/// The index of the sound video, changed, before as many bytes of pictures.
fn video(root: &Path, pictures: usize, change: impl Fn(&mut MoovBox)) {
    let path = root.join(VIDEO);
    let bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(4).position(|four| four == b"moov").unwrap() - 4;
    let (mut moov, _) = MoovBox::decode(&bytes[at..]).unwrap();
    change(&mut moov);
    let mut out = bytes[..at].to_vec();
    out.extend(moov.encode_to_vec().unwrap());
    let length = u32::try_from(pictures + 8).unwrap();
    out.extend(length.to_be_bytes());
    out.extend(b"mdat");
    out.resize(out.len() + pictures, 0);
    std::fs::write(&path, out).unwrap();
}

/// Says that the track has `chunks` chunks, all at the same place, of `each` pictures.
fn repeat(moov: &mut MoovBox, chunks: u32, each: u32) {
    let table = &mut moov.trak_boxes[0].mdia_box.minf_box.stbl_box;
    table.stts_box.entries.truncate(1);
    table.stts_box.entries[0].sample_count = chunks * each;
    table.stsc_box.entries.truncate(1);
    table.stsc_box.entries[0].sample_per_chunk = each;
    table.stss_box = None;
    table.ctts_box = None;
    let offsets = vec![64; chunks as usize];
    table.stco_or_co64_box = Either::A(shiguredo_mp4::boxes::StcoBox {
        chunk_offsets: offsets,
    });
    table.stsz_box = StszBox::Fixed {
        sample_size: std::num::NonZeroU32::MIN,
        sample_count: chunks * each,
    };
}

#[test]
fn no_video_fills_the_memory() {
    bomb(
        "2^31 pictures of one size",
        "pictures; of a file of",
        |root| {
            video(root, 64, |moov| repeat(moov, 1 << 17, 1 << 14));
        },
    );
    bomb(
        "2^31 pictures in one chunk",
        "pictures; of a file of",
        |root| {
            video(root, 64, |moov| repeat(moov, 1, 1 << 31));
        },
    );
    bomb(
        "pictures upon each other",
        "together longer than its",
        |root| {
            video(root, 1 << 16, |moov| {
                repeat(moov, 1 << 18, 1);
                let table = &mut moov.trak_boxes[0].mdia_box.minf_box.stbl_box;
                table.stsz_box = StszBox::Variable {
                    entry_sizes: vec![60_000; 1 << 18],
                };
            });
        },
    );
    bomb("a sound track of 2^31 pieces", "", |root| {
        video(root, 1 << 16, |moov| {
            let mut sound = moov.trak_boxes[0].clone();
            sound.mdia_box.hdlr_box.handler_type = *b"soun";
            let table = &mut sound.mdia_box.minf_box.stbl_box;
            table.stts_box.entries.truncate(1);
            table.stts_box.entries[0].sample_delta = 0;
            moov.trak_boxes.push(sound);
            let mut both = moov.clone();
            both.trak_boxes.swap(0, 1);
            repeat(&mut both, 1, 1 << 31);
            moov.trak_boxes[1] = both.trak_boxes[0].clone();
        });
    });
    bomb("boxes without end", "its index", |root| {
        let path = root.join(VIDEO);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.windows(4).position(|four| four == b"moov").unwrap() - 4;
        bytes.truncate(at);
        bytes.extend([0, 0, 0, 8, b'f', b'r', b'e', b'e'].repeat(1 << 18));
        std::fs::write(path, bytes).unwrap();
    });
    bomb("an index of small boxes", "its index", |root| {
        let path = root.join(VIDEO);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.windows(4).position(|four| four == b"moov").unwrap() - 4;
        bytes.truncate(at);
        let inner = [0, 0, 0, 8, b'a', b'b', b'c', b'd'].repeat(3 << 20);
        bytes.extend(u32::try_from(inner.len() + 8).unwrap().to_be_bytes());
        bytes.extend(b"moov");
        bytes.extend(inner);
        std::fs::write(path, bytes).unwrap();
    });
}

#[test]
fn no_text_fills_the_memory() {
    let values = format!("[{}0]", "0,".repeat(12 << 20));
    for (file, limit) in [
        ("meta/info.json", "larger than 4 MiB"),
        ("meta/stats.json", "values; at most"),
        ("meta/ulna/manifest.json", "values; at most"),
    ] {
        bomb(file, limit, |root| {
            std::fs::write(root.join(file), format!("{{\"a\": {values}}}")).unwrap();
        });
    }
    let old = |root: &Path| {
        let path = root.join("meta/info.json");
        let info = std::fs::read_to_string(&path).unwrap();
        let info = info.replace("\"v3.0\"", "\"v2.1\"");
        let mut info: serde_json::Value = serde_json::from_str(&info).unwrap();
        info.as_object_mut().unwrap().remove("data_path");
        info.as_object_mut().unwrap().remove("video_path");
        std::fs::write(path, info.to_string()).unwrap();
    };
    bomb("a line without end", "longer than 16 MiB", |root| {
        old(root);
        let line = format!("{{\"task_index\": 0, \"task\": \"{}", "x".repeat(40 << 20));
        std::fs::write(root.join("meta/tasks.jsonl"), line).unwrap();
    });
    bomb("a line of values", "values; at most", |root| {
        old(root);
        std::fs::write(root.join("meta/tasks.jsonl"), &values[..14 << 20]).unwrap();
    });
}

/// The limits are far from what recordings need: a long one in which nothing moves.
#[test]
fn a_long_recording_of_an_arm_that_rests_is_read() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::spec()).unwrap();
    let mut rows = writer.begin_episode().unwrap();
    let row = support::row(0, 0);
    for _ in 0..60_000 {
        rows.push_row("rest", &row).unwrap();
    }
    let parts = rows.finish(Vec::new(), None).unwrap();
    writer.commit(&parts).unwrap();
    let dataset = Dataset::open(dir.path()).unwrap();
    assert_eq!(dataset.episode(0).unwrap().len(), 60_000);
    assert!(check(dir.path()).is_sound());
}
