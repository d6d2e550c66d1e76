//! The compressed pictures of an mp4 file as they are, whatever the codec: where they are, and which of them can be
//! taken out without decoding.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use shiguredo_mp4::boxes::SampleEntry;

use crate::error::{DatasetError, IoContext, Result};
use crate::pictures::TOLERANCE;
use crate::video::{PictureAt, TrackIndex};

/// The index of an mp4 file.
#[derive(Clone, Debug)]
pub(crate) struct PacketFile {
    pub(crate) path: PathBuf,
    index: TrackIndex,
}

impl PacketFile {
    pub(crate) fn open(path: &Path) -> Result<PacketFile> {
        let mut file = ulna_outside::files::open(path).at("open", path)?;
        let index = TrackIndex::read(&mut file, path)?;
        Ok(PacketFile {
            path: path.to_owned(),
            index,
        })
    }

    /// The packets in the order of the file.
    pub(crate) fn packets(&self) -> &[PictureAt] {
        &self.index.pictures
    }

    /// How many pictures there are.
    pub(crate) fn len(&self) -> usize {
        self.index.shown.len()
    }

    /// The places, in the order in which pictures are shown, of `frames` pictures from `start` seconds on. Each must
    /// be on the grid of `fps`.
    pub(crate) fn places(&self, start: f64, frames: usize, fps: u32) -> Result<Range<usize>> {
        let is_at = |place: usize, time: f64| {
            let at = self.index.shown.get(place);
            at.is_some_and(|at| (self.index.seconds(*at) - time).abs() <= TOLERANCE)
        };
        let missing = |time: f64| {
            DatasetError::video(
                &self.path,
                format!(
                    "no picture at {time:.4} s; it holds {}",
                    self.index.shown.len()
                ),
            )
        };
        let before = |at: &usize| self.index.seconds(*at) < start - TOLERANCE;
        let first = self.index.shown.partition_point(before);
        for frame in 0..frames {
            let time = start + frame as f64 / f64::from(fps);
            if !is_at(first + frame, time) {
                return Err(missing(time));
            }
        }
        Ok(first..first + frames)
    }

    /// The packets of these places in the order of the file, each with its place relative to the first; none if they
    /// cannot be decoded without others, or need several descriptions of the codec.
    pub(crate) fn cut(&self, places: Range<usize>) -> Option<Vec<(usize, usize)>> {
        let mut out: Vec<(usize, usize)> = self.index.shown[places]
            .iter()
            .enumerate()
            .map(|(place, at)| (*at, place))
            .collect();
        out.sort_unstable();
        let (first, _) = *out.first()?;
        let whole = out.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0);
        let entry = self.index.pictures[first].entry;
        let one = out
            .iter()
            .all(|(at, _)| self.index.pictures[*at].entry == entry);
        (self.index.pictures[first].keyframe && whole && one).then_some(out)
    }

    /// The first place from `place` on at which pictures can be cut off.
    pub(crate) fn next_key(&self, place: usize) -> Option<usize> {
        (place..self.index.shown.len())
            .find(|place| self.index.pictures[self.index.shown[*place]].keyframe)
    }

    /// What describes the codec of the packet `at`.
    pub(crate) fn entry(&self, at: usize) -> SampleEntry {
        without_rates(&self.index.entries[self.index.pictures[at].entry])
    }

    /// The codec's name as LeRobot writes it, taken from the first description.
    pub(crate) fn codec(&self) -> &'static str {
        match self.index.entries.first() {
            Some(SampleEntry::Avc1(_)) => "h264",
            Some(SampleEntry::Hev1(_) | SampleEntry::Hvc1(_)) => "hevc",
            Some(SampleEntry::Av01(_)) => "av1",
            Some(SampleEntry::Vp09(_)) => "vp9",
            Some(SampleEntry::Vp08(_)) => "vp8",
            _ => "unknown",
        }
    }

    /// Opens the file for reading packets.
    pub(crate) fn reader(&self) -> Result<PacketReader<'_>> {
        let file = ulna_outside::files::open(&self.path).at("open", &self.path)?;
        Ok(PacketReader { index: self, file })
    }
}

/// Reads packets.
#[derive(Debug)]
pub(crate) struct PacketReader<'a> {
    index: &'a PacketFile,
    file: File,
}

impl PacketReader<'_> {
    pub(crate) fn read(&mut self, at: usize) -> Result<Vec<u8>> {
        self.index.packets()[at].read(&mut self.file, &self.index.path)
    }
}

/// The description without the bit rates, which are those of one file and hold for no other.
fn without_rates(entry: &SampleEntry) -> SampleEntry {
    let mut entry = entry.clone();
    let boxes = match &mut entry {
        SampleEntry::Avc1(b) => &mut b.unknown_boxes,
        SampleEntry::Hev1(b) => &mut b.unknown_boxes,
        SampleEntry::Hvc1(b) => &mut b.unknown_boxes,
        SampleEntry::Av01(b) => &mut b.unknown_boxes,
        _ => return entry,
    };
    boxes.retain(|b| b.box_type.as_bytes() != b"btrt");
    entry
}
