//! Datasets that Python LeRobot and a real robot wrote, against what LeRobot reads back from them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::Value;
use ulna_dataset::{Dataset, DatasetError};

fn floats(value: &Value) -> Vec<f64> {
    let list = value.as_array().unwrap();
    list.iter().map(|v| v.as_f64().unwrap()).collect()
}

fn compare_every_value(name: &str) {
    let Some(dir) = support::fixture(name) else {
        return;
    };
    let Some(expected) = support::fixture(&format!("{name}.expected.json")) else {
        return;
    };
    let expected: Value = serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
    let dataset = Dataset::open(dir).unwrap();
    assert_eq!(dataset.len() as u64, expected["num_episodes"]);
    assert_eq!(dataset.fps(), expected["fps"].as_f64().unwrap());
    let mut frames = expected["frames"].as_array().unwrap().iter();
    for k in 0..dataset.len() {
        let episode = dataset.episode(k).unwrap();
        for frame in 0..episode.len() {
            let expected = frames.next().unwrap();
            assert_eq!(expected["episode_index"], k as u64);
            assert_eq!(expected["frame_index"], episode.frame_index()[frame]);
            assert_eq!(expected["index"], episode.global_index()[frame]);
            assert_eq!(expected["task_index"], episode.task_index()[frame]);
            assert_eq!(expected["task"], episode.task(frame).unwrap());
            // Values are stored in single precision and printed in double.
            let single = |v: f64| v as f32;
            let stamp = expected["timestamp"].as_f64().unwrap();
            assert_eq!(single(stamp), single(episode.timestamps()[frame]));
            for key in ["action", "observation.state"] {
                let found = episode.column(key).unwrap().row(frame).unwrap();
                let expected = floats(&expected[key]);
                let same = found
                    .iter()
                    .zip(&expected)
                    .all(|(a, b)| single(*a) == single(*b));
                assert!(same && found.len() == expected.len(), "{key} {k}/{frame}");
            }
        }
        let one = dataset.episode_columns(k, &["action"]).unwrap();
        assert_eq!(one.action().unwrap(), episode.action().unwrap());
        assert!(one.state().is_err());
    }
    assert!(frames.next().is_none());
    for (row, expected) in dataset
        .episodes()
        .iter()
        .zip(expected["episodes"].as_array().unwrap())
    {
        assert_eq!(expected["length"], row.length);
        assert_eq!(expected["tasks"], serde_json::json!(row.tasks));
        assert_eq!(expected["dataset_from_index"], row.dataset_from);
        assert_eq!(expected["data/chunk_index"], row.data.chunk);
        assert_eq!(expected["data/file_index"], row.data.file);
        let span = row.videos["observation.images.front"];
        let key = |field: &str| &expected[format!("videos/observation.images.front/{field}")];
        assert_eq!(*key("from_timestamp"), span.from);
        assert_eq!(*key("to_timestamp"), span.to);
        assert_eq!(*key("file_index"), span.file.file);
    }
    for (key, stats) in dataset.stats().unwrap().unwrap() {
        let expected = &expected["stats"][&key];
        assert_eq!(expected["count"][0], stats.count);
        for (name, list) in stats.lists() {
            let mut flat = Vec::new();
            flatten(&expected[name], &mut flat);
            assert_eq!(&flat, list, "{key} {name}");
        }
    }
}

fn flatten(value: &Value, out: &mut Vec<f64>) {
    match value.as_array() {
        Some(list) => list.iter().for_each(|v| flatten(v, out)),
        None => out.push(value.as_f64().unwrap()),
    }
}

#[test]
fn av1_dataset_reads_as_lerobot_reads_it() {
    compare_every_value("lerobot-so101_av1");
}

#[test]
fn dataset_in_many_files_reads_as_lerobot_reads_it() {
    compare_every_value("lerobot-so101_multifile");
}

#[test]
fn a_real_recording_opens_without_its_videos() {
    let Some(dir) = support::fixture("so101-real") else {
        return;
    };
    let dataset = Dataset::open(dir).unwrap();
    assert_eq!(dataset.len(), 4);
    let frames: usize = (0..4).map(|k| dataset.episode(k).unwrap().len()).sum();
    assert_eq!(frames, 1492);
    let episode = dataset.episode(3).unwrap();
    let state = episode.state().unwrap();
    assert_eq!(state.names()[5], "gripper.pos");
    assert!(state.values().iter().all(|v| v.abs() <= 100.0));
    assert_eq!(dataset.tasks().len(), 1);
    let error = dataset.episode(4).unwrap_err();
    assert!(
        matches!(error, DatasetError::MissingEpisode { count: 4, .. }),
        "{error}"
    );
    let error = dataset
        .episode_columns(0, &["observation.images.front"])
        .unwrap_err();
    assert!(matches!(error, DatasetError::WrongKind { .. }), "{error}");
}
