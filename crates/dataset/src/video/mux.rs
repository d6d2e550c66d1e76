//! Putting a stream of pictures into an mp4 that starts with its index ("fast start").

use std::io::{BufWriter, Write as _};
use std::num::NonZeroU32;
use std::path::Path;

use shiguredo_mp4::boxes::SampleEntry;
use shiguredo_mp4::mux::{self, Mp4FileMuxer, Mp4FileMuxerOptions, estimate_maximum_moov_box_size};
use shiguredo_mp4::{Encode, TrackKind};

use crate::error::{DatasetError, IoContext, Result};
use crate::fs::{Fs, parent};
use crate::inside;
use crate::video::demux::VideoFile;
use crate::video::stream::{Sample, Stream};

/// Units of time per frame; with it, 30 frames/s have the time base 1/15360 that ffmpeg uses too.
pub(crate) const TICKS_PER_FRAME: u32 = 512;

/// Writes the first `frames` pictures of the stream on an exact grid of `fps`. The file has its name only when it
/// is complete and on the disk.
pub(crate) fn stream_to_mp4(
    fs: &dyn Fs,
    stream: &Path,
    mp4: &Path,
    frames: usize,
    fps: u32,
) -> Result<()> {
    let header = header(stream, mp4, frames, fps)?;
    let part = mp4.with_extension("mp4.part");
    let file = inside::create(fs, &part)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    out.write_all(&header).at("write", &part)?;
    for picture in Stream::open(stream)?.into_iter().flatten().take(frames) {
        out.write_all(&picture?.bytes).at("write", &part)?;
    }
    let mut file = out
        .into_inner()
        .map_err(|error| error.into_error())
        .at("write", &part)?;
    file.sync().at("sync", &part)?;
    drop(file);
    verify(&part, frames)?;
    fs.rename(&part, mp4).at("put in place", mp4)?;
    let folder = parent(mp4);
    fs.sync_dir(&folder).at("sync the folder", &folder)
}

/// Everything before the pictures: with all sizes known, the index can be complete before the first is written.
fn header(stream: &Path, mp4: &Path, frames: usize, fps: u32) -> Result<Vec<u8>> {
    let fail = |reason: String| DatasetError::video(mp4, reason);
    let timescale = fps
        .checked_mul(TICKS_PER_FRAME)
        .and_then(NonZeroU32::new)
        .ok_or_else(|| fail(format!("{fps} frames/s cannot be written")))?;
    let pictures = Stream::open(stream)?;
    let entry = pictures.as_ref().map(|pictures| pictures.entry().clone());
    let room = index_room(frames, entry.as_ref());
    let mut index = Mp4Index::new(entry, room, (timescale, TICKS_PER_FRAME)).map_err(fail)?;
    let mut written = 0;
    for picture in pictures.into_iter().flatten().take(frames) {
        let Sample { bytes, keyframe } = picture?;
        index.add(bytes.len(), keyframe, None).map_err(fail)?;
        written += 1;
    }
    if written != frames {
        let reason = format!("holds {written} of {frames} pictures");
        return Err(DatasetError::video(stream, reason));
    }
    index.finish().map_err(fail)
}

/// The index of an mp4 of one track whose pictures follow it, each as long as the others are.
pub(crate) struct Mp4Index {
    muxer: Mp4FileMuxer,
    header: Vec<u8>,
    /// Where the next picture begins.
    offset: u64,
    /// The description of the codec, which goes with the first picture.
    entry: Option<SampleEntry>,
    timescale: NonZeroU32,
    duration: u32,
}

impl Mp4Index {
    /// Of pictures in the codec of `entry`, with `room` bytes for the index; a picture takes `duration` of a `timescale`th of a second.
    pub(crate) fn new(
        entry: Option<SampleEntry>,
        room: usize,
        (timescale, duration): (NonZeroU32, u32),
    ) -> Result<Mp4Index, String> {
        let options = Mp4FileMuxerOptions {
            reserved_moov_box_size: room,
            ..Mp4FileMuxerOptions::default()
        };
        let muxer = Mp4FileMuxer::with_options(options).map_err(|error| error.to_string())?;
        let header = muxer.initial_boxes_bytes().to_vec();
        Ok(Mp4Index {
            offset: header.len() as u64,
            muxer,
            header,
            entry,
            timescale,
            duration,
        })
    }

    /// The next picture in the file, and how many pictures later it is shown where they are not shown in the order of the file.
    pub(crate) fn add(
        &mut self,
        bytes: usize,
        keyframe: bool,
        later: Option<i64>,
    ) -> Result<(), String> {
        let sample = mux::Sample {
            track_kind: TrackKind::Video,
            sample_entry: self.entry.take(),
            keyframe,
            timescale: self.timescale,
            duration: self.duration,
            composition_time_offset: later.map(|later| later * i64::from(self.duration)),
            data_offset: self.offset,
            data_size: bytes,
        };
        self.offset += bytes as u64;
        let appended = self.muxer.append_sample(&sample);
        appended.map_err(|error| error.to_string())
    }

    /// Everything before the pictures.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, String> {
        let boxes = self.muxer.finalize().map_err(|error| error.to_string())?;
        for (at, bytes) in boxes.offset_and_bytes_pairs() {
            let end = usize::try_from(at)
                .ok()
                .and_then(|at| at.checked_add(bytes.len()));
            let place = end.and_then(|end| self.header.get_mut(end - bytes.len()..end));
            place
                .ok_or("the index outgrew its reserved room")?
                .copy_from_slice(bytes);
        }
        Ok(self.header)
    }
}

/// How many bytes an index may need. The library's estimate reckons with a short description of the codec, and HEVC's
/// is some thousand bytes.
pub(crate) fn index_room(frames: usize, entry: Option<&SampleEntry>) -> usize {
    let description = entry.and_then(|entry| entry.encode_to_vec().ok());
    estimate_maximum_moov_box_size(&[frames]) + description.map_or(0, |bytes| bytes.len())
}

/// Reads the finished file's index as any reader would.
fn verify(mp4: &Path, frames: usize) -> Result<()> {
    let file = VideoFile::open(mp4)?;
    let step = i64::from(TICKS_PER_FRAME);
    let mut grid = file.ticks().zip(0..);
    match file.len() == frames && grid.all(|(ticks, k)| ticks == k * step) {
        true => Ok(()),
        false => Err(DatasetError::video(
            mp4,
            format!("does not read back as {frames} pictures on the grid"),
        )),
    }
}
