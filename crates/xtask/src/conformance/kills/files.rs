//! What is on the disk, without asking ulna.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The files of a folder with their digests; the lock, which holds nothing, is left out.
pub(super) type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// Reads all files of a folder.
pub(super) fn tree(root: &Path) -> Result<Tree> {
    let mut found = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let name = path.strip_prefix(root).unwrap_or(&path).to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name != Path::new(".ulna/lock") {
                found.insert(name, Sha256::digest(fs::read(&path)?).to_vec());
            }
        }
    }
    Ok(found)
}

/// A file that is in one of the trees only, or differs.
pub(super) fn difference<'a>(one: &'a Tree, other: &'a Tree) -> Option<&'a Path> {
    let differs =
        |a: &'a Tree, b: &'a Tree| a.iter().find(|(path, digest)| b.get(*path) != Some(digest));
    let (path, _) = differs(one, other).or_else(|| differs(other, one))?;
    Some(path)
}

/// Those of a recording's files that belong to its first episodes, each of which has files of its own.
pub(super) fn of_episodes(tree: &Tree, episodes: u64) -> Tree {
    let number = |path: &Path| {
        let name = path.file_stem()?.to_str()?.strip_prefix("file-")?;
        name.parse::<u64>().ok()
    };
    let own = tree
        .iter()
        .filter(|(path, _)| number(path).is_some_and(|n| n < episodes));
    own.map(|(path, digest)| (path.clone(), digest.clone()))
        .collect()
}

/// Copies a folder.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("{}", from.display()))? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        match path.is_dir() {
            true => copy(&path, &target)?,
            false => fs::copy(&path, &target).map(|_| ())?,
        }
    }
    Ok(())
}

/// `total_episodes` of `meta/info.json`; none where there is no such file.
pub(super) fn saved_episodes(dataset: &Path) -> Option<u64> {
    let text = fs::read(dataset.join("meta/info.json")).ok()?;
    let info: Value = serde_json::from_slice(&text).ok()?;
    info["total_episodes"].as_u64()
}

/// A journal that a recording keeps while an episode runs or is being saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) path: PathBuf,
    /// Whole rows in the journal.
    pub(super) rows: u64,
    /// The number that the episode was about to get, once its save has begun.
    pub(super) marked: Option<u64>,
}

/// All journals of a dataset, oldest first, but for those that were being removed: their episodes are saved, and the mark that says
/// so goes before the journal.
pub(super) fn runs(dataset: &Path) -> Vec<Run> {
    let entries = fs::read_dir(dataset.join(".ulna")).into_iter().flatten();
    let mut found: Vec<Run> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            !path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("gone-"))
        })
        .filter_map(|path| {
            let journal = fs::read(path.join("rows.log")).ok()?;
            let marker = fs::read(path.join("commit.json")).ok();
            let marker: Option<Value> =
                marker.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            Some(Run {
                rows: rows_in(&journal),
                marked: marker.and_then(|marker| marker["episode"].as_u64()),
                path,
            })
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// How many whole records follow the first, each of which begins with its length and a checksum of 4 bytes.
fn rows_in(journal: &[u8]) -> u64 {
    let mut rest = journal;
    let mut records = 0u64;
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        match tail.get(4 + length..) {
            Some(next) => rest = next,
            None => break,
        }
        records += 1;
    }
    records.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_counts_when_it_is_whole() {
        let record = |payload: &[u8]| {
            let length = u32::try_from(payload.len()).unwrap();
            [&length.to_le_bytes()[..], &[0; 4], payload].concat()
        };
        let journal = [record(b"header"), record(b"one"), record(b"two")].concat();
        assert_eq!(rows_in(&journal), 2);
        assert_eq!(rows_in(&journal[..journal.len() - 1]), 1);
        assert_eq!((rows_in(&[]), rows_in(&[1, 0])), (0, 0));
    }

    #[test]
    fn a_journal_that_is_being_removed_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["run-000001", "gone-000000"] {
            let run = folder.path().join(".ulna").join(name);
            fs::create_dir_all(&run).unwrap();
            fs::write(run.join("rows.log"), [0; 8]).unwrap();
        }
        let found = runs(folder.path());
        assert_eq!(found.len(), 1);
        assert!(found[0].path.ends_with("run-000001"));
    }

    #[test]
    fn files_are_identified_by_their_number() {
        let names = [
            "data/chunk-000/file-000.parquet",
            "data/chunk-000/file-002.parquet",
            "meta/info.json",
        ];
        let tree: Tree = names.map(|name| (PathBuf::from(name), vec![1])).into();
        let own: Vec<PathBuf> = of_episodes(&tree, 2).into_keys().collect();
        assert_eq!(own, [PathBuf::from(names[0])]);
        assert_eq!(
            difference(&tree, &of_episodes(&tree, 2)),
            Some(Path::new(names[1]))
        );
        assert_eq!(difference(&tree, &tree), None);
    }
}
