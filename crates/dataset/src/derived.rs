//! Episodes of a v3 dataset whose episode table is gone: their rows are all in the data files, and their pictures can be
//! found if each camera has exactly as many.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::deviation::Deviation;
use crate::episodes::{EPISODES_DIR, EpisodeRow, VideoSpan};
use crate::error::Result;
use crate::info::Info;
use crate::parquet_io;
use crate::rows::{Cursor, count_rows};
use crate::template::FileIndex;
use crate::video::VideoFile;

/// Adds the episodes whose rows are in the data files, but which the tables lack. Nothing says where their pictures are.
pub(crate) fn add_missing(root: &Path, info: &Info, rows: &mut Vec<EpisodeRow>) -> Result<()> {
    let known: BTreeSet<u64> = rows.iter().map(|row| row.stored_index).collect();
    let mut next = rows.last().map_or(0, |row| row.dataset_to);
    let counted = |row: &EpisodeRow| row.stored_index < info.total_episodes;
    for mut row in in_files(root)? {
        if known.contains(&row.stored_index) || !counted(&row) {
            continue;
        }
        row.episode_index = rows.len() as u64;
        row.dataset_from = next;
        next += row.length;
        row.dataset_to = next;
        rows.push(row);
    }
    Ok(())
}

/// The episodes that the rows of the data files name.
pub(crate) fn episodes(
    root: &Path,
    info: &Info,
    deviations: &mut Vec<Deviation>,
) -> Result<Vec<EpisodeRow>> {
    let mut rows = in_files(root)?;
    if rows.is_empty() {
        return Ok(rows);
    }
    let message = format!("{EPISODES_DIR} is missing; the episodes are taken from the data files");
    deviations.push(Deviation::fatal("episode-table", message));
    for camera in info.cameras() {
        match spans(root, info, &camera.key, &rows) {
            Some(spans) => {
                for (row, span) in rows.iter_mut().zip(spans) {
                    row.videos.insert(camera.key.clone(), span);
                }
            }
            None => {
                let message = format!(
                    "without {EPISODES_DIR} nothing says where the pictures of `{}` are",
                    camera.key
                );
                deviations.push(Deviation::fatal("episode-table", message));
            }
        }
    }
    Ok(rows)
}

/// The episodes in the data files, without their pictures.
fn in_files(root: &Path) -> Result<Vec<EpisodeRow>> {
    let mut found: BTreeMap<u64, (FileIndex, u64)> = BTreeMap::new();
    for path in parquet_io::files_below(&root.join("data"))? {
        let Some(place) = place_of(&path) else {
            continue;
        };
        let Ok(mut cursor) = Cursor::open(&path, &|name| name == "episode_index") else {
            continue;
        };
        for (episode, rows) in count_rows(&mut cursor).unwrap_or_default() {
            if let Ok(episode) = u64::try_from(episode) {
                found.entry(episode).or_insert((place, 0)).1 += rows;
            }
        }
    }
    let mut next = 0;
    let mut rows = Vec::with_capacity(found.len());
    for (position, (stored_index, (data, length))) in found.into_iter().enumerate() {
        rows.push(EpisodeRow {
            episode_index: position as u64,
            stored_index,
            tasks: Vec::new(),
            length,
            data,
            dataset_from: next,
            dataset_to: next + length,
            videos: BTreeMap::new(),
            table: FileIndex::default(),
        });
        next += length;
    }
    Ok(rows)
}

/// `chunk-CCC/file-FFF` as numbers.
fn place_of(path: &Path) -> Option<FileIndex> {
    let number = |name: Option<&std::ffi::OsStr>, prefix: &str| -> Option<u64> {
        name?.to_str()?.strip_prefix(prefix)?.parse().ok()
    };
    Some(FileIndex {
        chunk: number(path.parent().and_then(Path::file_name), "chunk-")?,
        file: number(path.file_stem(), "file-")?,
    })
}

/// Episode after episode, file after file; none unless the pictures are as many as the rows, and no episode spans two
/// files.
fn spans(root: &Path, info: &Info, camera: &str, rows: &[EpisodeRow]) -> Option<Vec<VideoSpan>> {
    let mut out = Vec::with_capacity(rows.len());
    let mut rest = rows.iter();
    let mut at = FileIndex::default();
    while out.len() < rows.len() {
        let path = root.join(info.video_file(camera, at).ok()?);
        let pictures = VideoFile::open(&path).ok()?.len() as u64;
        let mut used = 0;
        while used < pictures {
            let row = rest.next()?;
            let (from, to) = (
                used as f64 / info.fps,
                (used + row.length) as f64 / info.fps,
            );
            used += row.length;
            out.push(VideoSpan { file: at, from, to });
        }
        if used != pictures {
            return None;
        }
        at = at.next(info.chunks_size);
    }
    Some(out)
}
