//! The index of an mp4 file's video track: where each picture's bytes are, and when it is shown. Whatever the bytes are.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use shiguredo_mp4::TrackKind;
use shiguredo_mp4::boxes::SampleEntry;
use shiguredo_mp4::demux::Mp4FileDemuxer;

use crate::error::{DatasetError, IoContext, Result};

/// An index larger than this is refused; at 30 frames/s it would cover weeks.
const MAX_INDEX_BYTES: usize = 256 << 20;
const MAX_PICTURE_BYTES: usize = 64 << 20;

/// One compressed picture, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PictureAt {
    offset: u64,
    pub(crate) size: usize,
    pub(crate) keyframe: bool,
    /// Which of the file's codec descriptions holds for it.
    pub(crate) entry: usize,
    /// When it is shown, in ticks since the first picture that is shown.
    pub(crate) ticks: i64,
}

impl PictureAt {
    /// The bytes of the picture, out of its file.
    pub(crate) fn read(&self, file: &mut File, path: &Path) -> Result<Vec<u8>> {
        let mut bytes = vec![0; self.size];
        file.seek(SeekFrom::Start(self.offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .at("read", path)?;
        Ok(bytes)
    }
}

/// The index of the only video track.
#[derive(Clone, Debug)]
pub(crate) struct TrackIndex {
    /// What describes the codec; at least one.
    pub(crate) entries: Vec<SampleEntry>,
    timescale: u32,
    pub(crate) pictures: Vec<PictureAt>,
    /// Positions in `pictures` in the order in which they are shown.
    pub(crate) shown: Vec<usize>,
}

impl TrackIndex {
    /// Reads the index of an open file, of which `path` is the name.
    pub(crate) fn read(file: &mut File, path: &Path) -> Result<TrackIndex> {
        let length = file.metadata().at("read", path)?.len();
        let parsed = catch_unwind(AssertUnwindSafe(|| parse(file, length)));
        let parsed = parsed.unwrap_or_else(|_| Err("its index contradicts itself".to_owned()));
        parsed.map_err(|reason| DatasetError::video(path, reason))
    }

    /// When a picture is shown, in seconds after the first.
    pub(crate) fn seconds(&self, picture: usize) -> f64 {
        self.pictures[picture].ticks as f64 / f64::from(self.timescale)
    }
}

fn parse(file: &mut File, length: u64) -> Result<TrackIndex, String> {
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
    let mut entries: Vec<SampleEntry> = Vec::new();
    let mut current = 0;
    let mut pictures = Vec::new();
    while let Some(sample) = demuxer.next_sample().map_err(|e| damaged(&e))? {
        if sample.track.track_id != id {
            continue;
        }
        if let Some(entry) = sample.sample_entry {
            // Concatenated files may repeat the entry.
            current = match entries.iter().position(|known| known == entry) {
                Some(known) => known,
                None => {
                    entries.push(entry.clone());
                    entries.len() - 1
                }
            };
        }
        let end = sample.data_offset.checked_add(sample.data_size as u64);
        if end.is_none_or(|end| end > length) || sample.data_size > MAX_PICTURE_BYTES {
            return Err(format!("picture {} lies beyond its end", pictures.len()));
        }
        let start = i64::try_from(sample.timestamp).map_err(|e| damaged(&e))?;
        let shown = start.checked_add(sample.composition_time_offset.unwrap_or(0));
        pictures.push(PictureAt {
            offset: sample.data_offset,
            size: sample.data_size,
            keyframe: sample.keyframe,
            entry: current,
            ticks: shown.ok_or_else(|| damaged(&"a time overflows"))?,
        });
    }
    if entries.is_empty() {
        return Err("holds no pictures".to_owned());
    }
    // Encoders that delay pictures shift all of them by an edit list; what counts is the first one shown.
    let first = pictures.iter().map(|p| p.ticks).min().unwrap_or(0);
    for picture in &mut pictures {
        picture.ticks = picture.ticks.saturating_sub(first);
    }
    let mut shown: Vec<usize> = (0..pictures.len()).collect();
    shown.sort_by_key(|at| pictures[*at].ticks);
    Ok(TrackIndex {
        entries,
        timescale,
        pictures,
        shown,
    })
}
