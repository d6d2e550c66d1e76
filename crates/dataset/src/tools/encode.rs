//! Encoding an episode's pictures: H.264 with the built-in encoder, anything else with the `ffmpeg` on the PATH, which
//! gets them raw through a pipe.

use std::io::{Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Map, Value, json};

use crate::error::{DatasetError, IoContext, Result};
use crate::features::Feature;
use crate::fs::RealFs;
use crate::reader::Dataset;
use crate::tools::work::Work;
use crate::video::{GOP, VideoEncoder};

/// How pictures are to be encoded. The names and defaults are LeRobot's.
#[derive(Clone, Debug, PartialEq)]
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

impl Encoding {
    /// The built-in encoder.
    pub fn built_in() -> Encoding {
        Encoding::of("h264")
    }

    /// A codec with LeRobot's settings.
    pub fn of(codec: &str) -> Encoding {
        let built_in = codec == "h264";
        let svt = matches!(codec, "av1" | "libsvtav1");
        Encoding {
            codec: codec.to_owned(),
            gop: GOP,
            crf: (!built_in).then_some(CRF),
            preset: svt.then(|| SVT_PRESET.to_owned()),
        }
    }

    /// A codec with the settings that a camera's declaration states.
    pub(crate) fn like(camera: &Feature, codec: &str) -> Encoding {
        let mut encoding = Encoding::of(codec);
        let stated = |key: &str| camera.raw.get("info")?.get(format!("video.{key}"));
        let number = |key: &str| stated(key)?.as_u64().and_then(|n| u32::try_from(n).ok());
        encoding.gop = number("g").unwrap_or(encoding.gop);
        encoding.crf = number("crf").or(encoding.crf);
        encoding.preset = match stated("preset") {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => encoding.preset,
        };
        encoding
    }

    fn is_built_in(&self) -> bool {
        self.codec == "h264"
    }

    /// The name of ffmpeg's encoder.
    fn encoder(&self) -> &str {
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
            "h264" | "libx264" | "libx264rgb" | "libopenh264" => "h264",
            "libx265" => "hevc",
            "libvpx-vp9" => "vp9",
            name if name.contains("av1") => "av1",
            name if name.starts_with("h264_") => "h264",
            name if name.starts_with("hevc_") => "hevc",
            name => name,
        }
    }

    /// A camera's declaration with these settings, as LeRobot stores them.
    pub(crate) fn declared(&self, camera: &Feature, fps: u32) -> Feature {
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
        camera
    }

    /// Whether the encoder is there; the error says what to do if not.
    pub(crate) fn check(&self) -> Result<()> {
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

    fn what(&self) -> String {
        format!("codec `{}`", self.codec)
    }
}

/// Encodes frames of an episode into an mp4 in `folder`, a temporary one.
pub(crate) fn encode(
    work: &mut Work,
    dataset: &Dataset,
    camera: &Feature,
    (episode, frames): (usize, Range<usize>),
    encoding: &Encoding,
    folder: &Path,
) -> Result<PathBuf> {
    std::fs::create_dir_all(folder).at("create the folder", folder)?;
    let mut pictures = dataset.pictures(&camera.key)?;
    if encoding.is_built_in() {
        let mut encoder = VideoEncoder::begin(&RealFs, folder, camera, dataset.fps())?;
        for frame in frames {
            encoder.push(&pictures.read(episode, frame)?.rgb)?;
            work.advance(0)?;
        }
        let video = encoder.finish()?;
        video.make_mp4(&RealFs)?;
        return Ok(video.mp4);
    }
    let path = folder.join("encoded.mp4");
    let mut pipe: Option<Pipe> = None;
    for frame in frames {
        let picture = pictures.read(episode, frame)?;
        let pipe = match &mut pipe {
            Some(pipe) => pipe,
            None => {
                let size = (picture.width, picture.height);
                pipe.insert(Pipe::open(encoding, size, dataset.fps(), &path)?)
            }
        };
        pipe.write(&picture.rgb)?;
        work.advance(0)?;
    }
    match pipe {
        Some(pipe) => pipe.close().map(|()| path),
        None => Err(DatasetError::invalid("the episode", "it has no frames")),
    }
}

/// An ffmpeg at work. Dropped early, it is ended.
struct Pipe {
    child: Child,
    what: String,
}

impl Pipe {
    fn open(encoding: &Encoding, size: (usize, usize), fps: u32, path: &Path) -> Result<Pipe> {
        let mut command = Command::new("ffmpeg");
        command.args(["-hide_banner", "-loglevel", "error", "-y"]);
        command.args(["-f", "rawvideo", "-pix_fmt", "rgb24"]);
        command.args(["-video_size", &format!("{}x{}", size.0, size.1)]);
        command.args(["-framerate", &fps.to_string(), "-i", "pipe:0", "-an"]);
        let encoder = encoding.encoder();
        command.args(["-c:v", encoder, "-pix_fmt", "yuv420p"]);
        command.args(["-g", &encoding.gop.to_string()]);
        if let Some(crf) = encoding.crf {
            command.args(["-crf", &crf.to_string()]);
        }
        if let Some(preset) = &encoding.preset {
            command.args(["-preset", preset]);
        }
        if matches!(encoder, "libx264" | "libx265") {
            // Pictures in the order of showing, which every tool can cut.
            command.args(["-bf", "0"]);
        }
        command.args(["-f", "mp4"]).arg(path);
        // SVT-AV1 otherwise tells its settings where errors go.
        command.env("SVT_LOG", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(Stdio::piped());
        let child = command.spawn().at("start", Path::new("ffmpeg"))?;
        Ok(Pipe {
            child,
            what: encoding.what(),
        })
    }

    fn write(&mut self, rgb: &[u8]) -> Result<()> {
        let taken = match &mut self.child.stdin {
            Some(stdin) => stdin.write_all(rgb).is_ok(),
            None => false,
        };
        match taken {
            true => Ok(()),
            false => Err(self.failure()),
        }
    }

    fn close(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(self.failure()),
        }
    }

    fn failure(&mut self) -> DatasetError {
        drop(self.child.stdin.take());
        let mut said = String::new();
        if let Some(errors) = &mut self.child.stderr {
            // A line or two; with no more to read, what it ended with is known.
            let _ = errors.take(1 << 16).read_to_string(&mut said);
        }
        let lines: Vec<&str> = said.lines().filter(|l| !l.trim().is_empty()).collect();
        // The encoder's own complaint comes first, what follows from it after.
        let reason = lines[..lines.len().min(4)].join("; ");
        DatasetError::invalid(self.what.clone(), format!("ffmpeg failed: {reason}"))
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
