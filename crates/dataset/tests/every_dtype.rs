//! Datasets of every type and shape: written, read back, and recovered after a crash.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use ulna_dataset::{
    Dataset, DatasetError, EpisodeParts, Feature, FrameValues, ItemOptions, Number, Numbers, Spec,
    Writer, encode_png, repair,
};

const NUMBERS: [(&str, Number); 12] = [
    ("bool", Number::Bool),
    ("int8", Number::Int8),
    ("int16", Number::Int16),
    ("int32", Number::Int32),
    ("int64", Number::Int64),
    ("uint8", Number::UInt8),
    ("uint16", Number::UInt16),
    ("uint32", Number::UInt32),
    ("uint64", Number::UInt64),
    ("float16", Number::Float16),
    ("float32", Number::Float32),
    ("float64", Number::Float64),
];
const SHAPES: [&[usize]; 5] = [&[3], &[2, 3], &[2, 1, 3], &[2, 2, 1, 3], &[1, 2, 2, 1, 3]];
const FRAMES: usize = 9;
const SIZE: (usize, usize) = (12, 8);

fn spec() -> Spec {
    let mut features = Vec::new();
    for (name, number) in NUMBERS {
        features.push(Feature::scalar(&format!("one.{name}"), number));
        for shape in SHAPES {
            let key = format!("array{}.{name}", shape.len());
            features.push(Feature::array(&key, number, shape));
        }
    }
    features.push(Feature::text("note"));
    features.push(Feature::image("observation.images.top", SIZE.0, SIZE.1));
    features.push(Feature::text("subtask"));
    Spec::new(30).features(features)
}

/// The number at some place of a frame, one that its type holds exactly.
fn number(number: Number, frame: usize, at: usize) -> f64 {
    let n = (frame * 7 + at * 3) as f64;
    match number {
        Number::Bool => f64::from(u8::from((frame + at).is_multiple_of(3))),
        Number::Int8 => 60.0 - n,
        Number::Int16 => 30_000.0 - n,
        Number::Int32 => n - 2_147_483_648.0,
        Number::Int64 => 9_007_199_254_740_900.0 - n,
        Number::UInt8 => n,
        Number::UInt16 => 65_535.0 - n,
        Number::UInt32 => 4_294_967_295.0 - n,
        Number::UInt64 => 9_007_199_254_740_992.0 - n,
        Number::Float16 => n * 0.25 - 8.0,
        Number::Float32 => f64::from((n * 0.37) as f32),
        Number::Float64 => n * 0.37 - 1.0,
    }
}

fn frame(writer: &Writer, frame: usize) -> Vec<f64> {
    let features = writer.layout().features().iter();
    let values = features.flat_map(|feature| {
        let kind = feature.number().unwrap();
        (0..feature.width()).map(move |at| number(kind, frame, at))
    });
    values.collect()
}

fn image(frame: usize) -> Vec<u8> {
    let bytes = 0..SIZE.0 * SIZE.1 * 3;
    bytes.map(|at| (at * 5 + frame * 11) as u8).collect()
}

fn task(frame: usize) -> &'static str {
    if frame < 4 { "pick" } else { "place" }
}

fn record(writer: &mut Writer) -> EpisodeParts {
    let mut rows = writer.begin_episode().unwrap();
    for k in 0..FRAMES {
        let png = encode_png(&image(k), SIZE.0, SIZE.1).unwrap();
        let note = format!("frame {k}: \u{bd} way");
        rows.push_frame(&FrameValues {
            task: task(k),
            numbers: &frame(writer, k),
            texts: &[&note, if k == 2 { "" } else { "reach" }],
            images: &[&png],
        })
        .unwrap();
    }
    rows.finish(Vec::new(), None).unwrap()
}

fn read_back(root: &Path) {
    let dataset = Dataset::open(root).unwrap();
    assert_eq!(dataset.episodes()[0].tasks, ["pick", "place"]);
    let episode = dataset.episode(0).unwrap();
    let mut items = dataset.items(&ItemOptions::default()).unwrap();
    for k in [0, 8, 3, 4, 5, 1, 2, 7, 6] {
        let item = items.get(k).unwrap();
        assert_eq!(item.task.as_deref(), Some(task(k)));
        for (name, kind) in NUMBERS {
            for (feature, width) in [("one", 1), ("array1", 3), ("array2", 6), ("array5", 12)] {
                let key = format!("{feature}.{name}");
                let expected: Vec<f64> = (0..width).map(|at| number(kind, k, at)).collect();
                let found = item.value(&key).unwrap().numbers().unwrap();
                assert_eq!(found.to_f64(), expected, "{key}");
                assert_eq!(episode.column(&key).unwrap().row(k).unwrap(), expected);
            }
        }
        let integer = item.value("one.int64").unwrap().numbers().unwrap();
        assert!(matches!(integer, Numbers::I64(_)));
        let note = item.value("note").unwrap().texts().unwrap();
        assert_eq!(note[0].as_deref(), Some(&*format!("frame {k}: \u{bd} way")));
        let top = item.value("observation.images.top").unwrap();
        let top = top.pictures().unwrap();
        assert_eq!(top[0].rgb, image(k));
    }
    let stats = dataset.stats().unwrap().unwrap();
    assert!(!stats.contains_key("note"));
    assert_eq!(stats["array3.int16"].max.len(), 3);
    assert_eq!(stats["array3.int16"].count, FRAMES as u64);
    assert_eq!(stats["observation.images.top"].count, FRAMES as u64);
    let report = ulna_dataset::check(root);
    assert_eq!(report.findings, []);
}

#[test]
fn every_type_and_shape_comes_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &spec()).unwrap();
    let parts = record(&mut writer);
    writer.commit(&parts).unwrap();
    read_back(dir.path());
    let mut writer = {
        drop(writer);
        Writer::resume(dir.path(), &spec()).unwrap()
    };
    let parts = record(&mut writer);
    assert_eq!(writer.commit(&parts).unwrap(), 1);
}

#[test]
fn an_interrupted_episode_keeps_its_texts_and_pictures() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &spec()).unwrap();
    drop(record(&mut writer));
    drop(writer);
    let report = repair(dir.path()).unwrap();
    assert_eq!(report.recovered, [(0, FRAMES)]);
    read_back(dir.path());
}

#[test]
fn frames_that_do_not_fit_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &spec()).unwrap();
    let mut rows = writer.begin_episode().unwrap();
    let numbers = frame(&writer, 0);
    let png = encode_png(&image(0), SIZE.0, SIZE.1).unwrap();
    let small = encode_png(&image(0)[..4 * 4 * 3], 4, 4).unwrap();
    let good = FrameValues {
        task: "pick",
        numbers: &numbers,
        texts: &["a", "b"],
        images: &[&png],
    };
    let mut refused = |frame: FrameValues, part: &str| {
        let error = rows.push_frame(&frame).unwrap_err().to_string();
        assert!(error.contains(part), "{error} lacks {part}");
    };
    refused(
        FrameValues {
            texts: &["a"],
            ..good
        },
        "1 texts, 2 are expected",
    );
    refused(
        FrameValues {
            images: &[&small],
            ..good
        },
        "4x4, not 12x8",
    );
    refused(
        FrameValues {
            images: &[b"GIF"],
            ..good
        },
        "no picture of a known kind",
    );
    let at = writer.layout().range("one.float16").unwrap().start;
    let mut large = numbers.clone();
    large[at] = 70_000.0;
    refused(
        FrameValues {
            numbers: &large,
            ..good
        },
        "float16 cannot hold 70000",
    );
    rows.push_frame(&good).unwrap();
}

#[test]
fn depth_maps_are_refused_in_words() {
    let mut depth = Feature::image("observation.images.depth", 12, 8);
    depth
        .raw
        .insert("info".to_owned(), serde_json::json!({"is_depth_map": true}));
    let mut spec = spec();
    spec.features.push(depth);
    let dir = tempfile::tempdir().unwrap();
    let error = Writer::create(dir.path(), &spec).unwrap_err();
    assert!(matches!(error, DatasetError::Invalid { .. }));
    assert!(error.to_string().contains("uint16"), "{error}");
}
