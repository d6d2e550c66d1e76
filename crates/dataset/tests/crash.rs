//! Promise: pull the plug at any moment, and the dataset opens with every saved episode.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod crash_fs;
mod support;

use std::path::Path;
use std::sync::Arc;

use crash_fs::{Op, Recorder, Unsynced, after, materialise, tree_of};
use ulna_dataset::{Dataset, Fs, RepairReport, Result, Spec, Writer, repair_on};

const LENGTHS: [usize; 3] = [3, 2, 4];

/// Creates, saves twice, resumes and saves again; "finished" marks a recording whose rows and pictures are all
/// synced, "saved" a commit that has returned.
fn record(root: &Path, spec: &Spec) -> Vec<Op> {
    let fs = Recorder::default();
    let mut writer = Writer::create_on(Arc::new(fs.clone()), root, spec).unwrap();
    fs.mark("created");
    for (episode, frames) in LENGTHS.into_iter().enumerate() {
        if episode == 2 {
            drop(writer);
            writer = Writer::resume_on(Arc::new(fs.clone()), root, spec).unwrap();
        }
        let parts = support::record(&mut writer, episode, frames);
        fs.mark("finished");
        writer.commit(&parts).unwrap();
        fs.mark("saved");
    }
    fs.ops()
}

fn marks(ops: &[Op], name: &str) -> usize {
    let is_mark = |op: &&Op| matches!(op, Op::Mark(mark) if *mark == name);
    ops.iter().filter(is_mark).count()
}

/// Cuts the power after every operation, and checks what is left before and after repair.
fn cut_everywhere(spec: &Spec, unsynced: impl Fn(usize) -> Vec<Unsynced>) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("dataset");
    let ops = record(&root, spec);
    support::verify(&root, &LENGTHS);
    let mut cases = 0;
    for count in 0..=ops.len() {
        let done = &ops[..count];
        for how in unsynced(count) {
            let copy = dir.path().join(format!("cut-{count}-{cases}"));
            cases += 1;
            materialise(&after(done, &root, how), &copy);
            let what = format!("after {count} operations, {how:?}");
            check_cut(&copy, spec, done, &what);
            std::fs::remove_dir_all(&copy).unwrap();
        }
    }
    assert!(cases > ops.len());
}

/// Repairs without waiting for the disk.
fn repair_quickly(root: &Path) -> Result<RepairReport> {
    let fs: Arc<dyn Fs> = Arc::new(Recorder::default());
    repair_on(&fs, root)
}

fn check_cut(root: &Path, spec: &Spec, done: &[Op], what: &str) {
    let saved = marks(done, "saved");
    let finished = marks(done, "finished");
    let Ok(dataset) = Dataset::open(root) else {
        assert_eq!(marks(done, "created"), 0, "{what}: does not open");
        assert!(
            Dataset::open(root)
                .unwrap_err()
                .to_string()
                .contains("dataset")
        );
        return;
    };
    let found = dataset.len();
    assert!(
        (saved..=saved + 1).contains(&found),
        "{what}: {found} episodes of {saved}"
    );
    support::verify(root, &LENGTHS[..found]);

    let report = repair_quickly(root).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(report.left, Vec::<String>::new(), "{what}");
    let repaired = Dataset::open(root).unwrap();
    assert_eq!(repaired.uncommitted_episodes(), 0, "{what}");
    assert!(
        repaired.len() >= finished,
        "{what}: a finished recording is lost"
    );
    let mut lengths: Vec<usize> = LENGTHS[..repaired.len()].to_vec();
    if let Some(last) = lengths.last_mut() {
        // A recording that was still running may have lost the frames that were not synced.
        *last = repaired.episode(repaired.len() - 1).unwrap().len();
        assert!(
            repaired.len() > finished || *last == LENGTHS[repaired.len() - 1],
            "{what}"
        );
    }
    support::verify(root, &lengths);
    let stats = repaired.stats().unwrap();
    let counted = stats.map_or(0, |stats| stats["index"].count);
    assert_eq!(counted, repaired.info().total_frames, "{what}");

    let before = tree_of(root);
    let again = repair_quickly(root).unwrap();
    assert_eq!(again.actions, Vec::<String>::new(), "{what}");
    assert!(
        before == tree_of(root),
        "{what}: a second repair changed something"
    );
    let mut writer = Writer::resume_on(Arc::new(Recorder::default()), root, spec)
        .unwrap_or_else(|e| panic!("{what}: {e}"));
    let parts = support::record(&mut writer, repaired.len(), 1);
    writer.commit(&parts).unwrap();
    lengths.push(1);
    support::verify(root, &lengths);
}

#[test]
fn rows_survive_a_cut_after_any_operation() {
    cut_everywhere(&support::spec(), |count| {
        let bits = (count as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        vec![
            Unsynced::Lost,
            Unsynced::Kept,
            Unsynced::NamesOnly,
            Unsynced::Some(bits),
            Unsynced::Some(!bits),
        ]
    });
}

#[test]
fn pictures_survive_a_cut_after_any_operation() {
    cut_everywhere(&support::camera_spec(), |count| {
        let bits = (count as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        vec![Unsynced::Lost, Unsynced::Kept, Unsynced::Some(bits)]
    });
}

#[test]
fn a_discarded_episode_does_not_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("dataset");
    let fs = Recorder::default();
    let mut writer = Writer::create_on(Arc::new(fs.clone()), &root, &support::spec()).unwrap();
    let mut rows = writer.begin_episode().unwrap();
    for frame in 0..40 {
        rows.push_row("pick", &support::row(0, frame)).unwrap();
    }
    rows.sync().unwrap();
    rows.discard().unwrap();
    for how in [
        Unsynced::Lost,
        Unsynced::Kept,
        Unsynced::Some(0x5555),
        Unsynced::Some(0xaaaa),
    ] {
        let copy = dir.path().join(format!("{how:?}"));
        materialise(&after(&fs.ops(), &root, how), &copy);
        let report = repair_quickly(&copy).unwrap();
        assert_eq!((report.recovered, report.left), (vec![], vec![]), "{how:?}");
        support::verify(&copy, &[]);
        Writer::resume(&copy, &support::spec()).unwrap();
    }
}
