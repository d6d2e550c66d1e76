//! Promise: whatever tools are used on a dataset, in whatever order, the result is sound, and every frame that no tool
//! was asked to change has its values, its task and its picture.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use support::{CAMERA, camera_spec, clear_picture, is_clear_picture, row, spec};
use ulna_dataset::tools::{
    Cut, FeatureChanges, NewFeature, NewValues, Parts, Progress, Target, TaskChanges, Work,
    change_features, change_tasks, compact, delete, import, merge, recompute_stats, split, trim,
};
use ulna_dataset::{Dataset, Writer, check};

/// An episode as it should be: the frames of the one recorded first under this identity.
#[derive(Clone, Debug, PartialEq)]
struct Expected {
    identity: usize,
    frames: std::ops::Range<usize>,
    task: String,
}

#[derive(Clone, Debug)]
enum Tool {
    Delete(prop::sample::Index),
    Trim(
        prop::sample::Index,
        prop::sample::Index,
        prop::sample::Index,
    ),
    Compact,
    Assign(prop::sample::Index, u8),
    Rename(u8),
    SplitAndMerge(prop::sample::Index),
    Stats,
    Import,
    Add(u8),
}

fn tools() -> impl Strategy<Value = Vec<Tool>> {
    let index = any::<prop::sample::Index>;
    let tool = prop_oneof![
        index().prop_map(Tool::Delete),
        (index(), index(), index()).prop_map(|(k, a, b)| Tool::Trim(k, a, b)),
        Just(Tool::Compact),
        (index(), 0..4_u8).prop_map(|(k, text)| Tool::Assign(k, text)),
        (0..4_u8).prop_map(Tool::Rename),
        index().prop_map(Tool::SplitAndMerge),
        Just(Tool::Stats),
        Just(Tool::Import),
        (0..3_u8).prop_map(Tool::Add),
    ];
    prop::collection::vec(tool, 1..5)
}

/// Uses a tool on the dataset and on what is expected of it. New folders get their names from `step`.
fn apply(tool: &Tool, root: &mut PathBuf, expected: &mut Vec<Expected>, step: usize) {
    let mut go_on = |_: Progress| true;
    let work = &mut Work::new(&mut go_on);
    let sibling = |what: &str| root.with_file_name(format!("{what}-{step}"));
    match tool {
        Tool::Delete(_) if expected.len() == 1 => {
            assert!(delete(&*root, &[0], &Target::InPlace, work).is_err());
        }
        Tool::Delete(index) => {
            let k = index.index(expected.len());
            delete(&*root, &[k as u64], &Target::InPlace, work).unwrap();
            expected.remove(k);
        }
        Tool::Trim(index, a, b) => {
            let k = index.index(expected.len());
            let frames = &mut expected[k].frames;
            let start = a.index(frames.len());
            let end = start + 1 + b.index(frames.len() - start);
            let cut = Cut::Frames {
                episode: k as u64,
                frames: start..end,
            };
            trim(&*root, &cut, &Target::InPlace, work).unwrap();
            *frames = frames.start + start..frames.start + end;
        }
        Tool::Compact => {
            compact(&*root, &Target::InPlace, work).unwrap();
        }
        Tool::Assign(index, text) => {
            let k = index.index(expected.len());
            let task = format!("task {text}");
            let changes = TaskChanges::default().assigned([(k as u64, task.clone())].into());
            change_tasks(&*root, &changes, &Target::InPlace, work).unwrap();
            expected[k].task = task;
        }
        Tool::Rename(text) => {
            let (old, new) = (expected[0].task.clone(), format!("task {text}"));
            let changes = TaskChanges::default().renamed([(old.clone(), new.clone())].into());
            change_tasks(&*root, &changes, &Target::InPlace, work).unwrap();
            for episode in expected.iter_mut().filter(|episode| episode.task == old) {
                episode.task = new.clone();
            }
        }
        Tool::SplitAndMerge(_) if expected.len() == 1 => {}
        Tool::SplitAndMerge(index) => {
            let middle = 1 + index.index(expected.len() - 1);
            let part = |name: &str, range: std::ops::Range<usize>| {
                (name.to_owned(), range.map(|k| k as u64).collect())
            };
            let parts = vec![part("a", 0..middle), part("b", middle..expected.len())];
            let output = sibling("parts");
            split(&*root, &Parts::Episodes(parts), Some(&output), work).unwrap();
            let merged = sibling("merged");
            merge(&[output.join("b"), output.join("a")], &merged, work).unwrap();
            expected.rotate_left(middle);
            *root = merged;
        }
        Tool::Stats => {
            recompute_stats(&*root, true, &Target::InPlace, work).unwrap();
        }
        Tool::Import => {
            let output = sibling("imported");
            import(&*root, &output, work).unwrap();
            *root = output;
        }
        Tool::Add(number) => {
            let key = format!("extra.{step}");
            let add = NewFeature::new(key, NewValues::Constant(vec![f64::from(*number)]));
            let changes = FeatureChanges::default().added(vec![add]);
            change_features(&*root, &changes, &Target::InPlace, work).unwrap();
        }
    }
}

fn verify(root: &Path, expected: &[Expected], camera: bool) {
    assert_eq!(check(root).findings, vec![]);
    let dataset = Dataset::open(root).unwrap();
    assert_eq!(dataset.len(), expected.len());
    for (k, wanted) in expected.iter().enumerate() {
        let episode = dataset.episode(k).unwrap();
        assert_eq!(episode.len(), wanted.frames.len());
        let mut pictures = camera.then(|| dataset.pictures(CAMERA).unwrap());
        for (at, frame) in wanted.frames.clone().enumerate() {
            let values = row(wanted.identity, frame);
            assert_eq!(episode.action().unwrap().row(at).unwrap(), &values[0..3]);
            assert_eq!(episode.state().unwrap().row(at).unwrap(), &values[3..6]);
            assert_eq!(episode.task(at), Some(wanted.task.as_str()));
            if let Some(pictures) = &mut pictures {
                let found = pictures.read(k, at).unwrap();
                assert!(
                    is_clear_picture(&found.rgb, wanted.identity, frame),
                    "{k} {at}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_tools_leaves_the_rest_as_it_was(
        lengths in prop::collection::vec(1..7_usize, 1..5),
        camera in any::<bool>(),
        tools in tools(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut root = dir.path().join("dataset");
        let spec = if camera { camera_spec() } else { spec() };
        let mut writer = Writer::create(&root, &spec).unwrap();
        let mut expected = Vec::new();
        for (identity, frames) in lengths.into_iter().enumerate() {
            let parts = support::record_pictures(&mut writer, identity, frames, clear_picture);
            writer.commit(&parts).unwrap();
            expected.push(Expected { identity, frames: 0..frames, task: "pick".to_owned() });
        }
        drop(writer);
        for (step, tool) in tools.iter().enumerate() {
            apply(tool, &mut root, &mut expected, step);
            verify(&root, &expected, camera);
        }
    }
}
