//! Reading pictures by episode, frame and camera.

use std::collections::VecDeque;
use std::fmt;

use crate::error::{DatasetError, Result};
use crate::features::Dtype;
use crate::reader::Dataset;
use crate::template::FileIndex;
use crate::video::{Decoder, VideoFile, to_picture};

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
    /// Whether the decoder is in the middle of the file.
    started: bool,
    /// The sample that the decoder gets next, in the order of the file.
    next_sample: usize,
    /// The picture that it gives next, in the order in which they are shown.
    next_place: usize,
    /// The last picture asked for, and those that came out together with it.
    ready: VecDeque<(usize, Picture)>,
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
        let place = open.video.at_time(time, TOLERANCE)?;
        self.decoded += open.advance(place)?;
        let open = self.open.insert(open);
        match open.ready.front() {
            Some((_, picture)) => Ok(picture),
            None => Err(DatasetError::video(
                open.video.path(),
                "nothing was decoded",
            )),
        }
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
            started: false,
            next_sample: 0,
            next_place: 0,
            ready: VecDeque::new(),
        })
    }
}

impl Open {
    /// Brings the picture shown at `place` to the front of `ready`; returns how many pictures that took.
    fn advance(&mut self, place: usize) -> Result<u64> {
        while self.ready.front().is_some_and(|(at, _)| *at != place) {
            self.ready.pop_front();
        }
        if !self.ready.is_empty() {
            return Ok(0);
        }
        let (key, key_place) = self.video.key_before(place);
        if !self.started || place < self.next_place || key > self.next_sample {
            let fresh = Decoder::new(&self.video.codec);
            self.decoder = fresh.map_err(|e| DatasetError::video(self.video.path(), e))?;
            (self.next_sample, self.next_place) = (key, key_place);
            self.started = true;
        }
        let first = self.next_sample;
        while self.next_place <= place {
            let sample = match self.next_sample < self.video.samples.len() {
                true => Some(self.video.read(self.next_sample)?),
                false => None,
            };
            let before = self.next_place;
            let result = self.decode(sample.as_deref(), place);
            let ended = sample.is_none();
            self.next_sample += usize::from(!ended);
            // After an error or its last picture, the decoder starts over.
            self.started = result.is_ok() && !ended;
            let result = match result {
                Ok(()) if ended && before == self.next_place => {
                    Err("isn't in the stream".to_owned())
                }
                other => other,
            };
            result.map_err(|reason| {
                DatasetError::video(self.video.path(), format!("picture {place}: {reason}"))
            })?;
        }
        Ok((self.next_sample - first) as u64)
    }

    /// Decodes one sample and keeps the pictures that come out from `place` on.
    fn decode(&mut self, sample: Option<&[u8]>, place: usize) -> Result<(), String> {
        let (width, height) = (self.video.width, self.video.height);
        let (next_place, ready) = (&mut self.next_place, &mut self.ready);
        self.decoder.decode(sample, &mut |planes| {
            if *next_place >= place {
                let mut rgb = Vec::new();
                to_picture(planes, (width, height), &mut rgb)?;
                ready.push_back((*next_place, Picture { width, height, rgb }));
            }
            *next_place += 1;
            Ok(())
        })
    }
}
