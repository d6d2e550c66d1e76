//! `meta/info.json`: version, frame rate, features, counts and path templates.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::error::{DatasetError, Result};
use crate::features::{AUTO_FEATURES, Dtype, Feature};
use crate::json;
use crate::template::{FileIndex, PathTemplate};

/// Where `info.json` stands in a dataset.
pub const INFO_PATH: &str = "meta/info.json";
pub(crate) const DATA_PATH: &str = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";
pub(crate) const VIDEO_PATH: &str =
    "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4";
const MAX_FPS: u64 = 100_000;
const MAX_FEATURES: usize = 4096;

const DATA_PATH_V2: &str = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet";
const VIDEO_PATH_V2: &str =
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

/// The contents of `meta/info.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// The version of the dataset's format.
    pub format: Format,
    /// Frames per second of every episode.
    pub fps: u32,
    /// The declared features, in order.
    pub features: Vec<Feature>,
    /// How many episodes are saved. What stands in the tables beyond that is not committed.
    pub total_episodes: u64,
    /// How many frames they have together.
    pub total_frames: u64,
    /// How many tasks `meta/tasks.parquet` holds.
    pub total_tasks: u64,
    /// Files per chunk folder.
    pub chunks_size: u64,
    /// The template of data files.
    pub data_path: PathTemplate,
    /// The template of video files, if there are videos.
    pub video_path: Option<PathTemplate>,
    /// The robot that recorded, as LeRobot names it.
    pub robot_type: Option<String>,
    /// The whole object as read, so that unknown keys survive a rewrite.
    raw: Map<String, Value>,
}

impl Info {
    /// A new, empty dataset's description; `features` are the user's, in column order, and the auto
    /// features are appended.
    pub fn new(fps: u32, robot_type: Option<&str>, mut features: Vec<Feature>) -> Result<Info> {
        for (key, number) in AUTO_FEATURES {
            features.push(Feature::scalar(key, number));
        }
        let has_video = features.iter().any(|f| f.dtype == Dtype::Video);
        let declared: Map<String, Value> = features
            .iter()
            .map(|f| (f.key.clone(), Value::Object(f.raw.clone())))
            .collect();
        if declared.len() != features.len() {
            return Err(DatasetError::invalid(
                "features",
                "two features have the same name",
            ));
        }
        // The order of keys is Python LeRobot's.
        let raw = json!({
            "codebase_version": "v3.0",
            "fps": fps,
            "features": declared,
            "total_episodes": 0,
            "total_frames": 0,
            "total_tasks": 0,
            "chunks_size": 1000,
            "data_files_size_in_mb": 100,
            "video_files_size_in_mb": 200,
            "data_path": DATA_PATH,
            "video_path": if has_video { json!(VIDEO_PATH) } else { Value::Null },
            "robot_type": robot_type,
            "splits": {"train": "0:0"},
        });
        Info::parse(&raw, Path::new(INFO_PATH))
    }

    /// Reads `meta/info.json` of the dataset in `root`.
    pub fn read(root: &Path) -> Result<Info> {
        if !root.is_dir() {
            return Err(DatasetError::NoSuchFolder {
                path: root.to_owned(),
            });
        }
        let path = root.join(INFO_PATH);
        if !path.is_file() {
            return Err(DatasetError::NotADataset {
                path: root.to_owned(),
            });
        }
        let value = json::read(&path)?;
        Info::parse(&value, &path)
    }

    /// Parses the JSON; `path` names it in errors.
    pub fn parse(value: &Value, path: &Path) -> Result<Info> {
        let raw = value
            .as_object()
            .ok_or_else(|| DatasetError::field(path, "the file", "is not a JSON object"))?;
        let format = format(raw, path)?;
        let (data_path, video_path) = match format {
            Format::V3 => (DATA_PATH, VIDEO_PATH),
            Format::V2_0 | Format::V2_1 => (DATA_PATH_V2, VIDEO_PATH_V2),
        };
        let parse_template = |text: &str, field: &str| {
            let template = match format {
                Format::V3 => PathTemplate::parse(text),
                Format::V2_0 | Format::V2_1 => PathTemplate::parse_v2(text),
            };
            template.map_err(|reason| DatasetError::field(path, field, reason))
        };
        let fps = whole(raw, "fps", path)?
            .filter(|fps| (1..=MAX_FPS).contains(fps))
            .and_then(|fps| u32::try_from(fps).ok())
            .ok_or_else(|| {
                DatasetError::field(path, "fps", format!("must be 1 to {MAX_FPS} frames/s"))
            })?;
        let declared = raw.get("features").and_then(Value::as_object);
        let declared =
            declared.ok_or_else(|| DatasetError::field(path, "features", "is missing"))?;
        if declared.len() > MAX_FEATURES {
            let reason = format!("has {} entries, more than {MAX_FEATURES}", declared.len());
            return Err(DatasetError::field(path, "features", reason));
        }
        let features = declared
            .iter()
            .map(|(key, value)| Feature::parse(key, value))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|(field, reason)| DatasetError::field(path, field, reason))?;
        let count = |key: &str, default: u64| Ok(whole(raw, key, path)?.unwrap_or(default));
        let positive = |key: &str, default: u64| match count(key, default)? {
            0 => Err(DatasetError::field(path, key, "must be more than 0")),
            n => Ok(n),
        };
        for key in ["data_files_size_in_mb", "video_files_size_in_mb"] {
            let size = raw.get(key).map(|value| value.as_f64().unwrap_or(0.0));
            if size.is_some_and(|size| size <= 0.0) {
                return Err(DatasetError::field(path, key, "must be a number above 0"));
            }
        }
        Ok(Info {
            format,
            fps,
            features,
            total_episodes: count("total_episodes", 0)?,
            total_frames: count("total_frames", 0)?,
            total_tasks: count("total_tasks", 0)?,
            chunks_size: positive("chunks_size", 1000)?,
            data_path: match raw.get("data_path") {
                None => parse_template(data_path, "data_path")?,
                Some(Value::String(text)) => parse_template(text, "data_path")?,
                Some(_) => return Err(DatasetError::field(path, "data_path", "is not a string")),
            },
            video_path: match raw.get("video_path") {
                None => Some(parse_template(video_path, "video_path")?),
                Some(Value::Null) => None,
                Some(Value::String(text)) => Some(parse_template(text, "video_path")?),
                Some(_) => return Err(DatasetError::field(path, "video_path", "is not a string")),
            },
            robot_type: raw
                .get("robot_type")
                .and_then(Value::as_str)
                .map(str::to_owned),
            raw: raw.clone(),
        })
    }

    /// The JSON to write: what was read, with this structure's counts.
    pub fn to_value(&self) -> Value {
        let mut raw = self.raw.clone();
        raw.insert("total_episodes".to_owned(), json!(self.total_episodes));
        raw.insert("total_frames".to_owned(), json!(self.total_frames));
        raw.insert("total_tasks".to_owned(), json!(self.total_tasks));
        let splits = json!({"train": format!("0:{}", self.total_episodes)});
        raw.insert("splits".to_owned(), splits);
        Value::Object(raw)
    }

    /// The feature with this key.
    pub fn feature(&self, key: &str) -> Result<&Feature> {
        self.features.iter().find(|f| f.key == key).ok_or_else(|| {
            let keys: Vec<&str> = self.features.iter().map(|f| f.key.as_str()).collect();
            DatasetError::MissingFeature {
                feature: key.to_owned(),
                available: keys.join(", "),
            }
        })
    }

    /// The features stored as mp4, in order.
    pub fn cameras(&self) -> impl Iterator<Item = &Feature> {
        self.features.iter().filter(|f| f.dtype == Dtype::Video)
    }

    /// Where a data file stands, relative to the dataset's folder.
    pub fn data_file(&self, at: FileIndex) -> Result<PathBuf> {
        self.data_path
            .render("", at)
            .map_err(|reason| DatasetError::field(Path::new(INFO_PATH), "data_path", reason))
    }

    /// Where a camera's video file stands, relative to the dataset's folder.
    pub fn video_file(&self, camera: &str, at: FileIndex) -> Result<PathBuf> {
        let field = |reason| DatasetError::field(Path::new(INFO_PATH), "video_path", reason);
        let template = self
            .video_path
            .as_ref()
            .ok_or_else(|| field("is null, so the dataset has no videos".to_owned()))?;
        template.render(camera, at).map_err(field)
    }
}

/// An error for whoever is about to change a dataset of an older format.
pub(crate) fn must_be_v3(info: &Info, root: &Path) -> Result<()> {
    let version = match info.format {
        Format::V3 => return Ok(()),
        Format::V2_1 => "v2.1",
        Format::V2_0 => "v2.0",
    };
    Err(DatasetError::Version {
        path: root.to_owned(),
        version: version.to_owned(),
        advice: "ulna reads this format and writes v3.0 only; import it into a new folder first",
    })
}

fn format(raw: &Map<String, Value>, path: &Path) -> Result<Format> {
    let version = raw
        .get("codebase_version")
        .and_then(Value::as_str)
        .ok_or_else(|| DatasetError::field(path, "codebase_version", "is missing"))?;
    let mut parts = version.trim_start_matches(['v', 'V']).split('.');
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
        path: path
            .parent()
            .and_then(Path::parent)
            .unwrap_or(path)
            .to_owned(),
        version: version.to_owned(),
        advice,
    })
}

/// A whole number, also when some tool wrote it as `30.0`.
fn whole(raw: &Map<String, Value>, key: &str, path: &Path) -> Result<Option<u64>> {
    let Some(value) = raw.get(key) else {
        return Ok(None);
    };
    let exact = |x: f64| (x.fract() == 0.0 && (0.0..9.0e15).contains(&x)).then_some(x as u64);
    value
        .as_u64()
        .or_else(|| value.as_f64().and_then(exact))
        .map(Some)
        .ok_or_else(|| {
            let reason = format!("is {value}, a whole number of at least 0 is expected");
            DatasetError::field(path, key, reason)
        })
}
