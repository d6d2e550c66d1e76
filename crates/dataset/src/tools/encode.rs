//! Re-encoding an episode's pictures.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::error::{IoContext, Result};
use crate::features::Feature;
use crate::fs::RealFs;
use crate::reader::Dataset;
use crate::tools::work::Work;
use crate::video::{Encoding, Pace, VideoEncoder};

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
    let (fps, pace) = (dataset.info().whole_fps(), Pace::Offline);
    let mut encoder = VideoEncoder::begin(&RealFs, folder, camera, fps, (encoding, pace))?;
    for frame in frames {
        encoder.push(&pictures.read(episode, frame)?.rgb)?;
        work.advance(0)?;
    }
    let video = encoder.finish()?;
    video.make_mp4(&RealFs)?;
    Ok(video.mp4)
}
