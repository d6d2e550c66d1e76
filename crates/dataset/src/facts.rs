//! What a dataset is, gathered for page and card.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use crate::error::Result;
use crate::features::{Dtype, Feature};
use crate::manifest::Manifest;
use crate::reader::Dataset;
use crate::units::JointUnits;

/// A camera at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CameraFacts {
    /// Its key.
    pub(crate) key: String,
    /// Pixels, as `640 × 480`.
    pub(crate) size: String,
    /// How its pictures are stored, such as `h264`.
    pub(crate) codec: String,
}

/// A dataset at a glance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    /// The folder's name.
    pub(crate) name: String,
    /// Episodes.
    pub(crate) episodes: u64,
    /// Frames.
    pub(crate) frames: u64,
    /// Frames per second.
    pub(crate) fps: f64,
    /// The robot as LeRobot names it.
    pub(crate) robot_type: Option<String>,
    /// The version of the format.
    pub(crate) format: &'static str,
    /// The cameras.
    pub(crate) cameras: Vec<CameraFacts>,
    /// What ulna noted, if it recorded the dataset.
    pub(crate) manifest: Option<Manifest>,
}

impl Facts {
    /// The facts of a dataset.
    ///
    /// # Errors
    /// If ulna's manifest is there and cannot be read.
    pub(crate) fn of(dataset: &Dataset) -> Result<Facts> {
        let info = dataset.info();
        let root = dataset.root();
        // `.` has a name, too, once it is looked up.
        let found = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let name = found.file_name().unwrap_or_default().to_string_lossy();
        let cameras = info.features.iter().filter(|f| f.is_camera());
        Ok(Facts {
            name: name.into_owned(),
            episodes: info.total_episodes,
            frames: info.total_frames,
            fps: info.fps,
            robot_type: info.robot_type.clone(),
            format: info.format.version(),
            cameras: cameras.map(camera).collect(),
            manifest: dataset.manifest()?,
        })
    }

    /// How long all episodes take, seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.frames as f64 / self.fps
    }

    /// The unit of the joints in words, if the dataset tells.
    pub(crate) fn units(&self) -> Option<&'static str> {
        match self.joint_units()? {
            JointUnits::Degrees => Some("degrees (grippers 0 to 100)"),
            JointUnits::M100 => Some("-100 to 100 (grippers 0 to 100)"),
        }
    }

    /// The unit of the joints: what the manifest says, else what LeRobot's name of the robot implies.
    pub(crate) fn joint_units(&self) -> Option<JointUnits> {
        JointUnits::of_metadata(self.manifest.as_ref(), self.robot_type.as_deref())
    }

    /// The version of ulna that recorded it, if one did.
    pub(crate) fn ulna(&self) -> Option<&str> {
        let extra = &self.manifest.as_ref()?.extra;
        Some(extra.get("ulna").and_then(Value::as_str).unwrap_or(""))
    }

    /// Whether a simulation recorded it, if ulna noted that.
    pub(crate) fn simulated(&self) -> Option<bool> {
        self.manifest.as_ref()?.extra.get("simulated")?.as_bool()
    }
}

fn camera(feature: &Feature) -> CameraFacts {
    let size = match feature.shape[..] {
        [height, width, _] if feature.names.first().is_none_or(|name| name == "height") => {
            format!("{width} × {height}")
        }
        [_, height, width] => format!("{width} × {height}"),
        _ => "unknown".to_owned(),
    };
    let text = |block: &str, key: &str| {
        feature
            .raw
            .get(block)?
            .get(key)?
            .as_str()
            .map(str::to_owned)
    };
    let codec = match feature.dtype {
        // The name of LeRobot 0.6, and that of its forerunners.
        Dtype::Video => text("info", "video.codec").or_else(|| text("video_info", "video.codec")),
        _ => Some("pictures in the data files".to_owned()),
    };
    CameraFacts {
        key: feature.key.clone(),
        size,
        codec: codec.unwrap_or_else(|| "not told".to_owned()),
    }
}

/// The bytes of all data files, and of all video files, that are there.
pub(crate) fn sizes(dataset: &Dataset) -> (u64, u64) {
    let info = dataset.info();
    let (mut data, mut videos) = (BTreeSet::new(), BTreeSet::new());
    for row in dataset.episodes() {
        data.extend(info.data_file(row.data).ok());
        for (camera, span) in &row.videos {
            videos.extend(info.video_file(camera, span.file).ok());
        }
    }
    let size = |files: BTreeSet<PathBuf>| {
        let sizes = files
            .iter()
            .map(|file| dataset.root().join(file).metadata());
        sizes.flatten().map(|file| file.len()).sum()
    };
    (size(data), size(videos))
}
