//! Whether the disk has room for an edit, asked before it writes anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::disk::free_bytes;
use crate::error::{DatasetError, Result};
use crate::features::Dtype;
use crate::tools::plan::{Packing, Plan};
use crate::tools::rows::data_path;
use crate::tools::video_runs::video_path;
use crate::tools::work::Work;

/// For tables, statistics and the file system's own needs.
const RESERVE: u64 = 16 << 20;

/// Refuses a plan for which the disk of `build` has no room. Files that stay as they are and may get a second name need none.
pub(crate) fn check(plan: &Plan, build: &Path, work: &Work) -> Result<()> {
    let needed = estimate(plan, build, work)?.saturating_add(RESERVE);
    match free_bytes(build) {
        Some(free) if free < needed => Err(DatasetError::NoSpace {
            path: build.to_owned(),
            needed,
            free,
        }),
        _ => Ok(()),
    }
}

/// The bytes of all source files that are not taken over by a second name.
fn estimate(plan: &Plan, build: &Path, work: &Work) -> Result<u64> {
    let videos = plan
        .columns
        .iter()
        .filter(|c| c.feature.dtype == Dtype::Video);
    let cameras: Vec<&str> = videos.map(|column| column.from.as_str()).collect();
    let mut data = BTreeSet::new();
    let mut videos: BTreeMap<PathBuf, u64> = BTreeMap::new();
    for take in &plan.takes {
        let source = &plan.sources[take.source];
        data.insert(data_path(source, take.episode)?);
        for camera in &cameras {
            let (path, _) = video_path(source, camera, take.episode)?;
            *videos.entry(path).or_default() += take.frames.len() as u64;
        }
    }
    let moved = plan.packing == Packing::Keep && plan.recompute.videos.is_none();
    let mut total = 0_u64;
    for path in data {
        total += path.metadata().map_or(0, |m| m.len());
    }
    let mut pictures: BTreeMap<PathBuf, u64> = BTreeMap::new();
    for source in &plan.sources {
        for (episode, row) in source.episodes().iter().enumerate() {
            for camera in &cameras {
                if let Ok((path, _)) = video_path(source, camera, episode) {
                    *pictures.entry(path).or_default() += row.length;
                }
            }
        }
    }
    for (path, taken) in videos {
        // A file of which everything stays gets a second name, if it is on the same disk.
        let whole = pictures.get(&path) == Some(&taken);
        if !(moved && whole && work.may_link(&path) && same_disk(&path, build)) {
            total += path.metadata().map_or(0, |m| m.len());
        }
    }
    Ok(total)
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<(u64, u64)> {
    None
}

fn same_disk(one: &Path, other: &Path) -> bool {
    let disk = |path| identity(path).map(|(disk, _)| disk);
    disk(one).is_some() && disk(one) == disk(other)
}

/// Whether two names mean one file.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    identity(one).is_some() && identity(one) == identity(other)
}
