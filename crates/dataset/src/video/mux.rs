//! Putting a stream of H.264 pictures into an mp4 that starts with its index ("fast start").

use std::io::{BufWriter, Write};
use std::num::NonZeroU32;
use std::path::Path;

use shiguredo_mp4::TrackKind;
use shiguredo_mp4::bitstream::h264::{
    H264NalUnitType, H264SampleEntryConfig, LengthSize, build_avc1_box_from_annexb,
    parse_annexb_nal_units,
};
use shiguredo_mp4::boxes::SampleEntry;
use shiguredo_mp4::mux::{
    Mp4FileMuxer, Mp4FileMuxerOptions, Sample, estimate_maximum_moov_box_size,
};

use crate::error::{DatasetError, IoContext, Result};
use crate::fs::{Fs, FsFile, parent};
use crate::record_log::RecordReader;

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
    let file = fs.create(&part).at("create", &part)?;
    let mut out = BufWriter::with_capacity(1 << 20, Unbuffered(file));
    out.write_all(&header).at("write", &part)?;
    for picture in RecordReader::open(stream)?.take(frames) {
        let (sample, _) =
            to_sample(&picture).map_err(|reason| DatasetError::video(stream, reason))?;
        out.write_all(&sample).at("write", &part)?;
    }
    let mut file = out
        .into_inner()
        .map_err(|error| error.into_error())
        .at("write", &part)?;
    file.0.sync().at("sync", &part)?;
    drop(file);
    fs.rename(&part, mp4).at("put in place", mp4)?;
    let folder = parent(mp4);
    fs.sync_dir(&folder).at("sync the folder", &folder)
}

/// Everything before the pictures: with all sizes known, the index can be complete before the first is written.
fn header(stream: &Path, mp4: &Path, frames: usize, fps: u32) -> Result<Vec<u8>> {
    let fail = |reason: String| DatasetError::video(mp4, reason);
    let damaged = |reason: String| DatasetError::video(stream, reason);
    let timescale = fps
        .checked_mul(TICKS_PER_FRAME)
        .and_then(NonZeroU32::new)
        .ok_or_else(|| fail(format!("{fps} frames/s cannot be written")))?;
    let mut muxer = Mp4FileMuxer::with_options(Mp4FileMuxerOptions {
        reserved_moov_box_size: estimate_maximum_moov_box_size(&[frames]),
        ..Mp4FileMuxerOptions::default()
    })
    .map_err(|error| fail(error.to_string()))?;
    let mut header = muxer.initial_boxes_bytes().to_vec();
    let mut offset = header.len() as u64;
    let mut written = 0;
    for picture in RecordReader::open(stream)?.take(frames) {
        let (sample, keyframe) = to_sample(&picture).map_err(damaged)?;
        let entry = match written {
            0 => Some(SampleEntry::Avc1(
                build_avc1_box_from_annexb(
                    &picture,
                    &H264SampleEntryConfig {
                        length_size: LengthSize::FourBytes,
                    },
                )
                .map_err(|error| damaged(error.to_string()))?,
            )),
            _ => None,
        };
        muxer
            .append_sample(&Sample {
                track_kind: TrackKind::Video,
                sample_entry: entry,
                keyframe,
                timescale,
                duration: TICKS_PER_FRAME,
                composition_time_offset: None,
                data_offset: offset,
                data_size: sample.len(),
            })
            .map_err(|error| fail(error.to_string()))?;
        offset += sample.len() as u64;
        written += 1;
    }
    if written != frames {
        return Err(damaged(format!("holds {written} of {frames} pictures")));
    }
    let boxes = muxer.finalize().map_err(|error| fail(error.to_string()))?;
    for (at, bytes) in boxes.offset_and_bytes_pairs() {
        let end = usize::try_from(at)
            .ok()
            .and_then(|at| at.checked_add(bytes.len()));
        let place = end.and_then(|end| header.get_mut(end - bytes.len()..end));
        place
            .ok_or_else(|| fail("the index outgrew its reserved room".to_owned()))?
            .copy_from_slice(bytes);
    }
    Ok(header)
}

/// The picture as mp4 stores it (length-prefixed, parameter sets left to the index), and whether it is a key
/// frame.
pub(crate) fn to_sample(picture: &[u8]) -> Result<(Vec<u8>, bool), String> {
    let units = parse_annexb_nal_units(picture).map_err(|error| error.to_string())?;
    let mut out = Vec::with_capacity(picture.len() + 8);
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
        out.extend(length.to_be_bytes());
        out.extend(unit.data);
    }
    match out.is_empty() {
        true => Err("holds a record without a picture".to_owned()),
        false => Ok((out, keyframe)),
    }
}

/// `BufWriter` needs a sized writer.
struct Unbuffered(Box<dyn FsFile>);

impl Write for Unbuffered {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
