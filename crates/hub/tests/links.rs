//! Promise: a pull writes and removes nothing through links that stand in the folder.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used)]

mod loopback;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use loopback::Hub;
use loopback::folders::files;
use ulna_hub::{HubError, PullOptions, Repo, RepoKind, Unwatched, pull};

const HAND: &str = "datasets/me/hand";

/// A folder that a pull is to leave alone.
fn victim(at: &Path) -> BTreeMap<String, Vec<u8>> {
    for folder in ["chunk-000", "sub"] {
        fs::create_dir_all(at.join(folder)).unwrap();
    }
    for name in [
        "precious.txt",
        "lock",
        "chunk-000/file-000.parquet",
        "sub/x.incomplete",
    ] {
        fs::write(at.join(name), format!("{name} is mine")).unwrap();
    }
    files(at)
}

fn hub() -> Hub {
    let hub = Hub::start();
    let all: [(&str, &[u8]); 3] = [
        ("data/chunk-000/file-000.parquet", b"rows"),
        ("meta/tasks.parquet", b"tasks"),
        ("meta/info.json", b"{}"),
    ];
    hub.put(HAND, true, &all);
    hub
}

#[test]
fn links_on_the_way_are_refused_and_what_they_lead_to_stays() {
    let hub = hub();
    let repo = Repo::new(RepoKind::Dataset, "me/hand").unwrap();
    for place in ["data", "data/chunk-000", "meta", "videos", ".hub"] {
        for overwrite in [false, true] {
            let scratch = tempfile::tempdir().unwrap();
            let (dir, other) = (scratch.path().join("D"), scratch.path().join("victim"));
            let before = victim(&other);
            let at = dir.join(place);
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            symlink(&other, &at).unwrap();
            let options = PullOptions::default().overwrite(overwrite);
            let error = pull(&hub.client(), &repo, &dir, &options, &Unwatched).unwrap_err();
            assert!(matches!(error, HubError::Folder { .. }), "{place}: {error}");
            assert!(error.to_string().contains("is a link"), "{error}");
            assert_eq!(files(&other), before, "{place}");
            // The next step works.
            fs::remove_file(&at).unwrap();
            pull(&hub.client(), &repo, &dir, &options, &Unwatched).unwrap();
            assert_eq!(files(&other), before, "{place}");
        }
    }
}

#[test]
fn a_file_that_is_a_link_is_replaced_and_what_it_led_to_stays() {
    let hub = hub();
    let repo = Repo::new(RepoKind::Dataset, "me/hand").unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let (dir, other) = (scratch.path().join("D"), scratch.path().join("victim"));
    let before = victim(&other);
    let name = PathBuf::from("data/chunk-000/file-000.parquet");
    fs::create_dir_all(dir.join("data/chunk-000")).unwrap();
    symlink(other.join("precious.txt"), dir.join(&name)).unwrap();
    let options = PullOptions::default().overwrite(true);
    pull(&hub.client(), &repo, &dir, &options, &Unwatched).unwrap();
    assert_eq!(files(&other), before);
    assert!(dir.join(&name).symlink_metadata().unwrap().is_file());
}

#[test]
fn what_else_stands_where_files_wait_is_not_removed() {
    let hub = hub();
    let repo = Repo::new(RepoKind::Dataset, "me/hand").unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let waiting = scratch.path().join(".hub");
    fs::create_dir_all(waiting.join("notes")).unwrap();
    fs::write(waiting.join("notes/mine.txt"), "mine").unwrap();
    let options = PullOptions::default();
    pull(&hub.client(), &repo, scratch.path(), &options, &Unwatched).unwrap();
    assert_eq!(fs::read(waiting.join("notes/mine.txt")).unwrap(), b"mine");
    assert!(!waiting.join("lock").exists());
}
