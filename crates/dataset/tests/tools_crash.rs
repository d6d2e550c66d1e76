//! Promise: pull the plug while a dataset is edited, and it is the old one or the new one, whole; repair clears the rest.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod crash_fs;
mod support;

use std::path::Path;
use std::sync::Arc;

use crash_fs::{Op, Recorder, Unsynced, after_below, materialise, tree_of};
use support::{camera_spec, clear_picture, is_clear_picture, row};
use ulna_dataset::tools::{
    Cut, Edited, Progress, Target, TaskChanges, Work, change_tasks, compact, delete, import, merge,
    trim,
};
use ulna_dataset::{CARD_PATH, Dataset, Fs, Result, Writer, check, refresh_card_on, repair_on};

/// What a dataset must hold: the identity of each episode, and its frames.
type Episodes = Vec<(usize, std::ops::Range<usize>)>;

const LENGTHS: [usize; 3] = [3, 2, 4];

fn whole() -> Episodes {
    LENGTHS
        .iter()
        .enumerate()
        .map(|(k, n)| (k, 0..*n))
        .collect()
}

fn record(fs: &Recorder, root: &Path) {
    let fs: Arc<dyn Fs> = Arc::new(fs.clone());
    let mut writer = Writer::create_on(fs.clone(), root, &camera_spec()).unwrap();
    for (episode, frames) in LENGTHS.into_iter().enumerate() {
        let parts = support::record_pictures(&mut writer, episode, frames, clear_picture);
        writer.commit(&parts).unwrap();
    }
    drop(writer);
    refresh_card_on(&*fs, root).unwrap();
}

/// Whether a dataset is sound and holds exactly these episodes.
fn holds(root: &Path, expected: &Episodes) -> bool {
    let dataset = Dataset::open(root).unwrap();
    if dataset.len() != expected.len() {
        return false;
    }
    // Old or new, the card is that of these episodes.
    let card = std::fs::read_to_string(root.join(CARD_PATH)).unwrap();
    assert_eq!(card, ulna_dataset::card(&dataset).unwrap());
    let lengths = dataset.episodes().iter().map(|row| row.length as usize);
    if !lengths.eq(expected.iter().map(|(_, frames)| frames.len())) {
        return false;
    }
    for (k, (identity, frames)) in expected.iter().enumerate() {
        let episode = dataset.episode(k).unwrap();
        let mut pictures = dataset.pictures(support::CAMERA).unwrap();
        for (at, frame) in frames.clone().enumerate() {
            let found = episode.action().unwrap().row(at).unwrap();
            if found != &row(*identity, frame)[0..3] {
                return false;
            }
            assert!(is_clear_picture(
                &pictures.read(k, at).unwrap().rgb,
                *identity,
                frame
            ));
        }
    }
    true
}

struct Edit<'a> {
    /// The dataset that must hold the old or the new episodes.
    subject: &'a str,
    /// What it holds before; none when it isn't there.
    before: Option<Episodes>,
    after: Episodes,
    run: &'a dyn Fn(&Path, &mut Work) -> Result<Edited>,
}

/// Cuts the power after every operation of an edit.
fn cut_everywhere(edit: &Edit, renames_only: bool) {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().canonicalize().unwrap().join("disk");
    std::fs::create_dir(&folder).unwrap();
    let fs = Recorder::with(renames_only);
    record(&fs, &folder.join("dataset"));
    let start = fs.ops().len();
    let mut go_on = |_: Progress| true;
    let mut work = Work::on(Arc::new(fs.clone()), &mut go_on);
    (edit.run)(&folder, &mut work).unwrap();
    fs.mark("done");
    let ops = fs.ops();
    assert!(ops.len() > start + 20);
    for count in start..=ops.len() {
        let bits = (count as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let all = [Unsynced::Lost, Unsynced::Kept, Unsynced::Some(bits)];
        // While the new one is built, nothing of it is in place yet: one way to lose what isn't synced is enough there.
        let near_the_end = count + 80 >= ops.len();
        let ways = if near_the_end {
            &all[..]
        } else {
            &all[count % 3..][..1]
        };
        for how in ways.iter().copied() {
            let copy = dir.path().join("copy");
            materialise(&after_below(&ops[..count], &folder, how), &copy);
            let what = format!(
                "after {count} operations of {start} to {}, {how:?}",
                ops.len()
            );
            check_cut(
                edit,
                &copy,
                ops[..count].iter().any(is_done),
                renames_only,
                &what,
            );
            std::fs::remove_dir_all(&copy).unwrap();
        }
    }
}

fn is_done(op: &Op) -> bool {
    matches!(op, Op::Mark("done"))
}

fn check_cut(edit: &Edit, disk: &Path, done: bool, renames_only: bool, what: &str) {
    let fs: Arc<dyn Fs> = Arc::new(Recorder::default());
    let root = disk.join(edit.subject);
    let source = disk.join("dataset");
    if !renames_only {
        // Even before repair the names lead to whole datasets.
        assert!(root.is_dir() || edit.before.is_none(), "{what}: it is gone");
    }
    if root.is_dir() && (edit.before.is_some() || root.join("meta/info.json").is_file()) {
        assert!(is_old_or_new(edit, &root, done), "{what}: before repair");
    }
    let report = repair_on(&fs, &root);
    match (&edit.before, &report) {
        (_, Ok(report)) => {
            assert_eq!(report.left, Vec::<String>::new(), "{what}");
            assert!(is_old_or_new(edit, &root, done), "{what}: after repair");
            assert_eq!(check(&root).findings, vec![], "{what}");
            let before = tree_of(disk);
            let again = repair_on(&fs, &root).unwrap();
            assert_eq!(again.actions, Vec::<String>::new(), "{what}");
            assert!(
                before == tree_of(disk),
                "{what}: a second repair changed something"
            );
        }
        (None, Err(_)) => assert!(!done && !root.join("meta/info.json").is_file(), "{what}"),
        (Some(_), Err(error)) => panic!("{what}: {error}"),
    }
    assert!(
        edit.subject == "dataset" || holds(&source, &whole()),
        "{what}: the source"
    );
    let names: Vec<String> = std::fs::read_dir(disk)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(names, Vec::<String>::new(), "{what}");
}

fn is_old_or_new(edit: &Edit, root: &Path, done: bool) -> bool {
    let old = || {
        edit.before
            .as_ref()
            .is_some_and(|before| holds(root, before))
    };
    holds(root, &edit.after) || (!done && old())
}

#[test]
fn deleting_survives_a_cut_after_any_operation() {
    let edit = Edit {
        subject: "dataset",
        before: Some(whole()),
        after: vec![(0, 0..3), (2, 0..4)],
        run: &|disk, work| delete(disk.join("dataset"), &[1], &Target::InPlace, work),
    };
    cut_everywhere(&edit, false);
    cut_everywhere(&edit, true);
}

#[test]
fn compacting_survives_a_cut_after_any_operation() {
    let edit = Edit {
        subject: "dataset",
        before: Some(whole()),
        after: whole(),
        run: &|disk, work| compact(disk.join("dataset"), &Target::InPlace, work),
    };
    cut_everywhere(&edit, false);
}

#[test]
fn trimming_survives_a_cut_after_any_operation() {
    let cut = Cut::Frames {
        episode: 2,
        frames: 1..3,
    };
    let edit = Edit {
        subject: "dataset",
        before: Some(whole()),
        after: vec![(0, 0..3), (1, 0..2), (2, 1..3)],
        run: &|disk, work| trim(disk.join("dataset"), &cut, &Target::InPlace, work),
    };
    cut_everywhere(&edit, false);
}

#[test]
fn new_tasks_survive_a_cut_after_any_operation() {
    let changes = TaskChanges::default().assigned([(0, "another".to_owned())].into());
    let edit = Edit {
        subject: "dataset",
        before: Some(whole()),
        after: whole(),
        run: &|disk, work| change_tasks(disk.join("dataset"), &changes, &Target::InPlace, work),
    };
    cut_everywhere(&edit, false);
}

#[test]
fn merging_and_importing_survive_a_cut_after_any_operation() {
    let edit = Edit {
        subject: "both",
        before: None,
        after: [whole(), whole()].concat(),
        run: &|disk, work| {
            let one = disk.join("dataset");
            merge(&[one.clone(), one], &disk.join("both"), work)
        },
    };
    cut_everywhere(&edit, false);
    let edit = Edit {
        subject: "new",
        before: None,
        after: whole(),
        run: &|disk, work| import(disk.join("dataset"), &disk.join("new"), work),
    };
    cut_everywhere(&edit, false);
}

/// Repair itself may be cut short, and is then repeated.
#[test]
fn repairing_survives_a_cut_after_any_operation() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().canonicalize().unwrap().join("disk");
    std::fs::create_dir(&folder).unwrap();
    let fs = Recorder::with(true);
    record(&fs, &folder.join("dataset"));
    let mut go_on = |_: Progress| true;
    let mut work = Work::on(Arc::new(fs.clone()), &mut go_on);
    delete(folder.join("dataset"), &[1], &Target::InPlace, &mut work).unwrap();
    let ops = fs.ops();
    let edit = Edit {
        subject: "dataset",
        before: Some(whole()),
        after: vec![(0, 0..3), (2, 0..4)],
        run: &|_, _| Ok(Edited::default()),
    };
    // The old one has been put aside, the new one has not its name yet; and the moment after.
    let aside = |op: &Op| matches!(op, Op::Rename(_, to) if to.ends_with(".dataset.ulna-old"));
    let aside = ops.iter().position(aside).unwrap();
    for count in [aside + 1, aside + 2, aside + 8] {
        let copy = dir.path().join("copy");
        materialise(&after_below(&ops[..count], &folder, Unsynced::Kept), &copy);
        let copy = copy.canonicalize().unwrap();
        let base = Recorder::default();
        replant(&base, &copy);
        let planted = base.ops().len();
        let fs: Arc<dyn Fs> = Arc::new(base.clone());
        repair_on(&fs, copy.join("dataset")).unwrap();
        let repairs = base.ops();
        for cut in planted..=repairs.len() {
            let again = dir.path().join("again");
            materialise(&after_below(&repairs[..cut], &copy, Unsynced::Lost), &again);
            let what = format!("cut {count}, repair cut {cut}");
            check_cut(&edit, &again, false, true, &what);
            std::fs::remove_dir_all(&again).unwrap();
        }
        std::fs::remove_dir_all(&copy).unwrap();
    }
}

/// Tells a recorder what is on the disk already, durably.
fn replant(fs: &Recorder, folder: &Path) {
    fn walk(fs: &Recorder, dir: &Path) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                fs.plant_dir(&path);
                walk(fs, &path);
            } else {
                fs.plant_file(&path);
            }
        }
        fs.sync_dir(dir).unwrap();
    }
    walk(fs, folder);
}
