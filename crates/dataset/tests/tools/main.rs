//! Promise: an edited dataset is what was asked for, everything else in it is what it was, and the original is either
//! untouched or replaced by a result that passed its check.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod exclusive;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use support::{CAMERA, camera_spec, clear_picture, fixture, row, spec};
use ulna_dataset::tools::{
    Choice, Cut, Edited, Encoding, FeatureChanges, Format, NewFeature, NewValues, Parts, Progress,
    Target, TaskChanges, Work, change_features, change_tasks, compact, delete, diff, export,
    import, merge, recompute_stats, reencode, select, split, trim,
};
use ulna_dataset::{
    CheckReport, Dataset, DatasetError, EpisodeParts, Number, Result, Spec, Writer, check,
};

fn record(writer: &mut Writer, identity: usize, frames: usize) -> EpisodeParts {
    support::record_pictures(writer, identity, frames, clear_picture)
}

/// Records episodes of these lengths; episode k shows the values and pictures of `identity[k]`.
fn make(root: &Path, spec: &Spec, episodes: &[(usize, usize)]) {
    let mut writer = Writer::create(root, spec).unwrap();
    for (identity, frames) in episodes {
        let parts = record(&mut writer, *identity, *frames);
        writer.commit(&parts).unwrap();
    }
}

fn quietly<T>(edit: impl FnOnce(&mut Work) -> Result<T>) -> Result<T> {
    edit(&mut Work::new(&mut |_: Progress| true))
}

fn sound(root: &Path) {
    let CheckReport { findings, .. } = check(root);
    assert_eq!(findings, vec![], "{}", root.display());
}

/// Every frame of the result: the identity of the episode it came from, and its frame there.
fn verify(root: &Path, expected: &[(usize, std::ops::Range<usize>)]) {
    sound(root);
    let dataset = Dataset::open(root).unwrap();
    assert_eq!(dataset.len(), expected.len());
    let camera = dataset.info().cameras().next().is_some();
    let mut pictures = camera.then(|| dataset.pictures(CAMERA).unwrap());
    for (k, (identity, frames)) in expected.iter().enumerate() {
        let episode = dataset.episode(k).unwrap();
        assert_eq!(episode.len(), frames.len(), "episode {k}");
        for (at, frame) in frames.clone().enumerate() {
            let expected = row(*identity, frame);
            assert_eq!(episode.action().unwrap().row(at).unwrap(), &expected[0..3]);
            if let Some(pictures) = &mut pictures {
                let found = pictures.read(k, at).unwrap();
                let good = support::is_clear_picture(&found.rgb, *identity, frame);
                assert!(good, "picture {at} of episode {k} is another's");
            }
        }
    }
    let hidden: Vec<PathBuf> = std::fs::read_dir(root.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with('.'))
        .collect();
    assert_eq!(hidden, Vec::<PathBuf>::new());
}

const FOUR: [(usize, usize); 4] = [(0, 5), (1, 4), (2, 1), (3, 6)];

fn four(dir: &Path) -> PathBuf {
    let root = dir.join("four");
    make(&root, &camera_spec(), &FOUR);
    root
}

#[test]
fn episodes_are_deleted_and_the_others_move_up() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    std::fs::write(root.join("README.md"), "mine").unwrap();
    let edited = quietly(|w| delete(&root, &[1], &Target::InPlace, w)).unwrap();
    verify(&root, &[(0, 0..5), (2, 0..1), (3, 0..6)]);
    // The rows of the first episode and all pictures that stay are the same files.
    assert_eq!((edited.files_kept, edited.files_written), (1 + 3, 2));
    assert_eq!(std::fs::read(root.join("README.md")).unwrap(), b"mine");
    // It can be recorded on.
    let mut writer = Writer::resume(&root, &camera_spec()).unwrap();
    let parts = record(&mut writer, 7, 3);
    writer.commit(&parts).unwrap();
    drop(writer);
    verify(&root, &[(0, 0..5), (2, 0..1), (3, 0..6), (7, 0..3)]);
}

#[test]
fn compacting_joins_files_and_compacted_ones_can_be_cut_again() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    quietly(|w| compact(&root, &Target::InPlace, w)).unwrap();
    verify(&root, &[(0, 0..5), (1, 0..4), (2, 0..1), (3, 0..6)]);
    let dataset = Dataset::open(&root).unwrap();
    let files = dataset
        .episodes()
        .iter()
        .map(|e| (e.data, e.videos[CAMERA].file));
    assert!(files.clone().all(|file| Some(file) == files.clone().next()));
    // A second time there is nothing left to join.
    let again = quietly(|w| compact(&root, &Target::InPlace, w)).unwrap();
    assert_eq!(again.pictures_encoded, 0);
    let output = dir.path().join("fewer");
    let edited = quietly(|w| delete(&root, &[0, 2], &Target::New(output.clone()), w)).unwrap();
    assert_eq!(
        (edited.episodes, edited.frames, edited.pictures_encoded),
        (2, 10, 0)
    );
    verify(&output, &[(1, 0..4), (3, 0..6)]);
    verify(&root, &[(0, 0..5), (1, 0..4), (2, 0..1), (3, 0..6)]);
}

#[test]
fn a_split_and_a_merge_give_the_whole_back() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let name = |n: &str, share| (n.to_owned(), share);
    let parts = Parts::Fractions(vec![name("train", 0.75), name("val", 0.25)]);
    let output = dir.path().join("parts");
    let made = quietly(|w| split(&root, &parts, Some(&output), w)).unwrap();
    assert_eq!(
        made.iter().map(|(_, e)| e.episodes).collect::<Vec<_>>(),
        [3, 1]
    );
    verify(&output.join("val"), &[(3, 0..6)]);
    let whole = dir.path().join("whole");
    let dirs = [output.join("val"), output.join("train")];
    let edited = quietly(|w| merge(&dirs, &whole, w)).unwrap();
    assert_eq!(edited.pictures_encoded, 0);
    verify(&whole, &[(3, 0..6), (0, 0..5), (1, 0..4), (2, 0..1)]);
    let by_number = Parts::Episodes(vec![("a".to_owned(), vec![0]), ("b".to_owned(), vec![0])]);
    let error = quietly(|w| split(&root, &by_number, None, w)).unwrap_err();
    assert!(
        error.to_string().contains("episode 0 is in two parts"),
        "{error}"
    );
}

#[test]
fn datasets_that_do_not_fit_are_not_merged() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let other = dir.path().join("other");
    make(&other, &spec().fps(20), &[(0, 3)]);
    let dirs = [root, other];
    let error = quietly(|w| merge(&dirs, &dir.path().join("out"), w))
        .unwrap_err()
        .to_string();
    for part in ["20 frames/s, not 30", "it lacks `observation.images.front`"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(!dir.path().join("out").exists());
}

#[test]
fn a_cut_between_key_frames_costs_only_the_pictures_before_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let cut = |episode, frames| Cut::Frames { episode, frames };
    // Frame 2 is a key frame, frame 1 is not.
    let edited = quietly(|w| trim(&root, &cut(3, 2..5), &Target::InPlace, w)).unwrap();
    assert_eq!(edited.pictures_encoded, 0);
    verify(&root, &[(0, 0..5), (1, 0..4), (2, 0..1), (3, 2..5)]);
    let edited = quietly(|w| trim(&root, &cut(0, 1..5), &Target::InPlace, w)).unwrap();
    assert_eq!(edited.pictures_encoded, 1, "only the group that was cut");
    verify(&root, &[(0, 1..5), (1, 0..4), (2, 0..1), (3, 2..5)]);
    let error = quietly(|w| trim(&root, &cut(1, 2..9), &Target::InPlace, w)).unwrap_err();
    assert!(error.to_string().contains("has 4 frames"), "{error}");
}

#[test]
fn idle_heads_and_tails_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("idle");
    let mut writer = Writer::create(&root, &spec()).unwrap();
    for still in [false, true] {
        let mut rows = writer.begin_episode().unwrap();
        for frame in 0..60 {
            let moved = if still {
                0.0
            } else {
                (frame as f64 - 20.0).clamp(0.0, 20.0)
            };
            rows.push_row("pick", &[vec![moved; 9], vec![0.0]].concat())
                .unwrap();
        }
        let parts = rows.finish(Vec::new(), None).unwrap();
        writer.commit(&parts).unwrap();
    }
    drop(writer);
    let cut = Cut::Idle {
        episodes: None,
        threshold: 0.5,
        margin: 0.1,
    };
    let edited = quietly(|w| trim(&root, &cut, &Target::InPlace, w)).unwrap();
    let dataset = Dataset::open(&root).unwrap();
    // It moves from frame 20 to frame 40; three frames stay on either side.
    assert_eq!(dataset.episode_row(0).unwrap().length, 3 + 21 + 3);
    assert_eq!(dataset.episode_row(1).unwrap().length, 60);
    assert!(
        edited
            .notes
            .iter()
            .any(|note| note.contains("nothing in it moves"))
    );
    sound(&root);
}

#[test]
fn tasks_are_renamed_and_assigned() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let changes = TaskChanges::default()
        .renamed(BTreeMap::from([("pick".to_owned(), "lift".to_owned())]))
        .assigned(BTreeMap::from([(2, "a fold".to_owned())]))
        .others(None);
    quietly(|w| change_tasks(&root, &changes, &Target::InPlace, w)).unwrap();
    let dataset = Dataset::open(&root).unwrap();
    assert_eq!(dataset.tasks(), ["a fold", "lift"]);
    let tasks: Vec<_> = dataset
        .episodes()
        .iter()
        .map(|row| row.tasks.join(";"))
        .collect();
    assert_eq!(tasks, ["lift", "lift", "a fold", "lift"]);
    verify(&root, &[(0, 0..5), (1, 0..4), (2, 0..1), (3, 0..6)]);
    let error = quietly(|w| change_tasks(&root, &changes, &Target::InPlace, w)).unwrap_err();
    assert!(error.to_string().contains("no such task"), "{error}");
}

#[test]
fn features_come_and_go() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (16, 2), }\n";
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend((0..32_u8).flat_map(|v| f32::from(v).to_le_bytes()));
    let path = dir.path().join("reward.npy");
    std::fs::write(&path, file).unwrap();
    let new = |key: &str, values, number| NewFeature::new(key, values).number(number);
    let changes = FeatureChanges::default()
        .renamed(BTreeMap::new())
        .dropped(vec!["observation.state".to_owned()])
        .plain(true)
        .added(vec![
            new("reward", NewValues::Numpy(path), None),
            new(
                "weight",
                NewValues::Constant(vec![3.0]),
                Some(Number::Int64),
            ),
        ]);
    quietly(|w| change_features(&root, &changes, &Target::InPlace, w)).unwrap();
    verify(&root, &[(0, 0..5), (1, 0..4), (2, 0..1), (3, 0..6)]);
    let dataset = Dataset::open(&root).unwrap();
    let keys: Vec<_> = dataset
        .info()
        .features
        .iter()
        .map(|f| f.key.as_str())
        .collect();
    assert_eq!(keys[..4], ["action", CAMERA, "reward", "weight"]);
    let episode = dataset.episode(1).unwrap();
    assert_eq!(
        episode.column("reward").unwrap().row(0).unwrap(),
        [10.0, 11.0]
    );
    assert_eq!(episode.column("weight").unwrap().row(3).unwrap(), [3.0]);
    let error = quietly(|w| {
        let changes = FeatureChanges::default().dropped(vec!["index".to_owned()]);
        change_features(&root, &changes, &Target::InPlace, w)
    });
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("every dataset needs it")
    );
}

#[test]
fn statistics_are_recomputed_and_those_of_pictures_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let before = Dataset::open(&root).unwrap().stats().unwrap().unwrap();
    std::fs::remove_file(root.join("meta/stats.json")).unwrap();
    quietly(|w| recompute_stats(&root, true, &Target::InPlace, w)).unwrap();
    sound(&root);
    let after = Dataset::open(&root).unwrap().stats().unwrap().unwrap();
    let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9);
    assert!(close(&after["action"].std, &before["action"].std));
    assert_eq!(after["action"].quantiles, before["action"].quantiles);
    let (old, new) = (&before[CAMERA].mean, &after[CAMERA].mean);
    assert!(
        old.iter().zip(new).all(|(a, b)| (a - b).abs() < 0.02),
        "{old:?} {new:?}"
    );
}

#[test]
fn pictures_are_re_encoded() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let edited = quietly(|w| reencode(&root, &Encoding::built_in(), &Target::InPlace, w)).unwrap();
    assert_eq!(edited.pictures_encoded, 16);
    verify(&root, &[(0, 0..5), (1, 0..4), (2, 0..1), (3, 0..6)]);
    let unknown = Encoding::of("no-such-codec");
    let error = quietly(|w| reencode(&root, &unknown, &Target::InPlace, w))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("ffmpeg") && error.contains("no-such-codec"),
        "{error}"
    );
}

#[test]
fn ffmpeg_encodes_what_the_built_in_encoder_cannot() {
    if std::process::Command::new("ffmpeg")
        .arg("-version")
        .output()
        .is_err()
    {
        support::skip("ULNA_REQUIRE_FFMPEG", "there is no ffmpeg on the PATH");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let output = dir.path().join("av1");
    let mut encoding = Encoding::of("av1");
    encoding.crf = Some(20);
    quietly(|w| reencode(&root, &encoding, &Target::New(output.clone()), w)).unwrap();
    verify(&output, &[(0, 0..5), (1, 0..4), (2, 0..1), (3, 0..6)]);
    let info = Dataset::open(&output).unwrap();
    let info = &info.info().feature(CAMERA).unwrap().raw["info"];
    assert_eq!(
        (&info["video.codec"], &info["video.crf"]),
        (&"av1".into(), &20.into())
    );
    // AV1 that is cut between two key frames is re-encoded with the settings stored.
    let cut = Cut::Frames {
        episode: 3,
        frames: 1..6,
    };
    let edited = quietly(|w| trim(&output, &cut, &Target::InPlace, w)).unwrap();
    assert_eq!(edited.pictures_encoded, 5);
    verify(&output, &[(0, 0..5), (1, 0..4), (2, 0..1), (3, 1..6)]);
}

#[test]
fn episodes_become_tables_pictures_and_videos() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    quietly(|w| compact(&root, &Target::InPlace, w)).unwrap();
    let formats = [Format::Csv, Format::Png, Format::Mp4];
    let [tables, pictures, videos] = formats.map(|format| {
        let out = dir.path().join(format!("{format:?}"));
        quietly(|w| export(&root, Some(&[1]), format, &out, w)).unwrap();
        out
    });
    let text = std::fs::read_to_string(tables.join("episode-000001.csv")).unwrap();
    assert!(
        text.starts_with("frame,timestamp,task,action.shoulder.pos,"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 5);
    let pictures = pictures.join(format!("episode-000001.{CAMERA}"));
    assert_eq!(std::fs::read_dir(pictures).unwrap().count(), 4);
    assert!(
        videos
            .join(format!("episode-000001.{CAMERA}.mp4"))
            .is_file()
    );
    assert!(!videos.join(".ulna").exists());
}

#[test]
fn what_lerobot_wrote_is_edited() {
    for name in ["lerobot-so101_av1", "lerobot-so101_multifile"] {
        let Some(original) = fixture(name) else {
            return;
        };
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("copy");
        support::copy(&original, &root);
        let before = Dataset::open(&root).unwrap();
        let mut expected: Vec<usize> = (0..before.len()).collect();
        expected.remove(1);
        let output = dir.path().join("fewer");
        let edited = quietly(|w| delete(&root, &[1], &Target::New(output.clone()), w)).unwrap();
        assert_eq!(edited.pictures_encoded, 0, "{name}");
        same(&before, &Dataset::open(&output).unwrap(), &expected);
        quietly(|w| compact(&output, &Target::InPlace, w)).unwrap();
        same(&before, &Dataset::open(&output).unwrap(), &expected);
        let imported = dir.path().join("imported");
        quietly(|w| import(&root, &imported, w)).unwrap();
        let all: Vec<usize> = (0..before.len()).collect();
        same(&before, &Dataset::open(&imported).unwrap(), &all);
    }
}

/// The episodes of `after` are those of `before` with these numbers: every value, task and picture.
fn same(before: &Dataset, after: &Dataset, expected: &[usize]) {
    sound(after.root());
    assert_eq!(after.len(), expected.len());
    for (new, old) in expected.iter().enumerate() {
        let (a, b) = (after.episode(new).unwrap(), before.episode(*old).unwrap());
        let columns = |e: &ulna_dataset::Episode| -> Vec<(String, Vec<f64>)> {
            let one = |(key, column): (&str, &ulna_dataset::Column)| {
                (key.to_owned(), column.values().to_vec())
            };
            e.columns().map(one).collect()
        };
        assert_eq!(columns(&a), columns(&b), "episode {old}");
        for camera in before.info().cameras() {
            let mut here = after.pictures(&camera.key).unwrap();
            let mut there = before.pictures(&camera.key).unwrap();
            for frame in 0..a.len() {
                assert_eq!(a.task(frame), b.task(frame));
                assert!(here.read(new, frame).unwrap() == there.read(*old, frame).unwrap());
            }
        }
    }
}

#[test]
fn episodes_are_selected_by_task_and_length() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let changes =
        TaskChanges::default().assigned([(1, "fold".to_owned()), (3, "fold".to_owned())].into());
    quietly(|w| change_tasks(&root, &changes, &Target::InPlace, w)).unwrap();
    let chosen = |name: &str, choice: &Choice| {
        let output = dir.path().join(name);
        quietly(|w| select(&root, choice, &Target::New(output.clone()), w)).map(|_| output)
    };
    let fold = Choice::default().tasks(vec!["fold".to_owned()]);
    let folded = chosen("fold", &fold).unwrap();
    verify(&folded, &[(1, 0..4), (3, 0..6)]);
    assert_eq!(Dataset::open(&folded).unwrap().tasks(), ["fold"]);
    let fps = Dataset::open(&root).unwrap().fps();
    let long = Choice::default()
        .at_least(Some(4.0 / fps))
        .at_most(Some(5.0 / fps));
    verify(&chosen("long", &long).unwrap(), &[(0, 0..5), (1, 0..4)]);
    for nothing in [
        Choice::default(),
        Choice::default().tasks(vec!["dance".to_owned()]),
        Choice::default().at_least(Some(1e6)),
    ] {
        assert!(chosen("nothing", &nothing).is_err(), "{nothing:?}");
    }
}

#[test]
fn features_and_cameras_get_other_names_and_a_diff_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let root = four(dir.path());
    let renamed = dir.path().join("renamed");
    let to = |pairs: &[(&str, &str)]| {
        FeatureChanges::default().renamed(
            pairs
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect(),
        )
    };
    let changes = to(&[(CAMERA, "observation.images.top"), ("action", "actions")]);
    let done =
        quietly(|w| change_features(&root, &changes, &Target::New(renamed.clone()), w)).unwrap();
    assert_eq!(done.pictures_encoded, 0);
    sound(&renamed);
    let found = quietly(|w| diff(&root, &renamed, w)).unwrap();
    let features: Vec<&str> = found
        .iter()
        .filter_map(|one| one.feature.as_deref())
        .collect();
    assert!(
        features.contains(&CAMERA) && features.contains(&"actions"),
        "{found:?}"
    );
    assert!(found.iter().all(|one| one.episode.is_none()), "{found:?}");
    let back = dir.path().join("back");
    let changes = to(&[("observation.images.top", CAMERA), ("actions", "action")]);
    quietly(|w| change_features(&renamed, &changes, &Target::New(back.clone()), w)).unwrap();
    assert_eq!(quietly(|w| diff(&root, &back, w)).unwrap(), []);
    for bad in [
        ("action", "a/b"),
        ("action", CAMERA),
        ("index", "number"),
        ("none", "some"),
    ] {
        let output = Target::New(dir.path().join("bad"));
        assert!(
            quietly(|w| change_features(&root, &to(&[bad]), &output, w)).is_err(),
            "{bad:?}"
        );
    }
    let shorter = dir.path().join("shorter");
    let cut = Cut::Frames {
        episode: 1,
        frames: 0..3,
    };
    quietly(|w| trim(&root, &cut, &Target::New(shorter.clone()), w)).unwrap();
    let found = quietly(|w| diff(&root, &shorter, w)).unwrap();
    assert!(found.iter().any(|one| one.episode == Some(1)), "{found:?}");
    assert!(
        found.iter().all(|one| one.episode.is_none_or(|k| k == 1)),
        "{found:?}"
    );
}
