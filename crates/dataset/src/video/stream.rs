//! Reading back the stream of a camera over an episode: its pictures as an mp4 stores them.
//!
//! The built-in encoder's pictures are H.264 with start codes, a record each. What ffmpeg encodes is a fragmented mp4: its
//! head is the first record, and each later one holds one picture.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use shiguredo_mp4::bitstream::h264::{
    H264NalUnitType, H264SampleEntryConfig, LengthSize, build_avc1_box_from_annexb,
    parse_annexb_nal_units,
};
use shiguredo_mp4::boxes::SampleEntry;
use shiguredo_mp4::demux::Fmp4SegmentDemuxer;

use crate::error::{DatasetError, Result};
use crate::record_log::RecordReader;

/// The file of a camera's stream in an episode's staging folder.
pub(crate) fn stream_path(dir: &Path, camera: &str, built_in: bool) -> PathBuf {
    let kind = if built_in { "h264" } else { "fmp4" };
    dir.join(format!("{camera}.{kind}.log"))
}

/// The stream that an episode's staging folder holds of a camera.
pub(crate) fn find_stream(dir: &Path, camera: &str) -> Option<PathBuf> {
    [true, false]
        .map(|built_in| stream_path(dir, camera, built_in))
        .into_iter()
        .find(|path| path.is_file())
}

/// A picture as mp4 stores it.
#[derive(Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) bytes: Vec<u8>,
    pub(crate) keyframe: bool,
}

/// The pictures of a stream in order, up to the first that isn't whole.
pub(crate) struct Stream {
    path: PathBuf,
    records: RecordReader,
    fragments: Option<Fragments>,
    first: Option<Sample>,
    entry: SampleEntry,
}

impl Stream {
    /// Reads up to the first picture; none when there is no picture.
    pub(crate) fn open(path: &Path) -> Result<Option<Stream>> {
        let mut records = RecordReader::open(path)?;
        let damaged = |reason: String| DatasetError::video(path, reason);
        let mut fragments = None;
        if is_fragments(path) {
            let Some(head) = records.next() else {
                return Ok(None);
            };
            fragments = Some(Fragments::new(&head).map_err(damaged)?);
        }
        let Some(record) = records.next() else {
            return Ok(None);
        };
        let (entry, first) = match &mut fragments {
            None => annexb_entry(&record).and_then(|entry| Ok((entry, annexb(&record)?))),
            Some(fragments) => fragments.first(&record),
        }
        .map_err(damaged)?;
        Ok(Some(Stream {
            path: path.to_owned(),
            records,
            fragments,
            first: Some(first),
            entry,
        }))
    }

    /// What describes the codec.
    pub(crate) fn entry(&self) -> &SampleEntry {
        &self.entry
    }

    fn sample(&mut self, record: &[u8]) -> Result<Sample> {
        let sample = match &mut self.fragments {
            None => annexb(record),
            Some(fragments) => fragments.next(record),
        };
        sample.map_err(|reason| DatasetError::video(&self.path, reason))
    }
}

impl Iterator for Stream {
    type Item = Result<Sample>;

    fn next(&mut self) -> Option<Result<Sample>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        let record = self.records.next()?;
        Some(self.sample(&record))
    }
}

pub(crate) fn is_fragments(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().ends_with(".fmp4.log")
}

/// How many pictures of a stream are whole.
pub(crate) fn whole_pictures(dir: &Path, camera: &str) -> Result<usize> {
    let Some(path) = find_stream(dir, camera) else {
        return Ok(0);
    };
    let records = RecordReader::open(&path)?.count();
    Ok(records.saturating_sub(usize::from(is_fragments(&path))))
}

/// What describes H.264 whose first picture this is, its parameter sets included.
pub(crate) fn annexb_entry(picture: &[u8]) -> Result<SampleEntry, String> {
    let config = H264SampleEntryConfig {
        length_size: LengthSize::FourBytes,
    };
    let entry = build_avc1_box_from_annexb(picture, &config);
    entry
        .map(SampleEntry::Avc1)
        .map_err(|error| error.to_string())
}

/// A picture of H.264 length-prefixed, its parameter sets left to the index.
pub(crate) fn annexb(picture: &[u8]) -> Result<Sample, String> {
    let units = parse_annexb_nal_units(picture).map_err(|error| error.to_string())?;
    let mut bytes = Vec::with_capacity(picture.len() + 8);
    let mut keyframe = false;
    for unit in units {
        if matches!(
            unit.nal_unit_type,
            H264NalUnitType::Sps | H264NalUnitType::Pps | H264NalUnitType::Aud
        ) {
            continue;
        }
        keyframe |= unit.nal_unit_type == H264NalUnitType::IdrSlice;
        let length = u32::try_from(unit.data.len()).map_err(|_| "has an oversized unit")?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(unit.data);
    }
    match bytes.is_empty() {
        true => Err("holds a record without a picture".to_owned()),
        false => Ok(Sample { bytes, keyframe }),
    }
}

/// Takes the pictures out of the fragments of an mp4.
struct Fragments {
    demuxer: Fmp4SegmentDemuxer,
    /// By how much pictures are shown after they are decoded, which must be the same for all.
    offset: Option<i64>,
}

impl Fragments {
    fn new(head: &[u8]) -> Result<Fragments, String> {
        let mut demuxer = Fmp4SegmentDemuxer::new();
        guarded(|| {
            let done = demuxer.handle_init_segment(head);
            done.map_err(|error| error.to_string())
        })?;
        Ok(Fragments {
            demuxer,
            offset: None,
        })
    }

    fn first(&mut self, segment: &[u8]) -> Result<(SampleEntry, Sample), String> {
        let (entry, sample) = self.parse(segment)?;
        Ok((entry.ok_or("doesn't describe its codec")?, sample))
    }

    fn next(&mut self, segment: &[u8]) -> Result<Sample, String> {
        match self.parse(segment)? {
            (None, sample) => Ok(sample),
            (Some(_), _) => Err("changes its codec".to_owned()),
        }
    }

    fn parse(&mut self, segment: &[u8]) -> Result<(Option<SampleEntry>, Sample), String> {
        let demuxer = &mut self.demuxer;
        let (entry, offset, sample) = guarded(|| {
            let samples = demuxer.handle_media_segment(segment);
            let samples = samples.map_err(|error| error.to_string())?;
            let [sample] = samples.as_slice() else {
                return Err(format!("has {} pictures in one fragment", samples.len()));
            };
            let start = usize::try_from(sample.data_offset).ok();
            let bytes = start.and_then(|start| segment.get(start..)?.get(..sample.data_size));
            let bytes = bytes.filter(|bytes| !bytes.is_empty());
            let found = Sample {
                bytes: bytes.ok_or("has a fragment without a picture")?.to_vec(),
                keyframe: sample.keyframe,
            };
            let offset = sample.composition_time_offset.unwrap_or(0);
            Ok((sample.sample_entry.cloned(), offset, found))
        })?;
        match *self.offset.get_or_insert(offset) == offset {
            true => Ok((entry, sample)),
            false => Err("shows its pictures in another order than it stores them".to_owned()),
        }
    }
}

/// The parser asserts where damaged boxes contradict themselves.
fn guarded<T>(parse: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let parsed = catch_unwind(AssertUnwindSafe(parse));
    parsed.unwrap_or_else(|_| Err("contradicts itself".to_owned()))
}
