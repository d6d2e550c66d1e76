//! A video file that pictures are decoded from: which of them is shown when, and where decoding has to begin.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{DatasetError, IoContext, Result};
use crate::video::codec::{Codec, codec_of};
use crate::video::color::MAX_PIXELS;
use crate::video::index::TrackIndex;

/// An open video file.
#[derive(Debug)]
pub(crate) struct VideoFile {
    path: PathBuf,
    file: File,
    pub(crate) codec: Codec,
    pub(crate) width: usize,
    pub(crate) height: usize,
    index: TrackIndex,
    /// Whether pictures are shown in another order than they are stored in.
    pub(crate) reorders: bool,
}

impl VideoFile {
    /// Reads the index of the only video track.
    pub(crate) fn open(path: &Path) -> Result<VideoFile> {
        let mut file = ulna_outside::files::open(path).at("open", path)?;
        let index = TrackIndex::read(&mut file, path)?;
        // The first description holds for all; concatenated files repeat it.
        let described = index.entries.first().ok_or("holds no pictures".to_owned());
        let described = described.and_then(codec_of);
        let (codec, width, height) =
            described.map_err(|reason| DatasetError::video(path, reason))?;
        if width.saturating_mul(height) > MAX_PIXELS as usize {
            let reason = format!("has pictures of {width}x{height}; at most 7680x4320 are decoded");
            return Err(DatasetError::video(path, reason));
        }
        let reorders = index
            .shown
            .iter()
            .enumerate()
            .any(|(place, at)| place != *at);
        Ok(VideoFile {
            path: path.to_owned(),
            file,
            codec,
            width,
            height,
            index,
            reorders,
        })
    }

    /// How many pictures there are.
    pub(crate) fn len(&self) -> usize {
        self.index.pictures.len()
    }

    /// When each picture is shown, in the track's ticks since the first and in the order of the file.
    pub(crate) fn ticks(&self) -> impl Iterator<Item = i64> {
        self.index.pictures.iter().map(|picture| picture.ticks)
    }

    /// Whether the picture, counted in the order of the file, can be decoded without others.
    pub(crate) fn is_key(&self, picture: usize) -> bool {
        self.index.pictures.get(picture).is_some_and(|p| p.keyframe)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A time at which the picture at `place` isn't shown yet, but the one before it is.
    pub(crate) fn seconds_before(&self, place: usize) -> f64 {
        let shown = |place: usize| {
            self.index
                .shown
                .get(place)
                .map(|at| self.index.seconds(*at))
        };
        match (place.checked_sub(1).and_then(shown), shown(place)) {
            (Some(before), Some(at)) => (before + at) / 2.0,
            _ => 0.0,
        }
    }

    /// When a key frame is shown from which a decoder surely gets to the picture at `place`: not the last one before
    /// it, since pictures around a key frame may refer across it. None for the file's start.
    pub(crate) fn seconds_of_safe_key(&self, place: usize) -> Option<f64> {
        let shown = self.index.shown.iter().take(place + 1).rev();
        let mut keys = shown.filter(|sample| self.is_key(**sample));
        keys.nth(2).map(|sample| self.index.seconds(*sample))
    }

    /// Which picture, in the order in which they are shown, is shown at `time`, in seconds.
    pub(crate) fn at_time(&self, time: f64, tolerance: f64) -> Result<usize> {
        let after = self
            .index
            .shown
            .partition_point(|at| self.index.seconds(*at) < time);
        let near = [after.checked_sub(1), Some(after)];
        let off = |place: &usize| {
            let at = self.index.shown.get(*place);
            at.map_or(f64::INFINITY, |at| (self.index.seconds(*at) - time).abs())
        };
        near.into_iter()
            .flatten()
            .filter(|place| off(place) <= tolerance)
            .min_by(|a, b| off(a).total_cmp(&off(b)))
            .ok_or_else(|| {
                let last = self
                    .index
                    .shown
                    .last()
                    .map_or(0.0, |at| self.index.seconds(*at));
                let reason = format!(
                    "no picture at {time:.4} s; it holds {} pictures up to {last:.4} s",
                    self.len()
                );
                DatasetError::video(&self.path, reason)
            })
    }

    /// Where to start decoding to get the picture that is shown at `place`: the sample, and its own place.
    pub(crate) fn key_before(&self, place: usize) -> (usize, usize) {
        let shown = self.index.shown.iter().take(place + 1).enumerate().rev();
        let mut keys = shown.filter(|(_, sample)| self.is_key(**sample));
        keys.next()
            .map_or((0, 0), |(place, sample)| (*sample, place))
    }

    /// The bytes of a picture.
    pub(crate) fn read(&mut self, sample: usize) -> Result<Vec<u8>> {
        self.index.pictures[sample].read(&mut self.file, &self.path)
    }
}
