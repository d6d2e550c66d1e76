//! What a user says of a camera, in a rig file or as `--camera NAME=SPEC`. Keys are LeRobot's where it has them.

use serde::{Deserialize, Serialize};

use crate::place::without_password;

/// How pictures come from a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CameraKind {
    /// Linux's own interface: webcams and everything else under `/dev/video*`.
    V4l2,
    /// MJPEG over HTTP: phones, ESP32-CAM, IP cameras.
    Http,
    /// Whatever the `ffmpeg` on the PATH reads: RTSP, files, what other systems have.
    Ffmpeg,
    /// LeRobot's word for a camera that OpenCV opens: a device or an address, whichever `index_or_path` is.
    Opencv,
}

/// How a webcam packs its pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PixelFormat {
    /// JPEG pictures: a tenth of the USB bandwidth.
    #[serde(rename = "MJPG")]
    Mjpg,
    /// Uncompressed, 16 bits per pixel.
    #[serde(rename = "YUYV")]
    Yuyv,
}

impl PixelFormat {
    /// Four letters, as V4L2 and LeRobot name it.
    pub fn fourcc(self) -> &'static str {
        match self {
            Self::Mjpg => "MJPG",
            Self::Yuyv => "YUYV",
        }
    }
}

/// One camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraSettings {
    /// How pictures come; seen from `index_or_path` if absent.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<CameraKind>,
    /// A device (`/dev/v4l/by-id/…`, or the number of `/dev/video*`), an address, or what ffmpeg is to read.
    #[serde(deserialize_with = "index_or_path")]
    pub index_or_path: String,
    /// Width of the picture after rotation, pixels; 640 from a webcam, the camera's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height of the picture after rotation, pixels; 480 from a webcam, the camera's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Pictures per second; 30 from a webcam, the camera's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<u32>,
    /// How a webcam packs its pictures; MJPG if it has that, else YUYV.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fourcc: Option<PixelFormat>,
    /// Degrees clockwise by which the picture is turned: 0, 90, 180 or -90 (270).
    #[serde(default, skip_serializing_if = "is_default")]
    pub rotation: i32,
    /// Leave exposure, white balance and focus to the camera, which changes them while it looks.
    #[serde(default, skip_serializing_if = "is_default")]
    pub auto: bool,
    /// Exposure time, in the camera's unit (100 µs for USB cameras); settled and locked if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<i32>,
    /// White balance, K; settled and locked if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub white_balance: Option<i32>,
    /// Focus, in the camera's unit; settled and locked if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<i32>,
    /// How long the camera may settle before a session begins, s; 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup_s: Option<f64>,
    /// How long before its arrival the light of a picture fell, ms, where no driver says so; 0 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// The format of ffmpeg's input (`-f`), such as `avfoundation`, where it cannot be seen from the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_format: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A number, as LeRobot counts cameras, or a path.
fn index_or_path<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Index(u32),
        Path(String),
    }
    Ok(match Either::deserialize(from)? {
        Either::Index(index) => index.to_string(),
        Either::Path(path) => path,
    })
}

impl CameraSettings {
    /// The camera at this place, all else as usual.
    pub fn at(place: &str) -> Self {
        Self {
            kind: None,
            index_or_path: place.to_owned(),
            width: None,
            height: None,
            fps: None,
            fourcc: None,
            rotation: 0,
            auto: false,
            exposure: None,
            white_balance: None,
            focus: None,
            warmup_s: None,
            latency_ms: None,
            input_format: None,
        }
    }

    /// The camera's name for messages: its place, without a password.
    pub fn shown(&self) -> String {
        without_password(&self.index_or_path)
    }

    /// Whether it is a device of this computer.
    pub fn is_device(&self) -> bool {
        self.source() == CameraKind::V4l2
    }

    /// How its pictures come; [`CameraKind::Opencv`] is none of the answers.
    pub fn source(&self) -> CameraKind {
        match self.kind {
            None | Some(CameraKind::Opencv) => kind_of(&self.index_or_path),
            Some(kind) => kind,
        }
    }

    /// Quarter turns clockwise.
    pub fn quarter_turns(&self) -> u8 {
        match self.rotation {
            90 => 1,
            180 => 2,
            -90 | 270 => 3,
            _ => 0,
        }
    }

    /// Width and height that were asked for, pixels, before rotation.
    pub fn captured_size(&self) -> (Option<u32>, Option<u32>) {
        match self.quarter_turns() % 2 {
            0 => (self.width, self.height),
            _ => (self.height, self.width),
        }
    }
}

/// How pictures come from this place.
fn kind_of(place: &str) -> CameraKind {
    let scheme = place.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        Some("http") => CameraKind::Http,
        Some(_) => CameraKind::Ffmpeg,
        None => CameraKind::V4l2,
    }
}
