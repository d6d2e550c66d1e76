//! An edit that is interrupted leaves nothing, and none begins while a writer has the dataset or left a recording in it.

use super::*;

#[test]
fn an_interrupted_edit_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let mut total = 0;
    let mut count = |_: Progress| {
        total += 1;
        true
    };
    let mut work = Work::new(&mut count);
    let output = dir.path().join("whole");
    compact_to(&root, &output, &mut work).unwrap();
    std::fs::remove_dir_all(&output).unwrap();
    for stop in 1..total {
        let mut left = stop;
        let mut until = |_: Progress| {
            left -= 1;
            left > 0
        };
        let error = compact(&root, &Target::InPlace, &mut Work::new(&mut until)).unwrap_err();
        assert!(matches!(error, DatasetError::Interrupted { .. }), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
    verify(&root, &[(0, 0..5), (1, 0..4), (2, 0..1), (3, 0..6)]);
}

fn compact_to(root: &Path, output: &Path, work: &mut Work) -> Result<Edited> {
    compact(root, &Target::New(output.to_owned()), work)
}

#[test]
fn two_writers_at_once_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let writer = Writer::resume(&root, &camera_spec()).unwrap();
    let error = quietly(|w| delete(&root, &[0], &Target::InPlace, w)).unwrap_err();
    assert!(matches!(error, DatasetError::Locked { .. }), "{error}");
    drop(writer);
    // A second edit while the first is at work.
    let mut refused = Vec::new();
    let mut meddle = |_: Progress| {
        let second = quietly(|w| compact(&root, &Target::InPlace, w));
        refused.push(matches!(second, Err(DatasetError::Locked { .. })));
        let resumed = Writer::resume(&root, &camera_spec());
        refused.push(matches!(resumed, Err(DatasetError::Locked { .. })));
        true
    };
    delete(&root, &[0], &Target::InPlace, &mut Work::new(&mut meddle)).unwrap();
    assert!(!refused.is_empty() && refused.iter().all(|r| *r));
    verify(&root, &[(1, 0..4), (2, 0..1), (3, 0..6)]);
}

#[test]
fn an_interrupted_recording_has_to_be_repaired_first() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let mut writer = Writer::resume(&root, &camera_spec()).unwrap();
    let parts = record(&mut writer, 4, 3);
    drop((parts, writer));
    let error = quietly(|w| compact(&root, &Target::InPlace, w)).unwrap_err();
    assert!(matches!(error, DatasetError::NeedsRepair { .. }), "{error}");
}
