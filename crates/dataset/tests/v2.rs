//! Datasets of format v2.0 and v2.1, made from one of ours: the files are the same, their places and the metadata are
//! not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{CAMERA, camera_spec, record};
use ulna_dataset::{Dataset, DatasetError, Format, ItemOptions, Severity, Writer, repair};

const LENGTHS: [usize; 3] = [4, 7, 2];

fn lines(root: &Path, name: &str, values: impl Iterator<Item = Value>) {
    let text: String = values.map(|v| format!("{v}\n")).collect();
    fs::write(root.join("meta").join(name), text).unwrap();
}

/// A dataset in the layout of `version`.
fn old(version: &str) -> tempfile::TempDir {
    let new = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(new.path(), &camera_spec()).unwrap();
    for (episode, frames) in LENGTHS.into_iter().enumerate() {
        let parts = record(&mut writer, episode, frames);
        writer.commit(&parts).unwrap();
    }
    drop(writer);
    let dataset = Dataset::open(new.path()).unwrap();
    let old = tempfile::tempdir().unwrap();
    let root = old.path();
    fs::create_dir(root.join("meta")).unwrap();
    // Two episodes to a chunk, so that the third goes to the next.
    for episode in 0..LENGTHS.len() {
        let (data, videos) = (format!("data/chunk-00{}", episode / 2), episode / 2);
        let videos = format!("videos/chunk-00{videos}/{CAMERA}");
        fs::create_dir_all(root.join(&data)).unwrap();
        fs::create_dir_all(root.join(&videos)).unwrap();
        let from = new
            .path()
            .join(format!("data/chunk-000/file-00{episode}.parquet"));
        fs::copy(
            from,
            root.join(format!("{data}/episode_00000{episode}.parquet")),
        )
        .unwrap();
        let from = new
            .path()
            .join(format!("videos/{CAMERA}/chunk-000/file-00{episode}.mp4"));
        fs::copy(
            from,
            root.join(format!("{videos}/episode_00000{episode}.mp4")),
        )
        .unwrap();
    }
    let mut info = dataset.info().to_value();
    let map = info.as_object_mut().unwrap();
    map.remove("data_files_size_in_mb");
    map.remove("video_files_size_in_mb");
    for (key, value) in [
        ("codebase_version", json!(version)),
        ("chunks_size", json!(2)),
        ("total_chunks", json!(2)),
        ("total_videos", json!(3)),
        (
            "data_path",
            json!("data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"),
        ),
        (
            "video_path",
            json!("videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"),
        ),
    ] {
        map.insert(key.to_owned(), value);
    }
    fs::write(root.join("meta/info.json"), info.to_string()).unwrap();
    lines(
        root,
        "tasks.jsonl",
        [json!({"task_index": 0, "task": "pick"})].into_iter(),
    );
    let episodes = LENGTHS.iter().enumerate();
    lines(
        root,
        "episodes.jsonl",
        episodes
            .map(|(k, length)| json!({"episode_index": k, "tasks": ["pick"], "length": length})),
    );
    let stats = json!({"action": {"min": [-3.0, 1.0, 0.0], "max": [5.0, 2.0, 1.0], "mean": [1.0, 1.5, 0.5], "std": [2.0, 0.1, 0.2], "count": [4]}});
    if version == "v2.1" {
        let each = (0..LENGTHS.len()).map(|k| json!({"episode_index": k, "stats": stats}));
        lines(root, "episodes_stats.jsonl", each);
    } else {
        fs::write(root.join("meta/stats.json"), stats.to_string()).unwrap();
    }
    old
}

#[test]
fn both_old_formats_are_read_whole() {
    for (version, format) in [("v2.0", Format::V2_0), ("v2.1", Format::V2_1)] {
        let dir = old(version);
        support::verify(dir.path(), &LENGTHS);
        let dataset = Dataset::open(dir.path()).unwrap();
        assert_eq!(dataset.info().format, format);
        let row = &dataset.episodes()[2];
        assert_eq!((row.dataset_from, row.dataset_to), (11, 13));
        let mut items = dataset.items(&ItemOptions::default()).unwrap();
        let item = items.get(12).unwrap();
        assert_eq!(
            (item.episode, item.frame, item.task.as_deref()),
            (2, 1, Some("pick"))
        );
        let stats = dataset.stats().unwrap().unwrap();
        assert_eq!(stats["action"].max, [5.0, 2.0, 1.0]);
        assert_eq!(stats["action"].quantiles, None);
        let each = if format == Format::V2_1 { 3 } else { 0 };
        assert_eq!(dataset.episode_stats().unwrap().len(), each);
    }
}

#[test]
fn old_formats_are_not_written() {
    let dir = old("v2.1");
    let error = Writer::resume(dir.path(), &camera_spec()).unwrap_err();
    assert!(matches!(error, DatasetError::Version { .. }), "{error}");
    let error = repair(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("v2.1") && error.contains("import"),
        "{error}"
    );
}

#[test]
fn damaged_metadata_costs_only_what_it_says() {
    for (file, text, part, episodes) in [
        (
            "episodes.jsonl",
            "{\"episode_index\": 0, \"length\": 4}\n{",
            "line 2 of meta/episodes.jsonl",
            1,
        ),
        (
            "episodes.jsonl",
            "{\"episode_index\": 1, \"length\": 7}",
            "has episode 1 in row 0",
            1,
        ),
        (
            "episodes.jsonl",
            "{\"episode_index\": 0, \"length\": -4}",
            "0 frames, the data files have 4",
            1,
        ),
        ("episodes.jsonl", "", "taken from the data files", 3),
        ("episodes.jsonl", "nonsense", "taken from the data files", 3),
        (
            "tasks.jsonl",
            "{\"task_index\": 7, \"task\": \"x\"}",
            "numbers its tasks 7",
            3,
        ),
        ("tasks.jsonl", "[]", "line 1 of meta/tasks.jsonl", 3),
    ] {
        let dir = old("v2.1");
        fs::write(dir.path().join("meta").join(file), text).unwrap();
        let dataset = Dataset::open(dir.path()).unwrap();
        let remarks: Vec<&str> = dataset.remarks().collect();
        assert!(
            remarks.iter().any(|remark| remark.contains(part)),
            "{remarks:?} lacks {part}"
        );
        assert_eq!(dataset.len(), episodes, "{part}");
        assert!(!ulna_dataset::check(dir.path()).is_sound(), "{part}");
        let number = usize::from(part.contains("episode 1 in row 0"));
        assert_eq!(dataset.episode(0).unwrap().len(), LENGTHS[number], "{part}");
    }
    let dir = old("v2.1");
    fs::write(
        dir.path().join("meta/episodes_stats.jsonl"),
        "{\"stats\": {\"a\": 1}}",
    )
    .unwrap();
    let dataset = Dataset::open(dir.path()).unwrap();
    assert_eq!(dataset.stats().unwrap(), None);
    assert!(!ulna_dataset::check(dir.path()).is_sound());
}

#[test]
fn the_format_is_a_finding() {
    for (version, severity) in [("v2.0", Severity::Error), ("v2.1", Severity::Note)] {
        let report = ulna_dataset::check(old(version).path());
        let found = report.findings.iter().find(|f| f.code == "old-format");
        assert_eq!(found.unwrap().severity, severity, "{version}");
    }
}

#[test]
fn importing_makes_it_the_newest_format() {
    use ulna_dataset::tools::{Target, Work, delete, import};
    for version in ["v2.0", "v2.1"] {
        let old = old(version);
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("new");
        let mut go_on = |_| true;
        let work = &mut Work::new(&mut go_on);
        import(old.path(), &output, work).unwrap();
        assert_eq!(ulna_dataset::check(&output).findings, vec![], "{version}");
        support::verify(&output, &LENGTHS);
        let new = Dataset::open(&output).unwrap();
        assert_eq!(new.info().format, Format::V3);
        let keys = new.info().to_value();
        assert!(keys.get("total_chunks").is_none() && keys["data_files_size_in_mb"] == 100);
        // What is old is not changed in place.
        let error = delete(old.path(), &[0], &Target::InPlace, work).unwrap_err();
        assert!(matches!(error, DatasetError::Version { .. }), "{error}");
    }
}
