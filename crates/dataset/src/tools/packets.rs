//! The compressed pictures of an mp4 file as they are, whatever the codec: where they are, and which of them can be
//! taken out without decoding.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use shiguredo_mp4::boxes::SampleEntry;

use crate::error::{DatasetError, IoContext, Result};
use crate::pictures::TOLERANCE;
use crate::video::{PictureAt, TrackIndex};

/// The indexes of the files that an edit uses, each read once.
#[derive(Debug, Default)]
pub(crate) struct PacketFiles(BTreeMap<PathBuf, PacketFile>);

impl PacketFiles {
    pub(crate) fn open(&mut self, path: &Path) -> Result<&PacketFile> {
        if !self.0.contains_key(path) {
            self.0.insert(path.to_owned(), PacketFile::open(path)?);
        }
        // It is there now.
        Ok(&self.0[path])
    }

    /// The index of a file that has been opened.
    pub(crate) fn get(&self, path: &Path) -> Option<&PacketFile> {
        self.0.get(path)
    }

    pub(crate) fn remove(&mut self, path: &Path) {
        self.0.remove(path);
    }
}

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

    /// The packet of the picture at a place in the order of showing.
    pub(crate) fn packet_at(&self, place: usize) -> usize {
        self.index.shown.get(place).copied().unwrap_or(place)
    }

    /// How many pictures there are.
    pub(crate) fn len(&self) -> usize {
        self.index.shown.len()
    }

    /// The places, in the order in which pictures are shown, of the pictures at these times; none if they do not follow each
    /// other. There must be one at each time.
    pub(crate) fn places(&self, times: &[f64]) -> Result<Option<Range<usize>>> {
        let mut found = self.places_there(times);
        if let Some(missing) = found.iter().position(Option::is_none) {
            let count = self.len();
            let reason = format!("no picture at {:.4} s; it holds {count}", times[missing]);
            return Err(DatasetError::video(&self.path, reason));
        }
        let first = found.first().copied().flatten().unwrap_or(0);
        let follow = found
            .drain(..)
            .enumerate()
            .all(|(at, place)| place == Some(first + at));
        Ok(follow.then(|| first..first + times.len()))
    }

    /// The place of the picture at each of these times, where there is one.
    pub(crate) fn places_there(&self, times: &[f64]) -> Vec<Option<usize>> {
        let shown = &self.index.shown;
        let off = |place: usize, time: f64| {
            shown
                .get(place)
                .map_or(f64::INFINITY, |at| (self.index.seconds(*at) - time).abs())
        };
        let mut next = 0;
        let one = |time: &f64| {
            // Most often it is the one after the last.
            if off(next, *time) > TOLERANCE {
                next = shown.partition_point(|at| self.index.seconds(*at) < time - TOLERANCE);
            }
            let found = (off(next, *time) <= TOLERANCE).then_some(next);
            next += 1;
            found
        };
        times.iter().map(one).collect()
    }

    /// Whether picture k is shown at k/fps.
    pub(crate) fn is_on_grid(&self, fps: f64) -> bool {
        let shown = self.index.shown.iter().enumerate();
        shown.into_iter().all(|(place, at)| {
            let time = place as f64 / fps;
            (self.index.seconds(*at) - time).abs() <= TOLERANCE
        })
    }

    /// The packets of these places in the order of the file, each with its place relative to the first; none if they
    /// cannot be decoded without others, or need several descriptions of the codec.
    pub(crate) fn cut(&self, places: Range<usize>) -> Option<Vec<(usize, usize)>> {
        // Of pictures that are shown in the order of the file, the first one decides.
        let start = *self.index.shown.get(places.start)?;
        if start == places.start && !self.index.pictures[start].keyframe {
            return None;
        }
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
