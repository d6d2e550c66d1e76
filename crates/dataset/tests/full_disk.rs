//! Promise: a disk that fills while a dataset is edited or repaired costs nothing. The message names the file and says what
//! to do, the dataset is as before, and with room again the same command succeeds.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod crash_fs;
mod filling;
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crash_fs::{Recorder, tree_of};
use filling::{Filling, PLENTY};
use support::{camera_spec, clear_picture};
use ulna_dataset::tools::{
    Cut, Encoding, FeatureChanges, Progress, Target, TaskChanges, Work, change_features,
    change_tasks, compact, delete, import, merge, recompute_stats, reencode, trim,
};
use ulna_dataset::{Dataset, DatasetError, Fs, Result, Writer, check, repair_on};

type Tree = BTreeMap<PathBuf, Vec<u8>>;

const LENGTHS: [usize; 3] = [3, 2, 4];

/// The dataset to be edited, and a recording that has not been saved.
fn record(root: &Path, killed: bool) {
    let fs: Arc<dyn Fs> = Arc::new(Recorder::default());
    let mut writer = Writer::create_on(fs, root, &camera_spec()).unwrap();
    for (episode, frames) in LENGTHS.into_iter().enumerate() {
        let parts = support::record_pictures(&mut writer, episode, frames, clear_picture);
        writer.commit(&parts).unwrap();
    }
    if killed {
        drop(support::record_pictures(&mut writer, 3, 5, clear_picture));
    }
}

/// Without what is unfinished.
fn contents(root: &Path) -> Tree {
    let mut tree = tree_of(root);
    tree.retain(|path, _| !path.starts_with(".ulna"));
    tree
}

/// How many operations lie between two moments at which the disk fills.
const EVERY: usize = 1;
const SOME: usize = 4;

/// The disk fills before an operation of an edit, at one moment after the other. `subject` is the folder that the edit changes or
/// makes.
fn fill_everywhere(
    disk: &Filling,
    step: usize,
    subject: &str,
    run: &dyn Fn(&Path, &mut Work) -> Result<()>,
) {
    let dir = tempfile::tempdir().unwrap();
    let original = dir.path().join("original");
    record(&original, false);
    let old = contents(&original);
    let mut failures = 0;
    for room in (0..).step_by(step) {
        let folder = dir.path().join("disk");
        support::copy(&original, &folder.join("dataset"));
        let fs: Arc<dyn Fs> = Arc::new(disk.clone());
        let mut go_on = |_: Progress| true;
        let mut work = Work::on(fs.clone(), &mut go_on);
        disk.leave(room);
        let result = run(&folder, &mut work);
        disk.leave(PLENTY);
        let what = format!("with room for {room} operations");
        let root = folder.join(subject);
        let Err(error) = result else {
            repair_on(&fs, &root).unwrap();
            assert_eq!(check(&root).findings, vec![], "{what}");
            break;
        };
        failures += 1;
        assert_clear(&error, &folder, &what);
        assert!(contents(&folder.join("dataset")) == old, "{what}: {error}");
        assert!(subject == "dataset" || !root.exists(), "{what}: {error}");
        run(&folder, &mut work).unwrap_or_else(|error| panic!("{what}, then with room: {error}"));
        assert_eq!(check(&root).findings, vec![], "{what}");
        let hidden = std::fs::read_dir(&folder).unwrap().filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with('.')
        });
        assert_eq!(hidden.count(), 0, "{what}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
    assert!(failures > 20 / step, "{failures}");
}

/// The message names a file of the dataset or next to it, the cause and what to do.
fn assert_clear(error: &DatasetError, folder: &Path, what: &str) {
    let text = error.to_string();
    let place = folder.to_string_lossy();
    for part in ["the disk is full", "free some space", &place] {
        assert!(text.contains(part), "{what}: {text}");
    }
}

/// On a disk that stays full, and on one where there is room again at once.
fn fill(step: usize, subject: &str, run: impl Fn(&Path, &mut Work) -> Result<()>) {
    for disk in [Filling::of_contents(), Filling::once()] {
        fill_everywhere(&disk, step, subject, &run);
    }
}

/// Where not even names can be changed any more, nor exchanged in one step, the old one may end under a hidden name. The
/// message says so, and repair brings it back.
#[test]
fn a_disk_on_which_nothing_works_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let original = dir.path().join("original");
    record(&original, false);
    let old = contents(&original);
    let disk = Filling::new();
    let fs: Arc<dyn Fs> = Arc::new(disk.clone());
    let mut put_aside = 0;
    for room in 0.. {
        let folder = dir.path().join("disk");
        let root = folder.join("dataset");
        support::copy(&original, &root);
        let mut go_on = |_: Progress| true;
        let mut work = Work::on(fs.clone(), &mut go_on);
        disk.leave(room);
        let result = delete(&root, &[1], &Target::InPlace, &mut work);
        disk.leave(PLENTY);
        let what = format!("with room for {room} operations: {result:?}");
        if let Err(error) = &result {
            assert_clear(error, &folder, &what);
        }
        if let Err(DatasetError::PutAside { old: aside, .. }) = &result {
            put_aside += 1;
            assert!(contents(aside) == old, "{what}");
            assert!(!root.exists(), "{what}");
        }
        repair_on(&fs, &root).unwrap();
        assert_eq!(check(&root).findings, vec![], "{what}");
        let episodes = Dataset::open(&root).unwrap().len();
        assert!(contents(&root) == old || episodes == 2, "{what}");
        std::fs::remove_dir_all(&folder).unwrap();
        if result.is_ok() {
            break;
        }
    }
    assert_eq!(put_aside, 1);
}

#[test]
fn deleting_on_a_disk_that_fills() {
    fill(EVERY, "dataset", |disk, work| {
        delete(disk.join("dataset"), &[1], &Target::InPlace, work).map(|_| ())
    });
}

#[test]
fn compacting_on_a_disk_that_fills() {
    fill(SOME, "dataset", |disk, work| {
        compact(disk.join("dataset"), &Target::InPlace, work).map(|_| ())
    });
}

#[test]
fn trimming_on_a_disk_that_fills() {
    let cut = Cut::Frames {
        episode: 2,
        frames: 1..3,
    };
    fill(SOME, "dataset", |disk, work| {
        trim(disk.join("dataset"), &cut, &Target::InPlace, work).map(|_| ())
    });
}

#[test]
fn re_encoding_on_a_disk_that_fills() {
    fill(SOME, "dataset", |disk, work| {
        let encoding = Encoding::built_in();
        reencode(disk.join("dataset"), &encoding, &Target::InPlace, work).map(|_| ())
    });
}

#[test]
fn new_tasks_features_and_statistics_on_a_disk_that_fills() {
    let tasks = TaskChanges::default().assigned([(0, "another".to_owned())].into());
    fill(SOME, "dataset", |disk, work| {
        change_tasks(disk.join("dataset"), &tasks, &Target::InPlace, work).map(|_| ())
    });
    let features = FeatureChanges::default().plain(true);
    fill(SOME, "dataset", |disk, work| {
        change_features(disk.join("dataset"), &features, &Target::InPlace, work).map(|_| ())
    });
    fill(SOME, "dataset", |disk, work| {
        recompute_stats(disk.join("dataset"), true, &Target::InPlace, work).map(|_| ())
    });
}

#[test]
fn merging_and_importing_on_a_disk_that_fills() {
    fill(SOME, "both", |disk, work| {
        let one = disk.join("dataset");
        merge(&[one.clone(), one], &disk.join("both"), work).map(|_| ())
    });
    fill(SOME, "new", |disk, work| {
        import(disk.join("dataset"), &disk.join("new"), work).map(|_| ())
    });
}

#[test]
fn repairing_on_a_disk_that_fills() {
    let dir = tempfile::tempdir().unwrap();
    let original = dir.path().join("original");
    record(&original, true);
    let saved = contents(&original);
    for disk in [Filling::new(), Filling::of_contents(), Filling::once()] {
        let fs: Arc<dyn Fs> = Arc::new(disk.clone());
        let mut failures = 0;
        for room in 0.. {
            let root = dir.path().join("dataset");
            support::copy(&original, &root);
            disk.leave(room);
            let result = repair_on(&fs, &root);
            disk.leave(PLENTY);
            let what = format!("with room for {room} operations");
            let Err(error) = result else {
                assert_eq!(result.unwrap().recovered, [(3, 5)], "{what}");
                break;
            };
            failures += 1;
            assert_clear(&error, dir.path(), &what);
            let found = Dataset::open(&root).unwrap().len();
            assert!((3..=4).contains(&found), "{what}: {found} episodes");
            let now = contents(&root);
            for (path, bytes) in saved.iter().filter(|(path, _)| is_of_an_episode(path)) {
                assert!(now.get(path) == Some(bytes), "{what}: {}", path.display());
            }
            let report = repair_on(&fs, &root).unwrap();
            assert_eq!(report.left, Vec::<String>::new(), "{what}");
            assert_eq!(Dataset::open(&root).unwrap().len(), 4, "{what}");
            assert_eq!(check(&root).findings, vec![], "{what}");
            let again = repair_on(&fs, &root).unwrap();
            assert_eq!(again.actions, Vec::<String>::new(), "{what}");
            std::fs::remove_dir_all(&root).unwrap();
        }
        assert!(failures > 10, "{failures}");
        std::fs::remove_dir_all(dir.path().join("dataset")).unwrap();
    }
}

fn is_of_an_episode(path: &Path) -> bool {
    path.starts_with("data") || path.starts_with("videos") || path.starts_with("meta/episodes")
}
