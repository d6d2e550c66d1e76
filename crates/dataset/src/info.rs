//! `meta/info.json`: version, frame rate, features, counts and path templates.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::deviation::Deviation;
use crate::error::{DatasetError, IoContext, Result};
use crate::features::{AUTO_FEATURES, Dtype, Feature};
use crate::format::{
    DATA_PATH, DATA_PATH_V2, Format, INFO_PATH, VIDEO_PATH, VIDEO_PATH_V2, laid_out,
};
use crate::json;
use crate::splits;
use crate::template::{FileIndex, PathTemplate};

const MAX_FPS: f64 = 100_000.0;
const MIN_FPS: f64 = 0.001;
const MAX_FEATURES: usize = 4096;
/// That of a humanoid with hands has some hundred kilobytes.
const MAX_BYTES: u64 = 4 << 20;

/// The contents of `meta/info.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// The version of the dataset's format.
    pub format: Format,
    /// Frames per second of every episode; most often a whole number.
    pub fps: f64,
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
    /// Whether the number of episodes is stated, and not only assumed.
    pub(crate) counts_episodes: bool,
    /// What was read although it is not as the format has it.
    pub(crate) deviations: Vec<Deviation>,
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
        // What it declares is worked on in many ways, each of which takes memory.
        if path.metadata().at("look at", &path)?.len() > MAX_BYTES {
            return Err(DatasetError::field(
                &path,
                "the file",
                "is larger than 4 MiB",
            ));
        }
        let (value, quirks) = json::read_with_quirks(&path)?;
        let mut info = Info::parse(&value, &path)?;
        if quirks.byte_order_mark {
            let message = format!(
                "{INFO_PATH} begins with a byte order mark (BOM), at which Python's JSON reader stops"
            );
            info.deviations.push(Deviation::fatal("metadata", message));
        }
        if quirks.not_finite {
            let message = format!("{INFO_PATH} has NaN or Infinity where numbers should be");
            info.deviations.push(Deviation::fatal("metadata", message));
        }
        Ok(info)
    }

    /// Parses the JSON; `path` names it in errors.
    pub fn parse(value: &Value, path: &Path) -> Result<Info> {
        let raw = value
            .as_object()
            .ok_or_else(|| DatasetError::field(path, "the file", "is not a JSON object"))?;
        let mut deviations = Vec::new();
        let format = laid_out(raw, path, &mut deviations)?;
        let (data_path, video_path) = match format {
            Format::V3 => (DATA_PATH, VIDEO_PATH),
            Format::V2_0 | Format::V2_1 => (DATA_PATH_V2, VIDEO_PATH_V2),
        };
        let parse_template = |text: &str, field: &str| {
            let template = match format {
                Format::V3 => PathTemplate::parse(text),
                Format::V2_0 | Format::V2_1 => PathTemplate::parse_v2(text),
            };
            template.map_err(|wrong| DatasetError::field(path, field, wrong.to_string()))
        };
        let features = features(raw, path, &mut deviations)?;
        let mut count = |key: &str, default: u64| -> u64 {
            let found = whole(raw, key);
            if let Err(reason) = &found {
                deviations.push(Deviation::fatal(
                    "metadata",
                    format!("{INFO_PATH}: {reason}"),
                ));
            }
            found.ok().flatten().unwrap_or(default)
        };
        let (total_episodes, total_frames, total_tasks) = (
            count("total_episodes", 0),
            count("total_frames", 0),
            count("total_tasks", 0),
        );
        let chunks_size = match count("chunks_size", 1000) {
            0 => {
                return Err(DatasetError::field(
                    path,
                    "chunks_size",
                    "must be more than 0",
                ));
            }
            size => size,
        };
        for key in ["data_files_size_in_mb", "video_files_size_in_mb"] {
            let size = raw.get(key).filter(|value| !value.is_null());
            if size.is_some_and(|value| value.as_f64().unwrap_or(0.0) <= 0.0) {
                return Err(DatasetError::field(path, key, "must be a number above 0"));
            }
        }
        Ok(Info {
            format,
            fps: rate(raw, path, &mut deviations)?,
            features,
            total_episodes,
            total_frames,
            total_tasks,
            chunks_size,
            data_path: match raw.get("data_path") {
                None | Some(Value::Null) => parse_template(data_path, "data_path")?,
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
            counts_episodes: raw
                .get("total_episodes")
                .is_some_and(|value| !value.is_null()),
            raw: raw.clone(),
            deviations,
        })
    }

    /// The JSON to write: what was read, with this structure's counts.
    pub fn to_value(&self) -> Value {
        let mut raw = self.raw.clone();
        raw.insert("total_episodes".to_owned(), json!(self.total_episodes));
        raw.insert("total_frames".to_owned(), json!(self.total_frames));
        raw.insert("total_tasks".to_owned(), json!(self.total_tasks));
        let splits = splits::grown(raw.get("splits"), self.total_episodes);
        raw.insert("splits".to_owned(), splits);
        Value::Object(raw)
    }

    /// The JSON as it was read or put together, its own counts and splits included.
    pub(crate) fn stored(&self) -> Value {
        Value::Object(self.raw.clone())
    }

    /// A key of the file as it was read, known to this structure or not.
    pub fn raw(&self, key: &str) -> Option<&Value> {
        self.raw.get(key)
    }

    /// The frame rate as encoders and displays take it: the nearest whole number, at least 1.
    pub fn whole_fps(&self) -> u32 {
        (self.fps.round() as u32).max(1)
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
        self.data_path.render("", at).map_err(|wrong| {
            DatasetError::field(Path::new(INFO_PATH), "data_path", wrong.to_string())
        })
    }

    /// Where a camera's video file stands, relative to the dataset's folder.
    pub fn video_file(&self, camera: &str, at: FileIndex) -> Result<PathBuf> {
        let field =
            |reason: String| DatasetError::field(Path::new(INFO_PATH), "video_path", reason);
        let template = self
            .video_path
            .as_ref()
            .ok_or_else(|| field("is null, so the dataset has no videos".to_owned()))?;
        let rendered = template.render(camera, at);
        rendered.map_err(|wrong| field(wrong.to_string()))
    }
}

/// Refuses to change a dataset of an older format.
pub(crate) fn must_be_v3(info: &Info, root: &Path) -> Result<()> {
    if info.format == Format::V3 {
        return Ok(());
    }
    Err(DatasetError::Version {
        path: root.to_owned(),
        version: info.format.version().to_owned(),
        advice: format!(
            "ulna reads this format and writes v3.0 only; import it into a new folder first: `{}`",
            crate::advice::import(root)
        ),
    })
}

/// The frame rate.
fn rate(raw: &Map<String, Value>, path: &Path, deviations: &mut Vec<Deviation>) -> Result<f64> {
    if let Some(fps) = raw.get("fps").filter(|fps| !fps.is_number()) {
        let message = format!("{INFO_PATH}: `fps` is {fps}, a number is expected");
        deviations.push(Deviation::fatal("metadata", message));
    }
    let text = |value: &Value| value.as_str().and_then(|text| text.trim().parse().ok());
    let one = |value: &Value| match value {
        Value::Array(list) => list.first().filter(|_| list.len() == 1).cloned(),
        other => Some(other.clone()),
    };
    let fps = raw.get("fps").and_then(one);
    fps.and_then(|fps| fps.as_f64().or_else(|| text(&fps)))
        .filter(|fps| (MIN_FPS..=MAX_FPS).contains(fps))
        .ok_or_else(|| {
            let reason = format!("must be {MIN_FPS} to {MAX_FPS} frames/s");
            DatasetError::field(path, "fps", reason)
        })
}

/// The declared features; one whose declaration makes no sense is left out.
fn features(
    raw: &Map<String, Value>,
    path: &Path,
    deviations: &mut Vec<Deviation>,
) -> Result<Vec<Feature>> {
    let declared = raw.get("features").and_then(Value::as_object);
    let declared = declared.ok_or_else(|| DatasetError::field(path, "features", "is missing"))?;
    if declared.len() > MAX_FEATURES {
        let reason = format!("has {} entries, more than {MAX_FEATURES}", declared.len());
        return Err(DatasetError::field(path, "features", reason));
    }
    let mut features = Vec::with_capacity(declared.len());
    for (key, value) in declared {
        let shape = value
            .get("shape")
            .filter(|shape| shape.as_array().is_none_or(Vec::is_empty));
        match Feature::parse(key, value) {
            Ok(feature) => {
                if let Some(shape) = shape {
                    let message = format!(
                        "{INFO_PATH}: the shape of `{key}` is {shape}, a list of sizes is expected"
                    );
                    deviations.push(Deviation::fatal("declaration", message));
                }
                features.push(feature);
            }
            Err((field, reason)) => {
                let message = format!("{INFO_PATH}: `{field}` {reason}; the feature is left out");
                deviations.push(Deviation::fatal("declaration", message));
            }
        }
    }
    Ok(features)
}

/// A whole number, also when some tool wrote it as `30.0`; none when it is absent or null.
fn whole(raw: &Map<String, Value>, key: &str) -> Result<Option<u64>, String> {
    let value = match raw.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    let exact = |x: f64| (x.fract() == 0.0 && (0.0..9.0e15).contains(&x)).then_some(x as u64);
    let found = value.as_u64().or_else(|| value.as_f64().and_then(exact));
    found
        .map(Some)
        .ok_or_else(|| format!("`{key}` is {value}, a whole number of at least 0 is expected"))
}
