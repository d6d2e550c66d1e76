//! The thumbnails of an episode.

use super::thumbnail::{Thumbnail, thumbnail};
use crate::error::Result;
use crate::pictures::PictureReader;
use crate::reader::Dataset;
use crate::tools::Work;

/// Pictures of one camera at regular times.
#[derive(Debug)]
pub(super) struct Strip {
    /// The camera's key.
    pub(super) camera: String,
    /// Frames and their pictures.
    pub(super) pictures: Vec<(usize, Thumbnail)>,
    /// Why there are no more.
    pub(super) error: Option<String>,
}

/// A reader for each camera, or why there is none; they go from episode to episode, since opening files takes time.
#[derive(Debug)]
pub(super) struct Cameras {
    readers: Vec<(String, Result<PictureReader, String>)>,
}

impl Cameras {
    pub(super) fn of(dataset: &Dataset) -> Cameras {
        let features = dataset.info().features.iter().filter(|f| f.is_camera());
        let readers = features.take(MOST_CAMERAS).map(|feature| {
            let reader = dataset.pictures(&feature.key);
            (
                feature.key.clone(),
                reader.map_err(|error| error.to_string()),
            )
        });
        Cameras {
            readers: readers.collect(),
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.readers.len()
    }

    /// `count` pictures of each camera, from the middles of equal stretches of the episode.
    pub(super) fn strips(
        &mut self,
        episode: usize,
        frames: usize,
        count: usize,
        work: &mut Work,
    ) -> Result<Vec<Strip>> {
        let count = count.min(frames);
        let mut strips = Vec::new();
        for (camera, reader) in &mut self.readers {
            let mut strip = Strip {
                camera: camera.clone(),
                pictures: Vec::new(),
                error: None,
            };
            match reader {
                Err(error) => strip.error = Some(error.clone()),
                Ok(reader) => {
                    for number in 0..count {
                        work.advance(0)?;
                        let frame = (2 * number + 1) * frames / (2 * count);
                        match reader.read(episode, frame) {
                            Ok(picture) => {
                                let small = thumbnail(picture);
                                strip.pictures.extend(small.map(|small| (frame, small)));
                            }
                            Err(error) => {
                                strip.error = Some(error.to_string());
                                break;
                            }
                        }
                    }
                }
            }
            strips.push(strip);
        }
        Ok(strips)
    }
}

/// Cameras that are shown at most.
const MOST_CAMERAS: usize = 16;
