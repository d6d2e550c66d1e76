//! Which codec a camera's pictures are encoded with, and its settings: as the user asks for them, as `info.json` states
//! them, and as `ffmpeg` takes them.

use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use crate::error::{DatasetError, Result};
use crate::features::Feature;
use crate::video::GOP;

/// How pictures are to be encoded. The names and defaults are LeRobot's.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Encoding {
    /// `h264` (built in), `av1`, `hevc`, or an encoder of ffmpeg's such as `libx264`.
    pub codec: String,
    /// Distance of key frames, in frames.
    pub gop: u32,
    /// Constant quality, less is better; what it means is the codec's affair. The built-in encoder has its own.
    pub crf: Option<u32>,
    /// Speed, as the codec names it.
    pub preset: Option<String>,
}

/// LeRobot's defaults for SVT-AV1.
const CRF: u32 = 30;
const SVT_PRESET: &str = "12";

/// The name that the built-in encoder goes by.
const BUILT_IN: &str = "h264";
/// Where a declaration names an encoder that is not its codec's usual one. LeRobot has no such key and ignores it.
const ENCODER_KEY: &str = "ulna.encoder";

/// Whether pictures are encoded while they are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// They are recorded: a crash loses what the encoder holds back, so it must be little.
    Live,
    /// They exist elsewhere: the encoder may look ahead as it likes.
    Offline,
}

/// At this rate and above, and up to this distance of key frames, SVT-AV1 holds back less than half a second (9
/// pictures, measured with 1.4) without an option for it.
const SVT_PROMPT_FPS: u32 = 20;
const SVT_PROMPT_GOP: u32 = 8;

impl Encoding {
    /// The built-in encoder.
    pub fn built_in() -> Encoding {
        Encoding::of(BUILT_IN)
    }

    /// A codec with LeRobot's settings.
    pub fn of(codec: &str) -> Encoding {
        let svt = matches!(codec, "av1" | "libsvtav1");
        Encoding {
            codec: codec.to_owned(),
            gop: GOP,
            crf: (codec != BUILT_IN).then_some(CRF),
            preset: svt.then(|| SVT_PRESET.to_owned()),
        }
    }

    /// The codec and settings that a camera's declaration states. H.264 with a quality of its own is libx264's: the
    /// built-in encoder states none.
    pub fn declared_by(camera: &Feature) -> Encoding {
        let text = |key: &str| stated(camera, key)?.as_str();
        let codec = text("video.codec").unwrap_or(BUILT_IN);
        let rated = stated(camera, "video.crf").is_some_and(Value::is_u64);
        let codec = match text(ENCODER_KEY) {
            Some(encoder) => encoder,
            None if codec == BUILT_IN && rated => "libx264",
            None => codec,
        };
        Encoding::like(camera, codec)
    }

    /// A codec with the settings that a camera's declaration states.
    pub(crate) fn like(camera: &Feature, codec: &str) -> Encoding {
        let mut encoding = Encoding::of(codec);
        let stated = |key: &str| stated(camera, &format!("video.{key}"));
        let number = |key: &str| stated(key)?.as_u64().and_then(|n| u32::try_from(n).ok());
        encoding.gop = number("g").filter(|gop| *gop > 0).unwrap_or(encoding.gop);
        if encoding.is_built_in() {
            return encoding;
        }
        encoding.crf = number("crf").or(encoding.crf);
        encoding.preset = match stated("preset") {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => encoding.preset,
        };
        encoding
    }

    /// Whether this is the built-in encoder, which needs no `ffmpeg`.
    pub fn is_built_in(&self) -> bool {
        self.codec == BUILT_IN
    }

    /// The name of the encoder: ffmpeg's, or `h264` for the built-in one.
    pub fn encoder(&self) -> &str {
        match self.codec.as_str() {
            "av1" => "libsvtav1",
            "hevc" | "h265" => "libx265",
            "vp9" => "libvpx-vp9",
            other => other,
        }
    }

    /// The codec's own name, as `info.json` has it.
    fn canonical(&self) -> &str {
        match self.encoder() {
            BUILT_IN | "libx264" | "libx264rgb" | "libopenh264" => "h264",
            "libx265" => "hevc",
            "libvpx-vp9" => "vp9",
            name if name.contains("av1") => "av1",
            name if name.starts_with("h264_") => "h264",
            name if name.starts_with("hevc_") => "hevc",
            name => name,
        }
    }

    /// A camera's declaration with these settings, as LeRobot stores them. A [`Writer`](crate::Writer) encodes each
    /// camera as its declaration says.
    #[must_use]
    pub fn declared(&self, camera: &Feature, fps: u32) -> Feature {
        let mut camera = camera.clone();
        let (height, width) = match camera.shape.as_slice() {
            [height, width, ..] => (*height, *width),
            _ => (0, 0),
        };
        let mut info = json!({
            "is_depth_map": false,
            "video.height": height,
            "video.width": width,
            "video.codec": self.canonical(),
            "video.pix_fmt": "yuv420p",
            "video.fps": fps,
            "video.channels": 3,
            "has_audio": false,
            "video.g": self.gop,
        });
        if let (false, Value::Object(map)) = (self.is_built_in(), &mut info) {
            let preset = self.preset.as_ref();
            let preset = preset.map(|p| p.parse::<i64>().map_or(json!(p), |n| json!(n)));
            map.insert("video.crf".to_owned(), json!(self.crf));
            map.insert("video.preset".to_owned(), preset.unwrap_or(Value::Null));
            map.insert("video.fast_decode".to_owned(), json!(0));
            map.insert("video.video_backend".to_owned(), json!("pyav"));
            map.insert("video.extra_options".to_owned(), Value::Object(Map::new()));
        }
        camera.raw.insert("info".to_owned(), info);
        if Encoding::declared_by(&camera).encoder() != self.encoder()
            && let Some(Value::Object(info)) = camera.raw.get_mut("info")
        {
            info.insert(ENCODER_KEY.to_owned(), json!(self.encoder()));
        }
        camera
    }

    /// Asks whether the encoder is there; the error says what to do if not.
    pub fn check(&self) -> Result<()> {
        if self.is_built_in() {
            return Ok(());
        }
        let encoder = self.encoder();
        let refuse = |reason: String| Err(DatasetError::invalid(self.what(), reason));
        let asked = Command::new("ffmpeg")
            .args(["-hide_banner", "-encoders"])
            .stdin(Stdio::null())
            .output();
        let Ok(output) = asked else {
            return refuse(
                "needs the program `ffmpeg`, which is not on the PATH; install it, or use the codec h264, \
                 which is built in"
                    .to_owned(),
            );
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let known = text
            .lines()
            .any(|line| line.split_whitespace().nth(1) == Some(encoder));
        match known {
            true => Ok(()),
            false => refuse(format!(
                "needs ffmpeg's encoder {encoder}, which the ffmpeg on the PATH lacks; `ffmpeg -encoders` \
                 lists what it has"
            )),
        }
    }

    /// What this is called in errors.
    pub(crate) fn what(&self) -> String {
        format!("codec `{}`", self.codec)
    }

    /// The arguments for ffmpeg: the encoder, its settings, and to put the pictures out in the order in which they came in.
    pub(crate) fn arguments(&self, fps: u32, pace: Pace) -> Vec<String> {
        let encoder = self.encoder();
        let mut out: Vec<String> = Vec::new();
        let mut set = |name: &str, value: &str| out.extend([name.to_owned(), value.to_owned()]);
        set("-c:v", encoder);
        set("-pix_fmt", "yuv420p");
        set("-g", &self.gop.to_string());
        // Pictures in the order of showing, which every tool can cut.
        set("-bf", "0");
        if let Some(crf) = self.crf {
            let quality = crf.to_string();
            // As LeRobot maps its `crf` to encoders that have none.
            match encoder {
                name if name.ends_with("_nvenc") => {
                    set("-rc", "constqp");
                    set("-qp", &quality);
                }
                name if name.ends_with("_vaapi") => set("-qp", &quality),
                name if name.ends_with("_qsv") => set("-global_quality", &quality),
                name if name.ends_with("_videotoolbox") => {
                    set("-q:v", &100_u32.saturating_sub(2 * crf).max(1).to_string());
                }
                _ => set("-crf", &quality),
            }
        }
        if let Some(preset) = &self.preset {
            let name = match encoder {
                "libaom-av1" | "libvpx-vp9" => "-cpu-used",
                "librav1e" => "-speed",
                _ => "-preset",
            };
            set(name, preset);
        }
        if encoder == "libx265" {
            // Otherwise it tells its settings where errors go.
            set("-x265-params", "log-level=error");
        }
        if pace == Pace::Live {
            match encoder {
                "libx264" | "libx265" => set("-tune", "zerolatency"),
                "libsvtav1" if fps < SVT_PROMPT_FPS || self.gop > SVT_PROMPT_GOP => {
                    set("-svtav1-params", "pred-struct=1");
                }
                "libaom-av1" | "libvpx-vp9" => set("-lag-in-frames", "0"),
                "librav1e" => set("-rav1e-params", "low_latency=true:rdo_lookahead_frames=1"),
                _ => {}
            }
        }
        out
    }
}

fn stated<'a>(camera: &'a Feature, key: &str) -> Option<&'a Value> {
    let block = |name: &str| camera.raw.get(name)?.get(key);
    // The block's name in LeRobot 0.6, and that of its forerunners.
    block("info").or_else(|| block("video_info"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(encoding: &Encoding) -> Feature {
        encoding.declared(&Feature::camera("c", 64, 48, 30), 30)
    }

    #[test]
    fn what_is_declared_is_what_is_resumed() {
        for codec in [
            "h264",
            "libx264",
            "av1",
            "hevc",
            "vp9",
            "libaom-av1",
            "h264_nvenc",
            "mpeg4",
        ] {
            let mut encoding = Encoding::of(codec);
            if codec != "h264" {
                encoding.gop = 5;
                encoding.crf = Some(22);
                encoding.preset = Some("7".to_owned());
            }
            let found = Encoding::declared_by(&declared(&encoding));
            assert_eq!(found.encoder(), encoding.encoder());
            assert_eq!(
                (found.gop, found.crf, found.preset),
                (encoding.gop, encoding.crf, encoding.preset)
            );
        }
        let camera = Feature::camera("c", 64, 48, 30);
        assert_eq!(declared(&Encoding::built_in()), camera);
        let info = &declared(&Encoding::of("libaom-av1")).raw["info"];
        assert_eq!(
            (&info["video.codec"], &info["ulna.encoder"]),
            (&json!("av1"), &json!("libaom-av1"))
        );
        assert!(
            declared(&Encoding::of("av1")).raw["info"]
                .get("ulna.encoder")
                .is_none()
        );
    }
}
