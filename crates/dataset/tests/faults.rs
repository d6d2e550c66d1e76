//! Full disks, folders without permission, and programs that end without a word.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod crash_fs;
mod filling;
mod support;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crash_fs::tree_of;
use filling::{Filling, PLENTY};
use support::{picture, record, row, verify};
use ulna_dataset::{Dataset, DatasetError, Writer, repair};

/// The names of a dataset's files, without what is unfinished.
fn files(root: &Path) -> BTreeSet<PathBuf> {
    let names = tree_of(root).into_keys();
    names.filter(|path| !path.starts_with(".ulna")).collect()
}

#[test]
fn a_folder_without_permission_is_a_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("dataset");
    let fs = Filling::failing(io::ErrorKind::PermissionDenied);
    fs.leave(0);
    let error = Writer::create_on(Arc::new(fs), &root, &support::spec()).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("cannot create the folder"), "{error}");
    assert!(
        error.contains("check the owner and the permissions"),
        "{error}"
    );
}

#[test]
fn the_next_episode_begins_while_the_last_is_saved() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::camera_spec()).unwrap();
    let starter = writer.starter();
    let first = record(&mut writer, 0, 3);
    let second = std::thread::scope(|scope| {
        let saving = scope.spawn(|| writer.commit(&first).unwrap());
        let mut rows = starter.begin().unwrap();
        let mut camera = rows.video_encoder(support::CAMERA).unwrap();
        for frame in 0..2 {
            rows.push_row("pick", &row(1, frame)).unwrap();
            camera.push(&picture(1, frame)).unwrap();
        }
        let video = camera.finish().unwrap();
        assert_eq!(saving.join().unwrap(), 0);
        rows.finish(vec![video], None).unwrap()
    });
    assert_eq!(writer.commit(&second).unwrap(), 1);
    verify(dir.path(), &[3, 2]);
}

#[test]
fn a_disk_that_fills_during_a_save_loses_nothing() {
    let mut saves_that_failed = 0;
    for room in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let fs = Arc::new(Filling::new());
        let mut writer =
            Writer::create_on(fs.clone(), dir.path(), &support::camera_spec()).unwrap();
        let first = record(&mut writer, 0, 3);
        writer.commit(&first).unwrap();
        let second = record(&mut writer, 1, 2);
        let before = files(dir.path());
        fs.leave(room);
        let result = writer.commit(&second);
        let Err(error) = result else {
            break;
        };
        saves_that_failed += 1;
        let text = error.to_string();
        assert!(text.contains("disk is full"), "{text}");
        assert!(matches!(error, DatasetError::Io { .. }));
        let saved = Dataset::open(dir.path()).unwrap().len();
        verify(dir.path(), &[3, 2][..saved]);
        if saved == 1 {
            assert_eq!(files(dir.path()), before, "it takes back what it put there");
        }
        // With room again, the same recording is saved, once.
        fs.leave(PLENTY);
        assert_eq!(writer.commit(&second).unwrap(), 1);
        let third = record(&mut writer, 2, 1);
        assert_eq!(writer.commit(&third).unwrap(), 2);
        verify(dir.path(), &[3, 2, 1]);
    }
    assert!(saves_that_failed > 20, "{saves_that_failed}");
}

#[test]
fn a_disk_that_fills_while_recording_is_an_error_and_the_rows_so_far_can_be_saved() {
    let dir = tempfile::tempdir().unwrap();
    let fs = Arc::new(Filling::new());
    let mut writer = Writer::create_on(fs.clone(), dir.path(), &support::spec()).unwrap();
    let mut rows = writer.begin_episode().unwrap();
    rows.push_row("pick", &row(0, 0)).unwrap();
    fs.leave(0);
    let error = rows.push_row("pick", &row(0, 1)).unwrap_err().to_string();
    assert!(error.contains("disk is full"), "{error}");
    assert_eq!(rows.frames(), 2);
    fs.leave(PLENTY);
    let parts = rows.finish(Vec::new(), None).unwrap();
    writer.commit(&parts).unwrap();
    verify(dir.path(), &[2]);
}

#[test]
fn a_recording_that_was_killed_is_recovered() {
    let dir = tempfile::tempdir().unwrap();
    let spec = support::camera_spec();
    let mut writer = Writer::create(dir.path(), &spec).unwrap();
    let first = record(&mut writer, 0, 3);
    writer.commit(&first).unwrap();
    let mut rows = writer.begin_episode().unwrap();
    let mut camera = rows.video_encoder(support::CAMERA).unwrap();
    for frame in 0..7 {
        rows.push_row("pick", &row(1, frame)).unwrap();
        // The encoder is one picture behind when the end comes.
        if frame > 0 {
            camera.push(&picture(1, frame - 1)).unwrap();
        }
    }
    // Nothing is finished: what a killed process leaves is what is in the files now.
    drop((rows, camera, writer));
    verify(dir.path(), &[3]);
    let error = Writer::resume(dir.path(), &spec).unwrap_err();
    assert!(matches!(error, DatasetError::NeedsRepair { .. }), "{error}");
    let report = repair(dir.path()).unwrap();
    assert_eq!(report.recovered, [(1, 6)]);
    verify(dir.path(), &[3, 6]);
    let stats = Dataset::open(dir.path()).unwrap().stats().unwrap().unwrap();
    assert_eq!(stats[support::CAMERA].count, 9);
    assert_eq!(
        repair(dir.path()).unwrap(),
        ulna_dataset::RepairReport::default()
    );
    Writer::resume(dir.path(), &spec).unwrap();
}

#[test]
fn a_save_and_the_next_recording_that_were_killed_together_are_both_recovered() {
    let dir = tempfile::tempdir().unwrap();
    let spec = support::camera_spec();
    let mut writer = Writer::create(dir.path(), &spec).unwrap();
    let unsaved = record(&mut writer, 0, 4);
    let running = record(&mut writer, 1, 2);
    drop((unsaved, running, writer));
    assert_eq!(repair(dir.path()).unwrap().recovered, [(0, 4), (1, 2)]);
    verify(dir.path(), &[4, 2]);
}

#[test]
fn episodes_that_are_not_counted_are_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::spec()).unwrap();
    let info = dir.path().join("meta/info.json");
    let first = record(&mut writer, 0, 3);
    writer.commit(&first).unwrap();
    let counted = std::fs::read(&info).unwrap();
    let second = record(&mut writer, 1, 2);
    writer.commit(&second).unwrap();
    drop(writer);
    let both = std::fs::read(&info).unwrap();
    std::fs::write(&info, counted).unwrap();
    let resume = || Writer::resume(dir.path(), &support::spec());
    assert!(matches!(
        resume(),
        Err(DatasetError::NeedsRepair { path }) if path == dir.path()
    ));
    // No note of a save of ulna's explains them, so it is for the owner to say what they are.
    let report = repair(dir.path()).unwrap();
    assert!(
        report.left[0].contains("correct total_episodes"),
        "{report:?}"
    );
    std::fs::write(&info, both).unwrap();
    let mut writer = resume().unwrap();
    let third = record(&mut writer, 2, 4);
    writer.commit(&third).unwrap();
    verify(dir.path(), &[3, 2, 4]);
}

#[test]
fn repair_waits_for_the_writer_to_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::spec()).unwrap();
    let running = record(&mut writer, 0, 4);
    let error = repair(dir.path()).unwrap_err();
    assert!(matches!(error, DatasetError::Locked { .. }), "{error}");
    writer.commit(&running).unwrap();
    verify(dir.path(), &[4]);
}

#[test]
fn repair_leaves_datasets_of_others_alone() {
    let Some(fixture) = support::fixture("lerobot-so101_multifile") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    support::copy(&fixture, dir.path());
    let report = repair(dir.path()).unwrap();
    assert_eq!(report, ulna_dataset::RepairReport::default());
    assert!(!dir.path().join(".ulna").exists());
}

#[test]
fn a_python_dataset_can_be_continued() {
    let Some(fixture) = support::fixture("lerobot-so101_multifile") else {
        return;
    };
    // It goes on in its own codec.
    if !support::ffmpeg_has("libsvtav1") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    support::copy(&fixture, dir.path());
    let dataset = Dataset::open(dir.path()).unwrap();
    let features = dataset.info().features.iter().filter(|f| !f.is_auto());
    let spec = ulna_dataset::Spec::new(dataset.info().whole_fps())
        .robot_type(dataset.info().robot_type.clone())
        .features(features.cloned().collect());
    let mut writer = Writer::resume(dir.path(), &spec).unwrap();
    let mut rows = writer.begin_episode().unwrap();
    let mut camera = rows.video_encoder(support::CAMERA).unwrap();
    for _ in 0..5 {
        rows.push_row("a new task", &[1.0; 12]).unwrap();
        camera.push(&vec![90; 128 * 96 * 3]).unwrap();
    }
    let parts = rows.finish(vec![camera.finish().unwrap()], None).unwrap();
    assert_eq!(writer.commit(&parts).unwrap(), 7);
    let dataset = Dataset::open(dir.path()).unwrap();
    let row = &dataset.episodes()[7];
    assert_eq!((row.dataset_from, row.dataset_to), (146, 151));
    assert_eq!(dataset.episode(7).unwrap().task(4), Some("a new task"));
    let mut reader = dataset.pictures(support::CAMERA).unwrap();
    assert!(
        reader
            .read(7, 4)
            .unwrap()
            .rgb
            .iter()
            .all(|v| v.abs_diff(90) <= 3)
    );
    reader.read(6, 0).unwrap();
}
