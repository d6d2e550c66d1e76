//! Inputs to start from: those that a target makes itself, and files of its kind from the repository and, where they are, the fixtures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::answer;

/// Files larger than this are left out, bytes: nothing is found by changing a few bytes of many.
const LARGEST: u64 = 32 << 10;
/// So many of a kind are enough.
const MOST: usize = 60;

/// The ends of the paths of files that a target reads whole, and the byte that goes before them where the target has several.
const FILES: [(&str, &str, Option<u8>); 15] = [
    ("calibration", "calibration.json", None),
    ("checkpoint", "config.json", Some(0)),
    ("checkpoint", "policy_preprocessor.json", Some(1)),
    ("checkpoint", "policy_postprocessor.json", Some(2)),
    ("dataset-card", "README.md", None),
    ("dataset-info", "meta/info.json", None),
    ("dataset-parquet", ".parquet", None),
    ("dataset-stats", "meta/stats.json", None),
    ("dataset-v2", "meta/episodes.jsonl", Some(1)),
    ("dataset-v2", "meta/tasks.jsonl", Some(2)),
    ("dataset-v2", "meta/episodes_stats.jsonl", Some(3)),
    ("dataset-video", ".mp4", None),
    ("policy-manifest", "policy.toml", None),
    ("policy-tensors", ".safetensors", Some(0)),
    ("robot-file", ".toml", None),
];

/// Puts the inputs for a target into a folder, which has nothing else then.
pub(super) fn collect(root: &Path, program: &Path, target: &str, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let mut own = Command::new(program);
    own.env("ULNA_FUZZ_TARGET", target)
        .env("ULNA_FUZZ_SEEDS", folder);
    answer(&mut own).with_context(|| format!("the inputs of {target}"))?;
    let fixtures = std::env::var_os("ULNA_FIXTURES")
        .map_or_else(|| root.join("../shared/fixtures"), PathBuf::from);
    let places = [
        root.join("datasets"),
        root.join("configs"),
        root.join("crates"),
        fixtures,
    ];
    let mut count = 0;
    for (_, end, before) in FILES.iter().filter(|(name, ..)| *name == target) {
        for path in places.iter().flat_map(|place| files(place, end)).take(MOST) {
            let content = fs::read(&path).with_context(|| path.display().to_string())?;
            let seed: Vec<u8> = before.iter().copied().chain(content).collect();
            fs::write(folder.join(format!("file-{count:03}")), seed)?;
            count += 1;
        }
    }
    Ok(())
}

/// The small files below a folder whose path ends so; none if it is not there.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Ok(meta) = path.symlink_metadata() else {
            continue;
        };
        if meta.is_dir() {
            found.extend(files(&path, end));
        } else if meta.is_file() && meta.len() <= LARGEST && path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
    found
}
