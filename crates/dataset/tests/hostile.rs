//! Damaged and hostile files: errors, never panics.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::record;
use ulna_dataset::{CheckOptions, Dataset, Info, PathTemplate, Pictures, Writer, check, grade};

/// A sound dataset with a camera, made once.
fn sound() -> &'static Path {
    static DATASET: OnceLock<tempfile::TempDir> = OnceLock::new();
    let make = || {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(dir.path(), &support::camera_spec()).unwrap();
        for (episode, frames) in [3, 2].into_iter().enumerate() {
            let parts = record(&mut writer, episode, frames);
            writer.commit(&parts).unwrap();
        }
        dir
    };
    DATASET.get_or_init(make).path()
}

/// Everything that reads, on a copy of the sound dataset in which `damage` has been done to one file.
fn read_all_with(file: &str, damage: impl Fn(Vec<u8>) -> Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    support::copy(sound(), dir.path());
    let path = dir.path().join(file);
    let bytes = damage(std::fs::read(&path).unwrap());
    std::fs::write(path, bytes).unwrap();
    let _ = check(dir.path());
    let options = CheckOptions::default().pictures(Pictures::All);
    // Whatever the files hold, the examination ends; a picture that is claimed a million times is no reason to go on for ever.
    let mut steps = 0_u32;
    let _ = grade(dir.path(), &options, &mut |_| {
        steps += 1;
        steps < 1000
    });
    let Ok(dataset) = Dataset::open(dir.path()) else {
        return;
    };
    let _ = (dataset.stats(), dataset.manifest());
    for k in 0..dataset.len().min(3) {
        let _ = dataset.episode(k);
        let Ok(mut pictures) = dataset.pictures(support::CAMERA) else {
            continue;
        };
        for frame in 0..3 {
            let _ = pictures.read(k, frame);
        }
    }
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([0])),
        Just(json!([u64::MAX, u64::MAX])),
        Just(json!([-1, 3.5, "x"])),
        Just(json!("{chunk_index:09999999999d}")),
        Just(json!("../../{file_index}")),
        Just(json!({"dtype": "video", "shape": [1, 1, 3], "names": null})),
        Just(json!({"dtype": "float64", "shape": [67_108_864], "names": {"a": {"b": [1]}}})),
    ]
}

/// The places in a JSON document, as chains of keys.
fn places(value: &Value) -> Vec<String> {
    let mut out = vec![String::new()];
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(i, v)| (i.to_string(), v))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let key = key.replace('~', "~0").replace('/', "~1");
        out.extend(
            places(child)
                .into_iter()
                .map(|rest| format!("/{key}{rest}")),
        );
    }
    out
}

const FILES: [&str; 8] = [
    "meta/info.json",
    "meta/stats.json",
    "meta/ulna/manifest.json",
    "meta/tasks.parquet",
    "meta/episodes/chunk-000/file-000.parquet",
    "meta/episodes/chunk-000/file-001.parquet",
    "data/chunk-000/file-000.parquet",
    "videos/observation.images.front/chunk-000/file-000.mp4",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn info_with_values_replaced(changes in prop::collection::vec((any::<prop::sample::Index>(), values()), 1..4)) {
        read_all_with("meta/info.json", |bytes| {
            let mut info: Value = serde_json::from_slice(&bytes).unwrap();
            for (at, value) in &changes {
                let places = places(&info);
                let place = &places[at.index(places.len())];
                *info.pointer_mut(place).unwrap() = value.clone();
            }
            info.to_string().into_bytes()
        });
    }

    #[test]
    fn files_cut_short(file in prop::sample::select(&FILES[..]), at in any::<prop::sample::Index>()) {
        read_all_with(file, |bytes| bytes[..at.index(bytes.len())].to_vec());
    }

    #[test]
    fn files_with_bytes_changed(
        file in prop::sample::select(&FILES[..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        tail in any::<bool>(),
    ) {
        read_all_with(file, |mut bytes| {
            // Parquet keeps its headers at the end, where a change does most.
            let start = if tail { bytes.len() / 2 } else { 0 };
            let length = bytes.len() - start;
            for (at, byte) in &changes {
                bytes[start + at.index(length)] = *byte;
            }
            bytes
        });
    }

    #[test]
    fn any_json_is_parsed_or_refused(value in values(), text in ".{0,40}") {
        let _ = Info::parse(&value, Path::new("info.json"));
        let _ = PathTemplate::parse(&text);
    }
}

#[test]
fn errors_say_what_the_thing_is() {
    let text = |path: PathBuf| Dataset::open(path).unwrap_err().to_string();
    let dir = tempfile::tempdir().unwrap();
    assert!(text(dir.path().join("absent")).contains("no folder"));
    assert!(text(dir.path().to_owned()).contains("not a LeRobot dataset"));
    std::fs::create_dir(dir.path().join("meta")).unwrap();
    let info = dir.path().join("meta/info.json");
    std::fs::write(&info, "{\"fps\": 30,").unwrap();
    assert!(text(dir.path().to_owned()).contains("not valid JSON"));
    let old = json!({"codebase_version": "v1.6", "fps": 30, "features": {}});
    std::fs::write(&info, old.to_string()).unwrap();
    let error = text(dir.path().to_owned());
    assert!(
        error.contains("v1.6") && error.contains("convert"),
        "{error}"
    );
    let zero = json!({"codebase_version": "v3.0", "fps": 0, "features": {}});
    std::fs::write(&info, zero.to_string()).unwrap();
    assert!(text(dir.path().to_owned()).contains("`fps`"));

    let dataset = Dataset::open(sound()).unwrap();
    let error = dataset
        .episode_columns(0, &["observation.velocity"])
        .unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("no feature `observation.velocity`; it has: action"),
        "{error}"
    );
    let error = dataset.episode(9).unwrap_err().to_string();
    assert!(error.contains("holds 2 episodes"), "{error}");
}
