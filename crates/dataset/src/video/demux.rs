//! The index of an mp4 file: where each picture's bytes are and when it is shown.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use shiguredo_mp4::TrackKind;
use shiguredo_mp4::bitstream::h264::LengthSize;
use shiguredo_mp4::boxes::{Avc1Box, SampleEntry, VisualSampleEntryFields};
use shiguredo_mp4::demux::Mp4FileDemuxer;

use crate::error::{DatasetError, IoContext, Result};

/// An index larger than this is refused; at 30 frames/s it would cover weeks.
const MAX_INDEX_BYTES: usize = 256 << 20;
const MAX_PICTURE_BYTES: usize = 64 << 20;

/// What is needed to decode a video's pictures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Codec {
    H264 {
        /// The parameter sets, each behind a start code.
        parameters: Vec<u8>,
        length_size: LengthSize,
    },
    Av1 {
        config: Vec<u8>,
    },
    /// One that is not decoded here.
    Foreign {
        name: String,
    },
}

impl Codec {
    pub(crate) fn is_foreign(&self) -> bool {
        matches!(self, Codec::Foreign { .. })
    }
}

/// One picture, in the order of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SampleAt {
    offset: u64,
    size: usize,
    pub(crate) keyframe: bool,
    /// When it is shown, in ticks since the first picture.
    pub(crate) ticks: i64,
}

/// An open video file.
#[derive(Debug)]
pub(crate) struct VideoFile {
    path: PathBuf,
    file: File,
    pub(crate) codec: Codec,
    pub(crate) width: usize,
    pub(crate) height: usize,
    timescale: u32,
    pub(crate) samples: Vec<SampleAt>,
    /// Positions in `samples` by time.
    by_time: Vec<usize>,
    /// Whether pictures are shown in another order than they are stored in.
    pub(crate) reorders: bool,
}

impl VideoFile {
    /// Reads the index of the only video track.
    pub(crate) fn open(path: &Path) -> Result<VideoFile> {
        let mut file = File::open(path).at("open", path)?;
        let length = file.metadata().at("read", path)?.len();
        let parsed = catch_unwind(AssertUnwindSafe(|| parse(&mut file, length)));
        let parsed = parsed.unwrap_or_else(|_| Err("its index contradicts itself".to_owned()));
        let track = parsed.map_err(|reason| DatasetError::video(path, reason))?;
        let mut by_time: Vec<usize> = (0..track.samples.len()).collect();
        by_time.sort_by_key(|at| track.samples[*at].ticks);
        let reorders = by_time.iter().enumerate().any(|(place, at)| place != *at);
        Ok(VideoFile {
            path: path.to_owned(),
            file,
            codec: track.codec,
            width: track.width,
            height: track.height,
            timescale: track.timescale,
            samples: track.samples,
            by_time,
            reorders,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn seconds(&self, sample: usize) -> f64 {
        self.samples[sample].ticks as f64 / f64::from(self.timescale)
    }

    /// A time at which the picture at `place` isn't shown yet, but the one before it is.
    pub(crate) fn seconds_before(&self, place: usize) -> f64 {
        let shown = |place: usize| self.by_time.get(place).map(|at| self.seconds(*at));
        match (place.checked_sub(1).and_then(shown), shown(place)) {
            (Some(before), Some(at)) => (before + at) / 2.0,
            _ => 0.0,
        }
    }

    /// When a key frame is shown from which a decoder surely gets to the picture at `place`: not the last one before
    /// it, since pictures around a key frame may refer across it. None for the file's start.
    pub(crate) fn seconds_of_safe_key(&self, place: usize) -> Option<f64> {
        let shown = self.by_time.iter().take(place + 1).rev();
        let mut keys = shown.filter(|sample| self.samples[**sample].keyframe);
        keys.nth(2).map(|sample| self.seconds(*sample))
    }

    /// Which picture, in the order in which they are shown, is shown at `time`, in seconds.
    pub(crate) fn at_time(&self, time: f64, tolerance: f64) -> Result<usize> {
        let after = self.by_time.partition_point(|at| self.seconds(*at) < time);
        let near = [after.checked_sub(1), Some(after)];
        let off = |place: &usize| {
            let at = self.by_time.get(*place);
            at.map_or(f64::INFINITY, |at| (self.seconds(*at) - time).abs())
        };
        near.into_iter()
            .flatten()
            .filter(|place| off(place) <= tolerance)
            .min_by(|a, b| off(a).total_cmp(&off(b)))
            .ok_or_else(|| {
                let last = self.by_time.last().map_or(0.0, |at| self.seconds(*at));
                let reason = format!(
                    "no picture at {time:.4} s; it holds {} pictures up to {last:.4} s",
                    self.samples.len()
                );
                DatasetError::video(&self.path, reason)
            })
    }

    /// Where to start decoding to get the picture that is shown at `place`: the sample, and its own place.
    pub(crate) fn key_before(&self, place: usize) -> (usize, usize) {
        let shown = self.by_time.iter().take(place + 1).enumerate().rev();
        let mut keys = shown.filter(|(_, sample)| self.samples[**sample].keyframe);
        keys.next()
            .map_or((0, 0), |(place, sample)| (*sample, place))
    }

    /// The bytes of a picture.
    pub(crate) fn read(&mut self, sample: usize) -> Result<Vec<u8>> {
        let at = self.samples[sample];
        let mut bytes = vec![0; at.size];
        self.file
            .seek(SeekFrom::Start(at.offset))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .at("read", &self.path)?;
        Ok(bytes)
    }
}

struct Track {
    codec: Codec,
    width: usize,
    height: usize,
    timescale: u32,
    samples: Vec<SampleAt>,
}

fn parse(file: &mut File, length: u64) -> Result<Track, String> {
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
    let videos: Vec<_> = tracks
        .iter()
        .filter(|t| t.kind == TrackKind::Video)
        .collect();
    let [video] = videos.as_slice() else {
        return Err(format!(
            "holds {} video tracks, one is expected",
            videos.len()
        ));
    };
    let (id, timescale) = (video.track_id, video.timescale.get());
    let mut codec = None;
    let mut samples = Vec::new();
    while let Some(sample) = demuxer.next_sample().map_err(|e| damaged(&e))? {
        if sample.track.track_id != id {
            continue;
        }
        if let Some(entry) = sample.sample_entry {
            let found = codec_of(entry)?;
            // Concatenated files may repeat the entry; the first one's parameters hold for all.
            codec.get_or_insert(found);
        }
        let end = sample.data_offset.checked_add(sample.data_size as u64);
        if end.is_none_or(|end| end > length) || sample.data_size > MAX_PICTURE_BYTES {
            return Err(format!("picture {} lies beyond its end", samples.len()));
        }
        let start = i64::try_from(sample.timestamp).map_err(|e| damaged(&e))?;
        let shown = start.checked_add(sample.composition_time_offset.unwrap_or(0));
        samples.push(SampleAt {
            offset: sample.data_offset,
            size: sample.data_size,
            keyframe: sample.keyframe,
            ticks: shown.ok_or_else(|| damaged(&"a time overflows"))?,
        });
    }
    let (codec, width, height) = codec.ok_or("holds no pictures")?;
    // Encoders that delay pictures shift all of them by an edit list; what counts is the first one shown.
    let first = samples.iter().map(|s| s.ticks).min().unwrap_or(0);
    for sample in &mut samples {
        sample.ticks = sample.ticks.saturating_sub(first);
    }
    Ok(Track {
        codec,
        width,
        height,
        timescale,
        samples,
    })
}

/// The codec that an index describes, and the size of its pictures.
pub(crate) fn codec_of(entry: &SampleEntry) -> Result<(Codec, usize, usize), String> {
    match entry {
        // High 10, High 4:2:2 and High 4:4:4, which the decoder doesn't know.
        SampleEntry::Avc1(avc) if avc.avcc_box.avc_profile_indication >= 110 => {
            Ok(foreign("H.264 of a high profile", &avc.visual))
        }
        SampleEntry::Avc1(avc) => Ok((
            Codec::H264 {
                parameters: parameter_sets(avc),
                length_size: match avc.avcc_box.length_size_minus_one.get() {
                    0 => LengthSize::OneByte,
                    1 => LengthSize::TwoBytes,
                    3 => LengthSize::FourBytes,
                    _ => return Err("has pictures framed in an unknown way".to_owned()),
                },
            },
            usize::from(avc.visual.width),
            usize::from(avc.visual.height),
        )),
        SampleEntry::Av01(av1) if av1.av1c_box.high_bitdepth.get() != 0 => {
            Ok(foreign("AV1 with more than 8 bits a colour", &av1.visual))
        }
        SampleEntry::Av01(av1) => Ok((
            Codec::Av1 {
                config: av1.av1c_box.config_obus.clone(),
            },
            usize::from(av1.visual.width),
            usize::from(av1.visual.height),
        )),
        SampleEntry::Hev1(hevc) => Ok(foreign("HEVC", &hevc.visual)),
        SampleEntry::Hvc1(hevc) => Ok(foreign("HEVC", &hevc.visual)),
        SampleEntry::Vp08(vp8) => Ok(foreign("VP8", &vp8.visual)),
        SampleEntry::Vp09(vp9) => Ok(foreign("VP9", &vp9.visual)),
        SampleEntry::Unknown(entry) => {
            let kind = String::from_utf8_lossy(entry.box_type.as_bytes());
            let name = match &*kind {
                "mp4v" => "MPEG-4 Part 2".to_owned(),
                other => format!("of the codec `{}`", other.escape_debug()),
            };
            let (width, height) = size_of_unknown(&entry.payload)
                .ok_or_else(|| format!("is {name}, and states no size"))?;
            Ok((Codec::Foreign { name }, width, height))
        }
        _ => Err("holds sound where pictures are expected".to_owned()),
    }
}

fn foreign(name: &str, visual: &VisualSampleEntryFields) -> (Codec, usize, usize) {
    let name = name.to_owned();
    let size = (usize::from(visual.width), usize::from(visual.height));
    (Codec::Foreign { name }, size.0, size.1)
}

/// Width and height, which stand at the same place in every visual sample entry (ISO/IEC 14496-12).
fn size_of_unknown(payload: &[u8]) -> Option<(usize, usize)> {
    let [a, b, c, d] = *payload.get(24..)?.first_chunk::<4>()?;
    let size = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    Some((usize::from(size.0), usize::from(size.1)))
}

fn parameter_sets(avc: &Avc1Box) -> Vec<u8> {
    let sets = avc.avcc_box.sps_list.iter().chain(&avc.avcc_box.pps_list);
    sets.flat_map(|set| [0, 0, 0, 1].iter().chain(set))
        .copied()
        .collect()
}
