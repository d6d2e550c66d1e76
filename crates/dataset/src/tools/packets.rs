//! The compressed pictures of an mp4 file as they are, whatever the codec: where they are, and which of them can be
//! taken out without decoding.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use shiguredo_mp4::TrackKind;
use shiguredo_mp4::boxes::SampleEntry;
use shiguredo_mp4::demux::Mp4FileDemuxer;

use crate::error::{DatasetError, IoContext, Result};
use crate::pictures::TOLERANCE;

const MAX_INDEX_BYTES: usize = 256 << 20;
const MAX_PACKET_BYTES: usize = 64 << 20;

/// One compressed picture, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Packet {
    offset: u64,
    pub(crate) size: usize,
    pub(crate) keyframe: bool,
    /// Which of the file's codec descriptions holds for it.
    entry: usize,
    /// When it is shown.
    ticks: i64,
}

/// The index of an mp4 file.
#[derive(Clone, Debug)]
pub(crate) struct PacketFile {
    pub(crate) path: PathBuf,
    entries: Vec<SampleEntry>,
    timescale: u32,
    pub(crate) packets: Vec<Packet>,
    /// Positions in `packets` in the order in which they are shown.
    shown: Vec<usize>,
}

impl PacketFile {
    pub(crate) fn open(path: &Path) -> Result<PacketFile> {
        let mut file = File::open(path).at("open", path)?;
        let length = file.metadata().at("read", path)?.len();
        let parsed = catch_unwind(AssertUnwindSafe(|| parse(&mut file, length)));
        let parsed = parsed.unwrap_or_else(|_| Err("its index contradicts itself".to_owned()));
        let (entries, timescale, packets) =
            parsed.map_err(|reason| DatasetError::video(path, reason))?;
        let mut shown: Vec<usize> = (0..packets.len()).collect();
        shown.sort_by_key(|at| packets[*at].ticks);
        Ok(PacketFile {
            path: path.to_owned(),
            entries,
            timescale,
            packets,
            shown,
        })
    }

    /// How many pictures there are.
    pub(crate) fn len(&self) -> usize {
        self.shown.len()
    }

    /// When a packet is shown, in seconds after the first.
    fn seconds(&self, at: usize) -> f64 {
        let first = self.shown.first().map_or(0, |at| self.packets[*at].ticks);
        let ticks = self.packets[at].ticks.saturating_sub(first);
        ticks as f64 / f64::from(self.timescale)
    }

    /// The places, in the order in which pictures are shown, of `frames` pictures from `start` seconds on. Each must
    /// be on the grid of `fps`.
    pub(crate) fn places(&self, start: f64, frames: usize, fps: u32) -> Result<Range<usize>> {
        let is_at = |place: usize, time: f64| {
            let at = self.shown.get(place);
            at.is_some_and(|at| (self.seconds(*at) - time).abs() <= TOLERANCE)
        };
        let missing = |time: f64| {
            DatasetError::video(
                &self.path,
                format!("no picture at {time:.4} s; it holds {}", self.shown.len()),
            )
        };
        let before = |at: &usize| self.seconds(*at) < start - TOLERANCE;
        let first = self.shown.partition_point(before);
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
        let mut out: Vec<(usize, usize)> = self.shown[places]
            .iter()
            .enumerate()
            .map(|(place, at)| (*at, place))
            .collect();
        out.sort_unstable();
        let (first, _) = *out.first()?;
        let whole = out.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0);
        let entry = self.packets[first].entry;
        let one = out.iter().all(|(at, _)| self.packets[*at].entry == entry);
        (self.packets[first].keyframe && whole && one).then_some(out)
    }

    /// The first place from `place` on at which pictures can be cut off.
    pub(crate) fn next_key(&self, place: usize) -> Option<usize> {
        (place..self.shown.len()).find(|place| self.packets[self.shown[*place]].keyframe)
    }

    /// What describes the codec of the packet `at`.
    pub(crate) fn entry(&self, at: usize) -> SampleEntry {
        without_rates(&self.entries[self.packets[at].entry])
    }

    /// The codec's name as LeRobot writes it, taken from the first description.
    pub(crate) fn codec(&self) -> &'static str {
        match self.entries.first() {
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
        let file = File::open(&self.path).at("open", &self.path)?;
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
        let packet = self.index.packets[at];
        let mut bytes = vec![0; packet.size];
        self.file
            .seek(SeekFrom::Start(packet.offset))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .at("read", &self.index.path)?;
        Ok(bytes)
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

type Parsed = (Vec<SampleEntry>, u32, Vec<Packet>);

fn parse(file: &mut File, length: u64) -> Result<Parsed, String> {
    let mut demuxer = Mp4FileDemuxer::new();
    while let Some(required) = demuxer.required_input() {
        let rest = length.saturating_sub(required.position);
        let wanted = required.size.map_or(rest, |size| rest.min(size as u64));
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        if wanted > MAX_INDEX_BYTES {
            return Err("its index is too large".to_owned());
        }
        let mut bytes = vec![0; wanted];
        file.seek(SeekFrom::Start(required.position))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|error| format!("cannot be read: {error}"))?;
        demuxer.handle_input(required.to_input(&bytes));
    }
    let damaged = |error: &dyn ToString| format!("its index is damaged: {}", error.to_string());
    let tracks = demuxer.tracks().map_err(|e| damaged(&e))?;
    let mut videos = tracks.iter().filter(|t| t.kind == TrackKind::Video);
    let (Some(video), None) = (videos.next(), videos.next()) else {
        return Err("does not hold one video track".to_owned());
    };
    let (id, timescale) = (video.track_id, video.timescale.get());
    let mut entries: Vec<SampleEntry> = Vec::new();
    let mut current = 0;
    let mut packets = Vec::new();
    while let Some(sample) = demuxer.next_sample().map_err(|e| damaged(&e))? {
        if sample.track.track_id != id {
            continue;
        }
        if let Some(entry) = sample.sample_entry {
            current = match entries.iter().position(|known| known == entry) {
                Some(known) => known,
                None => {
                    entries.push(entry.clone());
                    entries.len() - 1
                }
            };
        }
        let end = sample.data_offset.checked_add(sample.data_size as u64);
        if end.is_none_or(|end| end > length) || sample.data_size > MAX_PACKET_BYTES {
            return Err(format!("picture {} lies beyond its end", packets.len()));
        }
        let start = i64::try_from(sample.timestamp).map_err(|e| damaged(&e))?;
        let shown = start.checked_add(sample.composition_time_offset.unwrap_or(0));
        packets.push(Packet {
            offset: sample.data_offset,
            size: sample.data_size,
            keyframe: sample.keyframe,
            entry: current,
            ticks: shown.ok_or_else(|| damaged(&"a time overflows"))?,
        });
    }
    match entries.is_empty() {
        true => Err("holds no pictures".to_owned()),
        false => Ok((entries, timescale, packets)),
    }
}
