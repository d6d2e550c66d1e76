//! What a user says of a camera, in a rig file or as `--camera NAME=SPEC`. Keys are LeRobot's where it has them.

use serde::{Deserialize, Serialize};

use crate::error::CameraError;
use crate::spec;

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

    /// Reads `PLACE[,key=value…]`: the place of a camera, and the keys of a rig file.
    ///
    /// # Errors
    /// If a key is unknown or its value makes no sense.
    pub fn parse(text: &str) -> Result<Self, CameraError> {
        let (place, pairs) = spec::split(text);
        let name = spec::without_password(&place);
        let mut settings = Self::at(&place);
        for (key, value) in pairs {
            settings
                .set(&key, &value)
                .map_err(|problem| CameraError::usage(&name, problem))?;
        }
        settings.check()?;
        Ok(settings)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        fn number<T: std::str::FromStr>(key: &str, value: &str) -> Result<Option<T>, String> {
            let wrong = || format!("{key}={value} is no number of that kind");
            value.parse().map(Some).map_err(|_| wrong())
        }
        match key {
            "type" => {
                self.kind = Some(match value {
                    "v4l2" => CameraKind::V4l2,
                    "http" => CameraKind::Http,
                    "ffmpeg" => CameraKind::Ffmpeg,
                    "opencv" => CameraKind::Opencv,
                    _ => return Err(format!("type={value}: it is v4l2, http or ffmpeg")),
                });
            }
            "fourcc" => {
                self.fourcc = Some(match value {
                    "MJPG" => PixelFormat::Mjpg,
                    "YUYV" => PixelFormat::Yuyv,
                    _ => return Err(format!("fourcc={value}: it is MJPG or YUYV")),
                });
            }
            "auto" => {
                self.auto = match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err(format!("auto={value}: it is true or false")),
                }
            }
            "width" => self.width = number(key, value)?,
            "height" => self.height = number(key, value)?,
            "fps" => self.fps = number(key, value)?,
            "rotation" => self.rotation = number(key, value)?.unwrap_or_default(),
            "exposure" => self.exposure = number(key, value)?,
            "white_balance" => self.white_balance = number(key, value)?,
            "focus" => self.focus = number(key, value)?,
            "warmup_s" => self.warmup_s = number(key, value)?,
            "latency_ms" => self.latency_ms = number(key, value)?,
            "input_format" => self.input_format = Some(value.to_owned()),
            _ => {
                return Err(format!(
                    "unknown key `{key}`; there are: {}",
                    spec::KEYS.join(", ")
                ));
            }
        }
        Ok(())
    }

    /// The camera's name for messages: its place, without a password.
    pub fn shown(&self) -> String {
        spec::without_password(&self.index_or_path)
    }

    /// How its pictures come.
    pub fn source(&self) -> CameraKind {
        match self.kind {
            None | Some(CameraKind::Opencv) => spec::kind_of(&self.index_or_path),
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

    /// Refuses what no camera can be.
    ///
    /// # Errors
    /// What is wrong, by its key.
    pub fn check(&self) -> Result<(), CameraError> {
        spec::problem(self).map_or(Ok(()), |problem| {
            Err(CameraError::usage(&self.shown(), problem))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_typed_in_one_word() {
        let camera =
            CameraSettings::parse("/dev/video2,width=320,height=240,rotation=-90").unwrap();
        assert_eq!(camera.source(), CameraKind::V4l2);
        assert_eq!(camera.captured_size(), (Some(240), Some(320)));
        assert_eq!(camera.quarter_turns(), 3);
        let phone =
            CameraSettings::parse("http://me:secret@10.0.0.4:8080/video?a=1,2,fps=25").unwrap();
        assert_eq!(
            phone.index_or_path,
            "http://me:secret@10.0.0.4:8080/video?a=1,2"
        );
        assert_eq!((phone.source(), phone.fps), (CameraKind::Http, Some(25)));
        assert!(!phone.shown().contains("secret"), "{}", phone.shown());
        let clip = CameraSettings::parse("rtsp://10.0.0.5/stream").unwrap();
        assert_eq!(clip.source(), CameraKind::Ffmpeg);
    }

    #[test]
    fn what_no_camera_can_be_is_refused_by_its_key() {
        for (text, words) in [
            ("/dev/video0,width=0", "width"),
            ("/dev/video0,height=481,width=640", "height"),
            ("/dev/video0,width=640", "height"),
            ("/dev/video0,rotation=45", "rotation"),
            ("/dev/video0,fps=0", "fps"),
            ("/dev/video0,warmup_s=nan", "warmup_s"),
            ("/dev/video0,latency_ms=-1", "latency_ms"),
            ("/dev/video0,sharpness=3", "sharpness"),
            ("/dev/video0,fourcc=H264", "fourcc"),
            ("rtsp://x/y,input_format=a b", "input_format"),
            ("http://x/y,exposure=3", "exposure"),
            ("", "index_or_path"),
            ("http://x/y\u{1b}[2J", "index_or_path"),
        ] {
            let error = CameraSettings::parse(text).expect_err(text);
            assert!(
                error.is_usage() && error.to_string().contains(words),
                "{error}"
            );
        }
    }

    #[test]
    fn a_rig_files_table_is_read_and_written_alike() {
        let text = "type = \"opencv\"\nindex_or_path = 0\nwidth = 640\nheight = 480\nfps = 30\nfourcc = \"MJPG\"\n";
        let camera: CameraSettings = toml::from_str(text).unwrap();
        assert_eq!(
            (camera.source(), camera.index_or_path.as_str()),
            (CameraKind::V4l2, "0")
        );
        let again: CameraSettings = toml::from_str(&toml::to_string(&camera).unwrap()).unwrap();
        assert_eq!(again, camera);
        assert!(toml::from_str::<CameraSettings>("index_or_path = 0\nwdith = 3\n").is_err());
    }
}
