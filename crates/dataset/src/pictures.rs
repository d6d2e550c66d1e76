//! Reading pictures by episode, frame and camera.

use std::fmt;

use crate::error::{DatasetError, Result};
use crate::features::Dtype;
use crate::reader::Dataset;
use crate::template::FileIndex;
use crate::video::{Decoder, VideoFile};

/// How far a picture's time may be off, in seconds; LeRobot's default.
pub(crate) const TOLERANCE: f64 = 1e-4;

/// A decoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Rows of RGB pixels, 8 bits per colour, without gaps.
    pub rgb: Vec<u8>,
}

/// Reads the pictures of one camera. Going forward frame by frame decodes every picture once; a jump decodes from
/// the key frame before.
pub struct PictureReader {
    dataset: Dataset,
    camera: String,
    open: Option<Open>,
    decoded: u64,
}

struct Open {
    at: FileIndex,
    video: VideoFile,
    decoder: Decoder,
    /// The sample that the decoder expects next.
    next: usize,
    last: Option<(usize, Picture)>,
}

impl fmt::Debug for PictureReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PictureReader")
            .field("camera", &self.camera)
            .field("decoded", &self.decoded)
            .finish_non_exhaustive()
    }
}

impl Dataset {
    /// A reader for the pictures of one camera, such as `observation.images.front`.
    pub fn pictures(&self, camera: &str) -> Result<PictureReader> {
        let feature = self.info().feature(camera)?;
        if feature.dtype != Dtype::Video {
            return Err(DatasetError::WrongKind {
                feature: camera.to_owned(),
                dtype: feature.dtype.name().to_owned(),
                expected: "a camera stored as video",
            });
        }
        Ok(PictureReader {
            dataset: self.clone(),
            camera: camera.to_owned(),
            open: None,
            decoded: 0,
        })
    }
}

impl PictureReader {
    /// The camera's key.
    pub fn camera(&self) -> &str {
        &self.camera
    }

    /// How many pictures were decoded so far, those on the way to the ones asked for included.
    pub fn decoded(&self) -> u64 {
        self.decoded
    }

    /// The picture of a frame of an episode.
    pub fn read(&mut self, episode: usize, frame: usize) -> Result<&Picture> {
        let row = self.dataset.episode_row(episode)?;
        if frame as u64 >= row.length {
            return Err(DatasetError::invalid(
                format!("frame {frame} of episode {episode}"),
                format!("the episode has {} frames, numbered from 0", row.length),
            ));
        }
        let span = *row.videos.get(&self.camera).ok_or_else(|| {
            DatasetError::invalid(
                format!("camera `{}` of episode {episode}", self.camera),
                "meta/episodes doesn't say where its pictures are",
            )
        })?;
        let time = span.from + frame as f64 / f64::from(self.dataset.fps());
        let mut open = match self.open.take() {
            Some(open) if open.at == span.file => open,
            _ => self.open(span.file)?,
        };
        let sample = open.video.at_time(time, TOLERANCE)?;
        self.decoded += open.advance(sample)?;
        let open = self.open.insert(open);
        open.last
            .as_ref()
            .map(|(_, picture)| picture)
            .ok_or_else(|| DatasetError::video(open.video.path(), "nothing was decoded"))
    }

    fn open(&self, at: FileIndex) -> Result<Open> {
        let info = self.dataset.info();
        let path = self.dataset.root().join(info.video_file(&self.camera, at)?);
        if !path.is_file() {
            return Err(DatasetError::MissingFile {
                what: format!("the pictures of camera `{}`", self.camera),
                path,
            });
        }
        let video = VideoFile::open(&path)?;
        let decoder = Decoder::new(&video.codec).map_err(|e| DatasetError::video(&path, e))?;
        Ok(Open {
            at,
            video,
            decoder,
            next: 0,
            last: None,
        })
    }
}

impl Open {
    /// Brings the picture of `sample` into `last`; returns how many pictures that took.
    fn advance(&mut self, sample: usize) -> Result<u64> {
        if self.last.as_ref().is_some_and(|(at, _)| *at == sample) {
            return Ok(0);
        }
        let samples = &self.video.samples;
        let key = (0..=sample)
            .rev()
            .find(|at| samples[*at].keyframe)
            .unwrap_or(0);
        let mut first = key;
        if (key..=sample).contains(&self.next) && self.next > 0 {
            first = self.next;
        } else {
            let fresh = Decoder::new(&self.video.codec);
            self.decoder = fresh.map_err(|e| DatasetError::video(self.video.path(), e))?;
        }
        let size = (self.video.width, self.video.height);
        let mut rgb = self
            .last
            .take()
            .map_or(Vec::new(), |(_, picture)| picture.rgb);
        for at in first..=sample {
            let bytes = self.video.read(at)?;
            let wanted = (at == sample).then_some(&mut rgb);
            let result = self.decoder.decode(&bytes, size, wanted);
            // After an error the decoder starts over.
            self.next = if result.is_ok() { at + 1 } else { 0 };
            result.map_err(|e| {
                DatasetError::video(self.video.path(), format!("picture {at}: {e}"))
            })?;
        }
        let (width, height) = size;
        self.last = Some((sample, Picture { width, height, rgb }));
        Ok((sample - first + 1) as u64)
    }
}
