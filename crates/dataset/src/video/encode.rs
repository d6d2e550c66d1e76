//! Encoding one camera of a running episode.

use std::fmt;
use std::path::{Path, PathBuf};

use openh264::OpenH264API;
use openh264::encoder::{
    Complexity, Encoder, EncoderConfig, FrameRate, IntraFramePeriod, QpRange, RateControlMode,
    VuiConfig,
};
use openh264::formats::YUVSlices;

use crate::error::{DatasetError, IoContext, Result};
use crate::features::Feature;
use crate::fs::Fs;
use crate::record_log::RecordLog;
use crate::stats::FeatureStats;
use crate::video::histogram::PictureHistogram;
use crate::video::yuv::Yuv;
use crate::video::{GOP, mux};

/// Constant quantiser: quality doesn't breathe with a bit rate, and no picture is ever skipped.
const QP: u8 = 26;

/// Encodes the pictures of one camera over an episode. Every picture becomes one record of the episode's video
/// stream on disk at once. It does not depend on the [`EpisodeWriter`](crate::EpisodeWriter) and can live on a
/// thread of its own.
pub struct VideoEncoder {
    camera: String,
    width: usize,
    height: usize,
    fps: u32,
    encoder: Encoder,
    yuv: Yuv,
    histogram: PictureHistogram,
    log: RecordLog,
    frames: usize,
    stream: PathBuf,
    mp4: PathBuf,
    picture: Vec<u8>,
}

impl fmt::Debug for VideoEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VideoEncoder")
            .field("camera", &self.camera)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

/// The file of a camera's stream in an episode's staging folder.
pub(crate) fn stream_path(dir: &Path, camera: &str) -> PathBuf {
    dir.join(format!("{camera}.h264.log"))
}

/// The camera's finished video in an episode's staging folder.
pub(crate) fn mp4_path(dir: &Path, camera: &str) -> PathBuf {
    dir.join(format!("{camera}.mp4"))
}

impl VideoEncoder {
    pub(crate) fn begin(
        fs: &dyn Fs,
        dir: &Path,
        camera: &Feature,
        fps: u32,
    ) -> Result<VideoEncoder> {
        let (width, height) = size_of(camera)?;
        let config = EncoderConfig::new()
            .rate_control_mode(RateControlMode::Off)
            .qp(QpRange::new(QP, QP))
            .max_frame_rate(FrameRate::from_hz(fps as f32))
            .complexity(Complexity::Low)
            .skip_frames(false)
            .scene_change_detect(false)
            .background_detection(false)
            .adaptive_quantization(false)
            .num_threads(1)
            .intra_frame_period(IntraFramePeriod::from_num_frames(GOP))
            .vui(VuiConfig::bt601());
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config)
            .map_err(|error| DatasetError::invalid(what(&camera.key), error.to_string()))?;
        let stream = stream_path(dir, &camera.key);
        let log = RecordLog::create(fs, &stream)?;
        fs.sync_dir(dir).at("sync the folder", dir)?;
        Ok(VideoEncoder {
            camera: camera.key.clone(),
            width,
            height,
            fps,
            encoder,
            yuv: Yuv::new(width, height),
            histogram: PictureHistogram::new(),
            log,
            frames: 0,
            stream,
            mp4: mp4_path(dir, &camera.key),
            picture: Vec::new(),
        })
    }

    /// The camera's key.
    pub fn camera(&self) -> &str {
        &self.camera
    }

    /// How many pictures there are so far.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Encodes the next picture, `height` rows of `width` RGB pixels.
    pub fn push(&mut self, rgb: &[u8]) -> Result<()> {
        let expected = self.width * self.height * 3;
        if rgb.len() != expected {
            let reason = format!("a picture has {} bytes, {expected} are expected", rgb.len());
            return Err(DatasetError::invalid(what(&self.camera), reason));
        }
        self.yuv.set(rgb);
        let fail = |error: openh264::Error| {
            DatasetError::invalid(what(&self.camera), format!("encoding failed: {error}"))
        };
        let (width, half) = (self.width, self.width / 2);
        let planes = YUVSlices::new(self.yuv.planes(), (width, self.height), (width, half, half));
        let bits = self.encoder.encode(&planes).map_err(fail)?;
        self.picture.clear();
        bits.write_vec(&mut self.picture);
        if self.picture.is_empty() {
            let reason = "the encoder gave nothing for a picture";
            return Err(DatasetError::invalid(what(&self.camera), reason));
        }
        self.histogram.add(rgb, self.width, self.height);
        self.log.append(&self.picture)?;
        self.frames += 1;
        Ok(())
    }

    /// Waits until all pictures are on the disk; call it at most once a second.
    pub fn sync(&mut self) -> Result<()> {
        self.log.sync()
    }

    /// Ends the stream. The mp4 is made by [`VideoPart::make_mp4`], or at the latest when the episode is
    /// committed.
    pub fn finish(mut self) -> Result<VideoPart> {
        self.log.sync()?;
        Ok(VideoPart {
            stats: self.histogram.stats(),
            camera: self.camera,
            frames: self.frames,
            fps: self.fps,
            stream: self.stream,
            mp4: self.mp4,
        })
    }
}

/// The finished pictures of one camera over an episode.
#[derive(Clone, Debug)]
pub struct VideoPart {
    pub(crate) camera: String,
    pub(crate) frames: usize,
    pub(crate) fps: u32,
    pub(crate) stats: FeatureStats,
    pub(crate) stream: PathBuf,
    pub(crate) mp4: PathBuf,
}

impl VideoPart {
    /// The camera's key.
    pub fn camera(&self) -> &str {
        &self.camera
    }

    /// How many pictures there are.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Makes the mp4 from the stream unless it is there already, synced. Doing it here, on the encoder's thread,
    /// keeps the commit short.
    pub fn make_mp4(&self, fs: &dyn Fs) -> Result<()> {
        if self.mp4.is_file() {
            return Ok(());
        }
        mux::stream_to_mp4(fs, &self.stream, &self.mp4, self.frames, self.fps)
    }
}

fn what(camera: &str) -> String {
    format!("camera `{camera}`")
}

pub(crate) fn size_of(camera: &Feature) -> Result<(usize, usize)> {
    match camera.shape.as_slice() {
        &[height, width, 3]
            if (16..=3840).contains(&width)
                && (16..=2160).contains(&height)
                && width % 2 == 0
                && height % 2 == 0 =>
        {
            Ok((width, height))
        }
        shape => Err(DatasetError::invalid(
            what(&camera.key),
            format!(
                "pictures of shape {shape:?} cannot be encoded; \
                 even sizes from 16x16 to 3840x2160 in 3 colours can"
            ),
        )),
    }
}
