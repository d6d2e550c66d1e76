//! Reading pictures by episode, frame and camera.

mod images;
mod picture;
mod stamps;
mod videos;

use std::fmt;
use std::sync::Arc;

use crate::error::{DatasetError, Result};
use crate::features::Dtype;
use crate::reader::Dataset;
use images::ImagePictures;
use stamps::Stamps;
use videos::VideoPictures;

pub use picture::Picture;
pub(crate) use picture::TOLERANCE;

/// Reads the pictures of one camera, from videos or from PNGs in the data files. Going forward frame by frame decodes
/// every picture once; a jump decodes from the key frame before.
///
/// H.264 and AV1 are decoded here; for other codecs an `ffmpeg` on the PATH is run, and without one they are an
/// error.
pub struct PictureReader {
    dataset: Dataset,
    camera: String,
    source: Source,
    last: Option<Arc<Picture>>,
    stamps: Stamps,
}

enum Source {
    Video(Box<VideoPictures>),
    Image(Box<ImagePictures>),
}

impl fmt::Debug for PictureReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PictureReader")
            .field("camera", &self.camera)
            .field("decoded", &self.decoded())
            .finish_non_exhaustive()
    }
}

impl Dataset {
    /// A reader for the pictures of one camera, such as `observation.images.front`.
    pub fn pictures(&self, camera: &str) -> Result<PictureReader> {
        let feature = self.info().feature(camera)?;
        let source = match feature.dtype {
            Dtype::Video | Dtype::Image if feature.is_depth() => {
                return Err(DatasetError::invalid(
                    format!("camera `{camera}`"),
                    "it holds depth maps of 12 or 16 bits a pixel, which ulna doesn't decode; \
                     leave this feature out",
                ));
            }
            Dtype::Video => Source::Video(Box::default()),
            Dtype::Image => Source::Image(Box::new(ImagePictures::new(self.clone()))),
            _ => {
                return Err(DatasetError::WrongKind {
                    feature: camera.to_owned(),
                    dtype: feature.dtype.name().to_owned(),
                    expected: "a camera",
                });
            }
        };
        Ok(PictureReader {
            dataset: self.clone(),
            camera: camera.to_owned(),
            source,
            last: None,
            stamps: Stamps::default(),
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
        match &self.source {
            Source::Video(videos) => videos.decoded,
            Source::Image(images) => images.decoded,
        }
    }

    /// The picture of a frame of an episode.
    pub fn read(&mut self, episode: usize, frame: usize) -> Result<&Picture> {
        let picture = self.read_shared(episode, frame)?;
        Ok(self.last.insert(picture))
    }

    /// As [`read`](Self::read), for keeping the picture without a copy.
    ///
    /// As in LeRobot, the picture in a video is the one at the time stamp of the frame's row.
    pub fn read_shared(&mut self, episode: usize, frame: usize) -> Result<Arc<Picture>> {
        let row = self.dataset.episode_row(episode)?.clone();
        if let Source::Image(images) = &mut self.source {
            return images.read(&self.camera, episode, frame);
        }
        let time = match self.stamps.of(&self.dataset, episode) {
            Ok(times) => times.get(frame).copied().ok_or(times.len() as u64),
            // Rows that cannot be read cost no pictures.
            Err(_) if (frame as u64) < row.length => Ok(frame as f64 / self.dataset.fps()),
            Err(_) => Err(row.length),
        };
        let time = time.map_err(|length| {
            DatasetError::invalid(
                format!("frame {frame} of episode {episode}"),
                format!("the episode has {length} frames, numbered from 0"),
            )
        })?;
        let Source::Video(videos) = &mut self.source else {
            return Err(DatasetError::invalid(&self.camera, "is no camera"));
        };
        let span = *row.videos.get(&self.camera).ok_or_else(|| {
            DatasetError::invalid(
                format!("camera `{}` of episode {episode}", self.camera),
                "meta/episodes doesn't say where its pictures are",
            )
        })?;
        videos.read(&self.dataset, &self.camera, span.file, span.from + time)
    }
}
