//! Promise: whatever stands in a sound dataset and around it, no writer changes a file outside, and none changes what an episode
//! refers to unless it was asked to.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod outside;
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outside::{ALL, Entry, Writing, interrupted, link, recorded, tree, victim, write};
use proptest::prelude::*;
use serde_json::{Value, json};
use ulna_dataset::{
    Dataset, DatasetError, INFO_PATH, Spec, Writer, check, repair,
    tools::{Progress, Target, Work, import},
};

const USUAL: &str = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";

/// Gives the data files of a dataset other names, in `info.json` and on the disk. Those that several files would share hold
/// the rows of both episodes.
fn rename_data(root: &Path, template: &str) {
    let info = root.join(INFO_PATH);
    let mut value: Value = serde_json::from_slice(&std::fs::read(&info).unwrap()).unwrap();
    let before = Dataset::open(root).unwrap();
    value["data_path"] = json!(template);
    std::fs::write(&info, serde_json::to_vec(&value).unwrap()).unwrap();
    let after = Dataset::open(root).unwrap();
    for row in before.episodes() {
        let from = root.join(before.info().data_file(row.data).unwrap());
        let to = root.join(after.info().data_file(row.data).unwrap());
        if from != to && from.is_file() {
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::rename(from, to).unwrap();
        }
    }
}

/// One data file for both episodes.
fn compacted(root: &Path, spec: &Spec) {
    recorded(root, spec);
    write(root, Writing::Compact).unwrap();
    std::fs::create_dir_all(root.join(".ulna")).unwrap();
}

const AMBIGUOUS: [&str; 8] = [
    "data/chunk-000/file-000.parquet",
    "data/chunk-{chunk_index:03d}/file-000.parquet",
    "data/chunk-000/file-{file_index:03d}.parquet",
    "data/{chunk_index}{file_index}.parquet",
    "data/{chunk_index:02d}00{file_index:05d}.parquet",
    "{chunk_index}/{file_index}.parquet",
    "meta/episodes/chunk-{chunk_index:03d}/file-9{file_index:03d}.parquet",
    ".ulna/{chunk_index}/{file_index}.parquet",
];

#[test]
fn names_that_do_not_keep_files_apart_are_read_and_not_written_to() {
    for template in AMBIGUOUS {
        // Read through such names: two that stand in folders with another meaning are not even that.
        let readable = template.starts_with("data/");
        for writing in ALL.into_iter().filter(|w| *w != Writing::Card) {
            let dir = tempfile::tempdir().unwrap();
            let root = dir.path().join("D");
            compacted(&root, &support::spec());
            rename_data(&root, template);
            let before = tree(&root);
            if readable {
                support::verify(&root, &[3, 4]);
            }
            let Err(error) = write(&root, writing) else {
                panic!("{template}, {writing:?}");
            };
            let text = error.to_string();
            if readable {
                assert!(
                    matches!(error, DatasetError::Paths { .. }),
                    "{template}: {text}"
                );
                assert!(text.contains("ulna dataset import"), "{text}");
            }
            let mut after = tree(&root);
            let lock = Path::new(".ulna/lock");
            if let (None, Some(found)) = (before.get(lock), after.remove(lock)) {
                assert_eq!(found, Entry::File(Vec::new()));
            }
            let mut before = before;
            before.remove(lock);
            assert_eq!(before, after, "{template}, {writing:?}");
            if readable {
                support::verify(&root, &[3, 4]);
            }
        }
    }
}

#[test]
fn the_next_step_for_such_names_works() {
    let dir = tempfile::tempdir().unwrap();
    let (root, copy) = (dir.path().join("D"), dir.path().join("copy"));
    compacted(&root, &support::spec());
    rename_data(&root, AMBIGUOUS[0]);
    assert!(check(&root).findings.iter().any(|f| f.code == "paths"));
    let mut go_on = |_: Progress| true;
    import(&root, &copy, &mut Work::new(&mut go_on)).unwrap();
    assert_eq!(
        Dataset::open(&copy).unwrap().info().data_path.as_str(),
        USUAL
    );
    write(&copy, Writing::Resume).unwrap();
    support::verify(&copy, &[3, 4, 2]);
    assert!(check(&copy).is_sound());
    // So does an edit of it that goes elsewhere.
    let other = dir.path().join("other");
    let work = &mut Work::new(&mut go_on);
    ulna_dataset::tools::delete(&root, &[1], &Target::New(other.clone()), work).unwrap();
    support::verify(&other, &[3]);
}

#[test]
fn cameras_that_one_disk_takes_for_one_are_not_written_to() {
    let mut spec = support::camera_spec();
    let again = ulna_dataset::Feature::camera("observation.images.FRONT", 64, 64, 30);
    spec.features.push(again);
    let dir = tempfile::tempdir().unwrap();
    let error = Writer::create(dir.path().join("D"), &spec).unwrap_err();
    assert!(error.to_string().contains("capitals"), "{error}");
}

/// Files that no episode refers to, some of them where the next save would put its own.
const STRAYS: [&str; 9] = [
    "data/chunk-000/file-002.parquet",
    "data/chunk-000/file-003.parquet",
    "data/chunk-007/mine.parquet",
    "data/notes.txt",
    "meta/notes/plan.md",
    "videos/observation.images.front/chunk-000/file-002.mp4",
    "images/old/frame-000000.png",
    "README.md",
    "notes/todo.txt",
];

#[test]
fn a_stray_file_where_the_next_one_would_go_is_stepped_over() {
    for writing in [Writing::Resume, Writing::Repair] {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("D");
        let spec = support::camera_spec();
        recorded(&root, &spec);
        if writing == Writing::Repair {
            interrupted(&root, &spec, 2);
        }
        for stray in STRAYS {
            let path = root.join(stray);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, format!("{stray} is mine")).unwrap();
        }
        write(&root, writing).unwrap();
        support::verify(&root, &[3, 4, 2]);
        for stray in STRAYS {
            let kept = std::fs::read_to_string(root.join(stray)).unwrap();
            assert_eq!(kept, format!("{stray} is mine"));
        }
    }
}

#[test]
fn tables_whose_rows_name_other_tables_are_not_replaced() {
    // Every row says that it stands in the first table, as some writers leave it.
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("D");
    recorded(&root, &support::spec());
    let tables = root.join("meta/episodes/chunk-000");
    std::fs::rename(
        tables.join("file-001.parquet"),
        tables.join("file-006.parquet"),
    )
    .unwrap();
    let before = std::fs::read(tables.join("file-006.parquet")).unwrap();
    write(&root, Writing::Resume).unwrap();
    assert_eq!(
        before,
        std::fs::read(tables.join("file-006.parquet")).unwrap()
    );
    support::verify(&root, &[3, 4, 2]);
    assert!(tables.join("file-007.parquet").is_file());
    // A table whose name sorts behind all that LeRobot gives leaves no place.
    std::fs::rename(tables.join("file-007.parquet"), tables.join("last.parquet")).unwrap();
    let before = tree(&root);
    let error = write(&root, Writing::Resume).unwrap_err().to_string();
    assert!(error.contains("last.parquet"), "{error}");
    assert_eq!(before, tree(&root));
}

#[test]
fn a_forged_marker_takes_nothing_away() {
    // A recording of ulna's whose marker names the files of saved episodes.
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("D");
    let spec = support::camera_spec();
    recorded(&root, &spec);
    interrupted(&root, &spec, 2);
    let names = |file: u64| {
        json!({
            "episode": 2, "data": [0, file], "table": [0, file],
            "videos": {support::CAMERA: [0, file], "../../..": [0, 0]},
        })
    };
    let marker = root.join(".ulna/run-000000/commit.json");
    for file in [0, 1] {
        std::fs::write(&marker, names(file).to_string()).unwrap();
        let before = tree(&root);
        let result = repair(&root);
        let after = tree(&root);
        for (path, entry) in before.iter().filter(|(path, _)| !path.starts_with(".ulna")) {
            let same = after.get(path) == Some(entry) || path.starts_with("meta");
            assert!(same, "{}: {result:?}", path.display());
        }
        support::verify(&root, &[3, 4, 2][..Dataset::open(&root).unwrap().len()]);
    }
}

/// What is done to a sound dataset before a writer comes.
#[derive(Clone, Debug)]
struct Surroundings {
    template: usize,
    strays: Vec<bool>,
    interrupted: bool,
    links: Vec<bool>,
    cache: bool,
}

const TEMPLATES: [&str; 6] = [
    USUAL,
    "data/{chunk_index}/{file_index}.parquet",
    "data/part-{file_index:d}/of-{chunk_index:09d}.parquet",
    "data/CHUNK-{chunk_index:03d}/File-{file_index:03d}.parquet",
    "data/chunk-{chunk_index:03d}/{file_index:03d}-{file_index}.parquet",
    "data/chunk-{chunk_index:03d}/file-{chunk_index}{file_index}.parquet",
];

/// Links to the victim, within the dataset and next to it.
const LINKS: [&str; 7] = [
    "D/.ulna/run-000009",
    "D/.ulna/writing",
    "D/.ulna/edit",
    ".D.ulna-edit",
    ".D.ulna-old",
    "D/notes",
    "D/data/chunk-000/file-002.parquet",
];

fn surroundings() -> impl Strategy<Value = Surroundings> {
    let rare = prop::bool::weighted;
    (
        0..TEMPLATES.len(),
        prop::collection::vec(rare(0.3), STRAYS.len()),
        rare(0.4),
        prop::collection::vec(rare(0.08), LINKS.len()),
        rare(0.2),
    )
        .prop_map(
            |(template, strays, interrupted, links, cache)| Surroundings {
                template,
                strays,
                interrupted,
                links,
                cache,
            },
        )
}

fn set_up(dir: &Path, surroundings: &Surroundings) -> PathBuf {
    let (root, spec) = (dir.join("D"), support::spec());
    recorded(&root, &spec);
    if surroundings.interrupted {
        interrupted(&root, &spec, 2);
    }
    rename_data(&root, TEMPLATES[surroundings.template]);
    for (stray, _) in STRAYS
        .iter()
        .zip(&surroundings.strays)
        .filter(|(_, there)| **there)
    {
        let path = root.join(stray);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("{stray} is mine")).unwrap();
    }
    victim(&dir.join("victim"));
    for (at, _) in LINKS
        .iter()
        .zip(&surroundings.links)
        .filter(|(_, there)| **there)
    {
        let at = dir.join(at);
        if at.symlink_metadata().is_err() {
            link(dir.join("victim"), at);
        }
    }
    if surroundings.cache {
        let blob = dir.join("blob");
        let file = root.join("meta/episodes/chunk-000/file-000.parquet");
        std::fs::rename(&file, &blob).unwrap();
        link(&blob, &file);
    }
    root
}

/// The files of the format that the rows refer to, and what is in them.
fn referred(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let dataset = Dataset::open(root).unwrap();
    let files = dataset
        .episodes()
        .iter()
        .map(|row| dataset.info().data_file(row.data).unwrap());
    files
        .map(|file| {
            let bytes = std::fs::read(root.join(&file)).unwrap();
            (file, bytes)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_writer_changes_what_it_was_not_asked_to(
        surroundings in surroundings(),
        steps in prop::collection::vec(prop::sample::select(&ALL[..]), 1..4),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let root = set_up(dir.path(), &surroundings);
        for writing in steps {
            let outside = tree(&dir.path().join("victim"));
            let blob = std::fs::read(dir.path().join("blob")).ok();
            let (before, files) = (tree(&root), referred(&root));
            let values = values(&root);
            let result = write(&root, writing);
            prop_assert_eq!(outside, tree(&dir.path().join("victim")), "{:?}", writing);
            prop_assert_eq!(blob, std::fs::read(dir.path().join("blob")).ok());
            let after = tree(&root);
            for stray in STRAYS {
                let (stray, mine) = (Path::new(stray), format!("{stray} is mine"));
                // A card has a part of ulna's from the time on at which that was asked for.
                let card = stray == Path::new("README.md")
                    && (writing == Writing::Card || before.get(stray) != Some(&Entry::File(mine.into_bytes())));
                if !files.contains_key(stray) && !card && let Some(there) = before.get(stray) {
                    prop_assert_eq!(Some(there), after.get(stray), "{:?} took {} away: {:?}", writing, stray.display(), result);
                }
            }
            let kept = match writing {
                Writing::Repair | Writing::Resume | Writing::Card => true,
                _ => result.is_err(),
            };
            if kept {
                for (file, bytes) in &files {
                    prop_assert_eq!(&std::fs::read(root.join(file)).unwrap(), bytes, "{:?}", writing);
                }
            }
            let now = self::values(&root);
            let from = usize::from(writing == Writing::Delete && result.is_ok());
            if !(writing == Writing::Trim && result.is_ok()) {
                let same = now.len().min(values.len() - from);
                prop_assert_eq!(&now[..same], &values[from..from + same], "{:?}: {:?}", writing, result);
            }
            prop_assert!(now.len() + from >= values.len());
        }
    }
}

/// The actions of every episode.
fn values(root: &Path) -> Vec<Vec<f64>> {
    let dataset = Dataset::open(root).unwrap();
    let episodes = (0..dataset.len()).map(|k| dataset.episode(k).unwrap());
    episodes
        .map(|episode| episode.action().unwrap().values().to_vec())
        .collect()
}
