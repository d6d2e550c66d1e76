//! Promise: links at ulna's own names, in a dataset or next to it, lead no writer into another folder; links in the place of a
//! dataset's files are read through, and never written through.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod outside;
mod support;

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use outside::{ALL, Entry, Writing, interrupted, link, recorded, tree, victim, write};
use ulna_dataset::{Dataset, DatasetError, Severity, Writer, check, repair};

/// A dataset `D` with a victim next to it.
struct Scene {
    dir: tempfile::TempDir,
}

impl Scene {
    fn new() -> Scene {
        let dir = tempfile::tempdir().unwrap();
        let scene = Scene { dir };
        recorded(&scene.root(), &support::spec());
        std::fs::create_dir_all(scene.root().join(".ulna")).unwrap();
        victim(&scene.victim());
        scene
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("D")
    }

    fn victim(&self) -> PathBuf {
        self.dir.path().join("victim")
    }
}

type Plant = fn(&Path, &Path);

/// Links at ulna's own names: where they are planted in the dataset, and what they lead to.
const PLANTS: [(&str, Plant); 12] = [
    (".ulna", |root, victim| {
        std::fs::remove_dir_all(root.join(".ulna")).unwrap();
        link(victim, root.join(".ulna"));
    }),
    ("run-000000", |root, victim| {
        link(victim, root.join(".ulna/run-000000"));
    }),
    ("gone-000000", |root, victim| {
        link(victim, root.join(".ulna/gone-000000"));
    }),
    ("lock", |root, victim| {
        let _ = std::fs::remove_file(root.join(".ulna/lock"));
        link(victim.join("precious.txt"), root.join(".ulna/lock"));
    }),
    ("writing", |root, victim| {
        link(victim.join("precious.txt"), root.join(".ulna/writing"));
    }),
    ("edit", |root, victim| {
        link(victim.join("edit"), root.join(".ulna/edit"));
    }),
    ("rows.log", |root, victim| {
        link(
            victim.join("rows.log"),
            root.join(".ulna/run-000000/rows.log"),
        );
    }),
    ("commit.json", |root, victim| {
        link(
            victim.join("lock"),
            root.join(".ulna/run-000000/commit.json"),
        );
    }),
    (".D.ulna-edit", |root, victim| {
        link(victim, root.with_file_name(".D.ulna-edit"));
    }),
    (".D.ulna-old", |root, victim| {
        link(victim, root.with_file_name(".D.ulna-old"));
    }),
    (".D.ulna-edit", |root, victim| {
        link(victim, root.with_file_name(".D.ulna-edit").join(".ulna"));
    }),
    (".D.ulna-edit", |root, victim| {
        link(
            victim.join("lock"),
            root.with_file_name(".D.ulna-edit").join(".ulna/lock"),
        );
    }),
];

#[test]
fn no_writer_reaches_another_folder_through_a_link() {
    for (name, plant) in PLANTS {
        for writing in ALL {
            let scene = Scene::new();
            plant(&scene.root(), &scene.victim());
            let (before, outside) = (tree(&scene.root()), tree(&scene.victim()));
            let result = write(&scene.root(), writing);
            assert_eq!(
                outside,
                tree(&scene.victim()),
                "{name}, {writing:?}: {result:?}"
            );
            let Err(error) = result else {
                // Only what comes near the link has to refuse it.
                continue;
            };
            let text = error.to_string();
            assert!(
                matches!(error, DatasetError::Link { .. }),
                "{writing:?}: {text}"
            );
            assert!(
                text.contains(name) && text.contains("`rm "),
                "{name}: {text}"
            );
            let mut after = tree(&scene.root());
            after
                .entry(PathBuf::from(".ulna/lock"))
                .or_insert(Entry::File(Vec::new()));
            let mut before = before;
            before
                .entry(PathBuf::from(".ulna/lock"))
                .or_insert(Entry::File(Vec::new()));
            assert_eq!(before, after, "{name}, {writing:?}");
        }
    }
}

#[test]
fn repair_refuses_every_such_link_and_check_names_it_without_sending_anyone_to_repair() {
    for (name, plant) in PLANTS {
        let scene = Scene::new();
        plant(&scene.root(), &scene.victim());
        let error = repair(scene.root()).unwrap_err();
        assert!(
            matches!(error, DatasetError::Link { .. }),
            "{name}: {error}"
        );
        if name == ".D.ulna-edit" && scene.root().with_file_name(name).is_dir() {
            // What lies in that folder is no part of the dataset.
            continue;
        }
        let report = check(scene.root());
        assert_eq!(report.count(Severity::Error), 0, "{:?}", report.findings);
        let groups: Vec<_> = report.groups();
        let group = groups.iter().find(|group| group.kind().code == "link");
        let group = group.unwrap_or_else(|| panic!("{name}: {:?}", report.findings));
        assert!(group.findings[0].message.contains(name), "{name}");
        assert!(
            report
                .next_step(&group.findings, &scene.root())
                .contains("`rm`")
        );
        let advice = report
            .findings
            .iter()
            .any(|f| f.message.contains("repair`"));
        assert!(!advice, "{name}: {:?}", report.findings);
        // The next step works: without the link, all is as it was.
        for link in report.findings.iter().filter(|f| f.code == "link") {
            let path = link.message.split(" is a link").next().unwrap();
            std::fs::remove_file(path).unwrap();
        }
        repair(scene.root()).unwrap();
        support::verify(&scene.root(), &[3, 4]);
    }
}

#[test]
fn second_names_of_other_files_are_not_written_to() {
    for name in ["lock", "writing", "edit"] {
        for writing in ALL {
            let scene = Scene::new();
            let at = scene.root().join(".ulna").join(name);
            let _ = std::fs::remove_file(&at);
            std::fs::hard_link(scene.victim().join("precious.txt"), &at).unwrap();
            let outside = tree(&scene.victim());
            write(&scene.root(), writing).unwrap_or_else(|e| panic!("{name}, {writing:?}: {e}"));
            assert_eq!(outside, tree(&scene.victim()), "{name}, {writing:?}");
        }
    }
}

#[test]
fn a_folder_that_is_not_ulnas_is_not_removed() {
    // Real folders under ulna's names, with a user's files in them.
    for place in [
        "D/.ulna/run-000000",
        "D/.ulna/notes",
        "D/.ulna/gone-000000",
        ".D.ulna-edit",
        ".D.ulna-old",
    ] {
        for writing in [
            Writing::Repair,
            Writing::Delete,
            Writing::Stats,
            Writing::Resume,
        ] {
            let scene = Scene::new();
            let folder = scene.dir.path().join(place);
            std::fs::create_dir_all(folder.join("inner")).unwrap();
            std::fs::write(folder.join("thesis.tex"), "years of work").unwrap();
            std::fs::write(folder.join("inner/figure.mp4"), "of work").unwrap();
            let before = tree(&folder);
            let result = write(&scene.root(), writing);
            assert_eq!(before, tree(&folder), "{place}, {writing:?}: {result:?}");
        }
    }
    // Nor is a file of a user's below `.ulna`.
    for name in ["run-000007", "notes.txt", "locked"] {
        let scene = Scene::new();
        let note = scene.root().join(".ulna").join(name);
        std::fs::write(&note, "mine").unwrap();
        for writing in ALL {
            let result = write(&scene.root(), writing);
            assert_eq!(
                std::fs::read(&note).unwrap(),
                b"mine",
                "{writing:?}: {result:?}"
            );
        }
    }
    // A recording of ulna's into which a user put a file is not removed with it.
    let scene = Scene::new();
    interrupted(&scene.root(), &support::spec(), 3);
    let note = scene.root().join(".ulna/run-000000/note.txt");
    std::fs::write(&note, "mine").unwrap();
    let _ = repair(scene.root());
    assert_eq!(std::fs::read(&note).unwrap(), b"mine");
}

#[test]
fn what_an_edit_left_is_removed_without_following_links_in_it() {
    let scene = Scene::new();
    let left = scene.dir.path().join(".D.ulna-edit");
    for folder in [".ulna", "a/b", "c"] {
        std::fs::create_dir_all(left.join(folder)).unwrap();
    }
    for file in [".ulna/edit", ".ulna/lock", "a/b/x"] {
        std::fs::write(left.join(file), "").unwrap();
    }
    let victim = scene.victim();
    link(&victim, left.join("data"));
    link(&victim, left.join("a/.ulna"));
    link(victim.join("precious.txt"), left.join("c/file"));
    let outside = tree(&victim);
    repair(scene.root()).unwrap();
    assert!(left.symlink_metadata().is_err());
    assert_eq!(outside, tree(&victim));
    support::verify(&scene.root(), &[3, 4]);
}

/// Replaces every file by a link to where it is now, as in Hugging Face's cache.
fn to_cache(root: &Path, blobs: &Path) {
    std::fs::create_dir_all(blobs).unwrap();
    for (number, (path, entry)) in tree(root).into_iter().enumerate() {
        if matches!(entry, Entry::File(_)) && !path.starts_with(".ulna") {
            let blob = blobs.join(format!("{number:04}"));
            std::fs::rename(root.join(&path), &blob).unwrap();
            let up = "../".repeat(path.components().count());
            let name = blobs.file_name().unwrap().to_string_lossy();
            symlink(format!("{up}{name}/{number:04}"), root.join(path)).unwrap();
        }
    }
}

#[test]
fn a_dataset_in_hugging_faces_cache_is_read_and_its_blobs_stay_as_they_are() {
    for writing in ALL {
        let scene = Scene::new();
        let (root, blobs) = (scene.root(), scene.dir.path().join("blobs"));
        to_cache(&root, &blobs);
        support::verify(&root, &[3, 4]);
        assert!(check(&root).is_sound());
        let before = tree(&blobs);
        write(&root, writing).unwrap_or_else(|error| panic!("{writing:?}: {error}"));
        assert_eq!(before, tree(&blobs), "{writing:?}");
        assert!(
            check(&root).is_sound(),
            "{writing:?}: {:?}",
            check(&root).findings
        );
        // What the edited dataset keeps of the old one is not shared with the cache in a way that lets writes through.
        for (path, entry) in tree(&root) {
            use std::os::unix::fs::MetadataExt;
            if matches!(entry, Entry::File(_)) {
                let links = root.join(&path).metadata().unwrap().nlink();
                assert_eq!(links, 1, "{writing:?}: {}", path.display());
            }
        }
    }
}

#[test]
fn folders_of_a_dataset_that_are_links_are_read_and_not_written_through() {
    for folder in [
        "data",
        "data/chunk-000",
        "meta",
        "meta/episodes",
        "meta/episodes/chunk-000",
        "meta/ulna",
    ] {
        for writing in ALL {
            let scene = Scene::new();
            let (root, elsewhere) = (scene.root(), scene.dir.path().join("elsewhere"));
            std::fs::rename(root.join(folder), &elsewhere).unwrap();
            symlink(&elsewhere, root.join(folder)).unwrap();
            support::verify(&root, &[3, 4]);
            let before = tree(&elsewhere);
            let result = write(&root, writing);
            assert_eq!(
                before,
                tree(&elsewhere),
                "{folder}, {writing:?}: {result:?}"
            );
            if let Err(error) = result {
                let text = error.to_string();
                assert!(
                    matches!(error, DatasetError::Link { .. }),
                    "{folder}: {text}"
                );
                assert!(text.contains("cp -rL"), "{text}");
                support::verify(&root, &[3, 4]);
            }
        }
    }
    // A recording is refused before it begins, not when its first episode is to be saved.
    let scene = Scene::new();
    let (root, elsewhere) = (scene.root(), scene.dir.path().join("elsewhere"));
    std::fs::rename(root.join("data"), &elsewhere).unwrap();
    symlink(&elsewhere, root.join("data")).unwrap();
    let error = Writer::resume(&root, &support::spec()).unwrap_err();
    assert!(matches!(error, DatasetError::Link { .. }), "{error}");
}

#[test]
fn a_new_dataset_is_not_made_through_links() {
    let dir = tempfile::tempdir().unwrap();
    let (victim_folder, root) = (dir.path().join("victim"), dir.path().join("D"));
    victim(&victim_folder);
    let outside = tree(&victim_folder);
    for name in [".ulna", "meta"] {
        std::fs::create_dir_all(&root).unwrap();
        link(dir.path().join("victim"), root.join(name));
        let error = Writer::create(&root, &support::spec()).unwrap_err();
        assert!(matches!(error, DatasetError::Link { .. }), "{error}");
        assert_eq!(outside, tree(&victim_folder));
        std::fs::remove_file(root.join(name)).unwrap();
    }
    // The folder that the user names may be a link: it is the user's choice.
    let real = dir.path().join("real");
    std::fs::create_dir(&real).unwrap();
    symlink(&real, dir.path().join("chosen")).unwrap();
    recorded(&dir.path().join("chosen"), &support::spec());
    assert_eq!(Dataset::open(&real).unwrap().len(), 2);
}
