//! The datasets that the bench reads.

use std::path::Path;
use std::sync::Arc;

use ulna_dataset::{EpisodeParts, Feature, Spec, Writer};
use ulna_robot::files;

use crate::error::BenchError;
use crate::pictures::{FPS, Pictures, columns, pictures, shown};
use crate::read::unsynced::Unsynced;

/// Frames of each recorded episode with pictures: ten seconds.
const FRAMES: usize = 300;
const EPISODES: usize = 2;

/// A dataset of numbers alone.
pub(super) fn write(
    folder: &Path,
    features: Vec<Feature>,
    episodes: usize,
    frames: usize,
) -> Result<(), BenchError> {
    let spec = Spec::new(FPS).features(features);
    let mut writer = Writer::create_on(Arc::new(Unsynced), folder, &spec)?;
    let width = writer.layout().width();
    for episode in 0..episodes {
        let mut rows = writer.begin_episode()?;
        for frame in 0..frames {
            let angle = (episode * 7 + frame) as f64 * 0.01;
            let row: Vec<f64> = (0..width).map(|at| (angle + at as f64).sin()).collect();
            rows.push_row("read", &row)?;
        }
        let parts: EpisodeParts = rows.finish(Vec::new(), None)?;
        writer.commit(&parts)?;
    }
    Ok(())
}

/// A dataset with the pictures of two cameras.
pub(super) fn record(folder: &Path) -> Result<(), BenchError> {
    let kind = files::find(files::DEFAULT)?;
    let pictures: Pictures = pictures(&kind)?;
    let columns = columns(&kind);
    let spec = Spec::new(FPS).features(columns.features(FPS));
    let mut writer = Writer::create_on(Arc::new(Unsynced), folder, &spec)?;
    let row = vec![0.0; writer.layout().width()];
    for _ in 0..EPISODES {
        let mut rows = writer.begin_episode()?;
        let mut videos = Vec::new();
        for (camera, pictures) in columns.cameras().iter().zip(&pictures) {
            let mut encoder = rows.video_encoder(&camera.key())?;
            for frame in 0..FRAMES {
                encoder.push(&pictures[shown(frame as u64)])?;
            }
            videos.push(encoder.finish()?);
        }
        for _ in 0..FRAMES {
            rows.push_row("read", &row)?;
        }
        writer.commit(&rows.finish(videos, None)?)?;
    }
    Ok(())
}
