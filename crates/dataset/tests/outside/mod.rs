//! What stands in a folder, links not followed, and everything that writes to a dataset.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use ulna_dataset::tools::{
    Cut, FeatureChanges, Progress, Target, TaskChanges, Work, change_features, change_tasks,
    compact, delete, recompute_stats, trim,
};
use ulna_dataset::{CardOptions, Dataset, DatasetError, Spec, Writer, repair, write_card};

use crate::support;

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Folder,
    File(Vec<u8>),
    Link(PathBuf),
}

/// Everything below a folder.
pub fn tree(root: &Path) -> BTreeMap<PathBuf, Entry> {
    fn walk(root: &Path, dir: &Path, out: &mut BTreeMap<PathBuf, Entry>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap().file_type();
            let entry = match () {
                () if kind.is_symlink() => Entry::Link(std::fs::read_link(&path).unwrap()),
                () if kind.is_dir() => {
                    walk(root, &path, out);
                    Entry::Folder
                }
                () => Entry::File(std::fs::read(&path).unwrap()),
            };
            out.insert(path.strip_prefix(root).unwrap().to_owned(), entry);
        }
    }
    let mut out = BTreeMap::new();
    walk(root, root, &mut out);
    out
}

/// A folder that a thief of names would like to be emptied: it has the names that ulna uses, too.
pub fn victim(path: &Path) {
    for folder in [".ulna", "sub", "run-000000", "meta"] {
        std::fs::create_dir_all(path.join(folder)).unwrap();
    }
    for file in [
        "precious.txt",
        "lock",
        "edit",
        "writing",
        "rows.log",
        ".ulna/edit",
        "sub/photo.jpg",
        "run-000000/rows.log",
        "meta/info.json",
    ] {
        std::fs::write(path.join(file), format!("{file} is mine").repeat(9)).unwrap();
    }
}

/// A dataset of two short episodes.
pub fn recorded(root: &Path, spec: &Spec) {
    let mut writer = Writer::create(root, spec).unwrap();
    for (episode, frames) in [3, 4].into_iter().enumerate() {
        let parts = support::record(&mut writer, episode, frames);
        writer.commit(&parts).unwrap();
    }
}

/// A recording that was killed: its folder, and nothing else, is left.
pub fn interrupted(root: &Path, spec: &Spec, frames: usize) {
    let mut writer = Writer::resume(root, spec).unwrap();
    drop(support::record(&mut writer, 2, frames));
}

pub fn link(to: impl AsRef<Path>, at: impl AsRef<Path>) {
    std::fs::create_dir_all(at.as_ref().parent().unwrap()).unwrap();
    symlink(to, at).unwrap();
}

/// Everything that writes in or next to a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    Repair,
    Resume,
    Delete,
    Trim,
    Compact,
    Tasks,
    Stats,
    Features,
    Card,
}

pub const ALL: [Writing; 9] = [
    Writing::Repair,
    Writing::Resume,
    Writing::Delete,
    Writing::Trim,
    Writing::Compact,
    Writing::Tasks,
    Writing::Stats,
    Writing::Features,
    Writing::Card,
];

/// Writes to the dataset.
pub fn write(root: &Path, writing: Writing) -> Result<(), DatasetError> {
    let mut go_on = |_: Progress| true;
    let work = &mut Work::new(&mut go_on);
    let here = &Target::InPlace;
    match writing {
        Writing::Repair => repair(root).map(drop),
        Writing::Resume => {
            let dataset = Dataset::open(root)?;
            let features = dataset.info().features.iter().filter(|f| !f.is_auto());
            let spec = Spec::new(dataset.fps() as u32)
                .robot_type(dataset.info().robot_type.clone())
                .features(features.cloned().collect());
            let number = dataset.len();
            let mut writer = Writer::resume(root, &spec)?;
            let parts = match writer.layout().width() {
                10 => support::record(&mut writer, number, 2),
                // A feature was dropped.
                width => {
                    let mut rows = writer.begin_episode()?;
                    for frame in 0..2 {
                        rows.push_row("pick", &support::row(number, frame)[..width])?;
                    }
                    rows.finish(Vec::new(), None)?
                }
            };
            writer.commit(&parts).map(drop)
        }
        Writing::Delete => delete(root, &[0], here, work).map(drop),
        Writing::Trim => {
            let cut = Cut::Frames {
                episode: 0,
                frames: 1..3,
            };
            trim(root, &cut, here, work).map(drop)
        }
        Writing::Compact => compact(root, here, work).map(drop),
        Writing::Tasks => {
            let changes = TaskChanges::default().others(Some("another task".to_owned()));
            change_tasks(root, &changes, here, work).map(drop)
        }
        Writing::Stats => recompute_stats(root, false, here, work).map(drop),
        Writing::Features => {
            let changes = FeatureChanges::default().dropped(vec!["ulna.stale".to_owned()]);
            change_features(root, &changes, here, work).map(drop)
        }
        Writing::Card => {
            let options = CardOptions::default().force(true);
            write_card(root, &options).map(drop)
        }
    }
}
