//! The versions of a dataset's format, and where each of them keeps its files.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::deviation::Deviation;
use crate::error::{DatasetError, Result};

/// Where `info.json` stands in a dataset.
pub const INFO_PATH: &str = "meta/info.json";
pub(crate) const DATA_PATH: &str = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";
pub(crate) const VIDEO_PATH: &str =
    "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4";

pub(crate) const DATA_PATH_V2: &str =
    "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet";
pub(crate) const VIDEO_PATH_V2: &str =
    "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4";

/// The version of a dataset's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// v2.0: a file per episode, statistics of the whole dataset only. Read, not written.
    V2_0,
    /// v2.1: as v2.0, with the statistics of each episode. Read, not written.
    V2_1,
    /// v3.0: files of many episodes.
    V3,
}

impl Format {
    /// As `codebase_version` states it.
    pub fn version(self) -> &'static str {
        match self {
            Format::V2_0 => "v2.0",
            Format::V2_1 => "v2.1",
            Format::V3 => "v3.0",
        }
    }
}

/// How the files are laid out. The templates of paths are believed over the version that is stated.
pub(crate) fn laid_out(
    raw: &Map<String, Value>,
    path: &Path,
    deviations: &mut Vec<Deviation>,
) -> Result<Format> {
    let stated = match raw.get("codebase_version").and_then(Value::as_str) {
        Some(version) => Some(format(version, path)?),
        None => None,
    };
    let template = raw.get("data_path").and_then(Value::as_str);
    let found = template.and_then(|template| {
        let has = |field: &str| template.contains(&format!("{{{field}"));
        match (has("episode_index"), has("file_index")) {
            (true, false) => Some(Format::V2_1),
            (false, true) => Some(Format::V3),
            _ => None,
        }
    });
    let old = |format: Format| format < Format::V3;
    match (stated, found) {
        (Some(stated), Some(found)) if old(stated) != old(found) => {
            let (label, layout) = (stated.version(), found.version());
            let message = format!(
                "{INFO_PATH} says it is of format {label}, but its files are laid out as in {layout}"
            );
            deviations.push(Deviation::fatal("mislabelled", message));
            Ok(found)
        }
        (Some(stated), _) => Ok(stated),
        (None, Some(found)) => {
            let message = format!("{INFO_PATH} does not state its `codebase_version`");
            deviations.push(Deviation::fatal("mislabelled", message));
            Ok(found)
        }
        (None, None) => Err(DatasetError::field(path, "codebase_version", "is missing")),
    }
}

fn format(version: &str, path: &Path) -> Result<Format> {
    let mut parts = version.trim().trim_start_matches(['v', 'V']).split('.');
    let mut part = || parts.next().and_then(|part| part.parse::<u32>().ok());
    let advice = match (part(), part()) {
        (Some(3), _) => return Ok(Format::V3),
        (Some(2), None | Some(0)) => return Ok(Format::V2_0),
        (Some(2), Some(1)) => return Ok(Format::V2_1),
        (Some(0..=2), _) => "ulna reads v2.0, v2.1 and v3; convert it with LeRobot's own scripts",
        (Some(_), _) => "ulna reads v2.0, v2.1 and v3; a newer ulna may read it",
        (None, _) => {
            return Err(DatasetError::field(
                path,
                "codebase_version",
                format!("is `{version}`, such as v3.0 is expected"),
            ));
        }
    };
    Err(DatasetError::Version {
        path: top(path),
        version: version.to_owned(),
        advice: advice.to_owned(),
    })
}

/// The dataset's folder, given that of its `info.json`.
fn top(path: &Path) -> PathBuf {
    let folder = path.parent().and_then(Path::parent);
    folder.unwrap_or(path).to_owned()
}
