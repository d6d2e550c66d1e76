//! Writing datasets without cameras, and reading them back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::{row, spec};
use ulna_dataset::{Dataset, DatasetError, Writer};

fn save(writer: &mut Writer, episode: usize, frames: usize, tasks: &[&str]) -> u64 {
    let mut rows = writer.begin_episode().unwrap();
    for frame in 0..frames {
        let task = tasks[frame * tasks.len() / frames];
        rows.push_row(task, &row(episode, frame)).unwrap();
    }
    rows.sync().unwrap();
    let report = serde_json::json!({"overruns": episode});
    let parts = rows.finish(Vec::new(), Some(report)).unwrap();
    writer.commit(&parts).unwrap()
}

#[test]
fn what_was_written_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("new/dataset");
    let mut writer = Writer::create(&root, &spec()).unwrap();
    assert_eq!(Dataset::open(&root).unwrap().len(), 0);
    assert_eq!(save(&mut writer, 0, 40, &["pick", "place"]), 0);
    assert_eq!(save(&mut writer, 1, 25, &["place"]), 1);
    drop(writer);
    let mut writer = Writer::resume(&root, &spec()).unwrap();
    assert_eq!(save(&mut writer, 2, 1, &["tidy up"]), 2);

    let dataset = Dataset::open(&root).unwrap();
    assert_eq!(dataset.tasks(), ["pick", "place", "tidy up"]);
    assert_eq!(dataset.info().total_frames, 66);
    let mut global = 0;
    for (k, frames) in [40, 25, 1].into_iter().enumerate() {
        let episode = dataset.episode(k).unwrap();
        assert_eq!(episode.len(), frames);
        for frame in 0..frames {
            let expected = row(k, frame);
            let found = |key: &str| episode.column(key).unwrap().row(frame).unwrap();
            assert_eq!(found("action"), &expected[0..3]);
            assert_eq!(found("observation.state"), &expected[3..6]);
            assert_eq!(found("ulna.stale"), &expected[9..10]);
            assert_eq!(
                episode.timestamps()[frame],
                f64::from((frame as f64 / 30.0) as f32)
            );
            assert_eq!(episode.global_index()[frame], global);
            global += 1;
        }
        assert_eq!(dataset.episode_report(k).unwrap().unwrap()["overruns"], k);
    }
    assert_eq!(dataset.episode(0).unwrap().task(39), Some("place"));
    assert_eq!(dataset.episodes()[0].tasks, ["pick", "place"]);
    assert_eq!(dataset.manifest().unwrap(), spec().manifest);
    let stats = dataset.stats().unwrap().unwrap();
    assert_eq!(stats["action"].count, 66);
    assert_eq!(stats["index"].max, [65.0]);
    // Nothing is left in the staging folder but the lock.
    let left: Vec<_> = std::fs::read_dir(root.join(".ulna")).unwrap().collect();
    assert_eq!(left.len(), 1);
}

#[test]
fn discarded_episodes_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &spec()).unwrap();
    let mut rows = writer.begin_episode().unwrap();
    rows.push_row("pick", &row(0, 0)).unwrap();
    rows.discard().unwrap();
    assert_eq!(save(&mut writer, 0, 3, &["pick"]), 0);
    drop(writer);
    Writer::resume(dir.path(), &spec()).unwrap();
}

#[test]
fn a_folder_with_something_in_it_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let error = Writer::create(dir.path(), &spec()).unwrap_err();
    assert!(matches!(error, DatasetError::NotEmpty { .. }), "{error}");
}

#[test]
fn two_writers_exclude_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let first = Writer::create(dir.path(), &spec()).unwrap();
    let error = Writer::resume(dir.path(), &spec()).unwrap_err();
    assert!(matches!(error, DatasetError::Locked { .. }), "{error}");
    drop(first);
    Writer::resume(dir.path(), &spec()).unwrap();
}

#[test]
fn a_resume_that_does_not_fit_says_how() {
    let dir = tempfile::tempdir().unwrap();
    drop(Writer::create(dir.path(), &spec()).unwrap());
    let mut other = spec();
    other.fps = 50;
    other.robot_type = Some("koch_follower".to_owned());
    other.features.pop();
    other.features[0] = ulna_dataset::Feature::scalar("action", ulna_dataset::Number::Float32);
    let manifest = other.manifest.as_mut().unwrap();
    manifest.units = "m100".to_owned();
    manifest
        .calibration
        .insert("follower".to_owned(), "0ther".to_owned());
    let error = Writer::resume(dir.path(), &other).unwrap_err().to_string();
    for part in [
        "30 frames/s, not 50",
        "`so_follower`, not `koch_follower`",
        "`action` is float32 [3] (shoulder.pos, elbow.pos, gripper.pos) in the dataset",
        "also has feature `ulna.stale`",
        "unit is `degrees`, not `m100`",
        "calibration of arm follower is `c0ffee`, not `0ther`",
    ] {
        assert!(error.contains(part), "{error} lacks {part}");
    }
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &spec()).unwrap();
    let mut rows = writer.begin_episode().unwrap();
    assert!(rows.push_row("pick", &[1.0]).is_err());
    assert!(rows.push_row("", &row(0, 0)).is_err());
    let mut bad = row(0, 0);
    bad[2] = f64::NAN;
    let error = rows.push_row("pick", &bad).unwrap_err().to_string();
    assert!(error.contains("`action`"), "{error}");
    assert_eq!(rows.frames(), 0);
    let parts = rows.finish(Vec::new(), None).unwrap();
    assert!(writer.commit(&parts).is_err());
}
