//! Encoding one camera of a running episode.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{DatasetError, IoContext, Result};
use crate::features::Feature;
use crate::fs::Fs;
use crate::record_log::RecordLog;
use crate::stats::FeatureStats;
use crate::video::codecs::H264Encoder;
use crate::video::encoding::{Encoding, Pace};
use crate::video::histogram::PictureHistogram;
use crate::video::mux;
use crate::video::pipe::Pipe;
use crate::video::stream::stream_path;

/// Encodes the pictures of one camera over an episode, as the camera's declaration says. Every picture becomes one
/// record of the episode's video stream on disk, at once with the built-in encoder, a few pictures later through
/// ffmpeg. It does not depend on the [`EpisodeWriter`](crate::EpisodeWriter) and can live on a thread of its own.
pub struct VideoEncoder {
    camera: String,
    width: usize,
    height: usize,
    fps: u32,
    engine: CodecEncoder,
    histogram: PictureHistogram,
    log: RecordLog,
    frames: usize,
    stream: PathBuf,
    mp4: PathBuf,
}

enum CodecEncoder {
    BuiltIn(Box<H264Encoder>),
    Ffmpeg {
        pipe: Pipe,
        /// How many records have come out of it: the stream's head, then pictures.
        records: usize,
    },
}

impl fmt::Debug for VideoEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VideoEncoder")
            .field("camera", &self.camera)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
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
        (encoding, pace): (&Encoding, Pace),
    ) -> Result<VideoEncoder> {
        let built_in = encoding.is_built_in();
        let (width, height) = size_of(camera)?;
        let engine = match built_in {
            true => {
                let encoder = H264Encoder::new((width, height), fps);
                let encoder = encoder.map_err(|e| DatasetError::invalid(what(&camera.key), e))?;
                CodecEncoder::BuiltIn(Box::new(encoder))
            }
            false => CodecEncoder::Ffmpeg {
                pipe: Pipe::open(encoding, (width, height), fps, pace)?,
                records: 0,
            },
        };
        let stream = stream_path(dir, &camera.key, built_in);
        let log = RecordLog::create(fs, &stream)?;
        fs.sync_dir(dir).at("sync the folder", dir)?;
        Ok(VideoEncoder {
            camera: camera.key.clone(),
            width,
            height,
            fps,
            engine,
            histogram: PictureHistogram::new(),
            log,
            frames: 0,
            stream,
            mp4: mp4_path(dir, &camera.key),
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
        match &mut self.engine {
            CodecEncoder::BuiltIn(encoder) => {
                let picture = encoder.encode(rgb);
                let picture = picture.map_err(|e| DatasetError::invalid(what(&self.camera), e))?;
                self.log.append(picture)?;
            }
            CodecEncoder::Ffmpeg { pipe, .. } => {
                let taken = pipe.write(rgb);
                // Also when it has failed: what had come out by then can still be saved.
                self.take_what_arrived()?;
                taken?;
            }
        }
        self.histogram.add(rgb, self.width, self.height);
        self.frames += 1;
        Ok(())
    }

    fn take_what_arrived(&mut self) -> Result<()> {
        if let CodecEncoder::Ffmpeg { pipe, records } = &mut self.engine {
            for record in pipe.arrived() {
                self.log.append(&record)?;
                *records += 1;
            }
        }
        Ok(())
    }

    /// Waits until all pictures that the encoder has given are on the disk; call it about once a second. The built-in
    /// encoder gives every picture at once; ffmpeg holds a few back, less than half a second's.
    pub fn sync(&mut self) -> Result<()> {
        self.take_what_arrived()?;
        self.log.sync()
    }

    /// Ends the stream. The mp4 is made by [`VideoPart::make_mp4`], or at the latest when the episode is
    /// committed.
    pub fn finish(mut self) -> Result<VideoPart> {
        if let CodecEncoder::Ffmpeg { mut pipe, records } = self.engine {
            let mut records = records;
            for record in pipe.rest() {
                self.log.append(&record)?;
                records += 1;
            }
            pipe.close()?;
            // An episode without pictures is refused where it is committed.
            if self.frames > 0 && records != self.frames + 1 {
                let (made, given) = (records.saturating_sub(1), self.frames);
                let reason = format!("ffmpeg made {made} pictures of {given}");
                return Err(DatasetError::invalid(what(&self.camera), reason));
            }
        }
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
