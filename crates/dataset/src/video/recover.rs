//! Getting a camera's pictures back from the stream of an interrupted episode.

use std::path::Path;

use shiguredo_mp4::bitstream::h264::{H264NalUnitType, LengthSize, parse_annexb_nal_units};

use crate::error::Result;
use crate::features::Feature;
use crate::record_log::RecordReader;
use crate::video::decode::{Decoder, to_picture};
use crate::video::demux::Codec;
use crate::video::encode::{VideoPart, mp4_path, size_of, stream_path};
use crate::video::histogram::PictureHistogram;
use crate::video::mux::to_sample;

/// How many pictures of a stream are whole.
pub(crate) fn whole_pictures(dir: &Path, camera: &str) -> Result<usize> {
    let path = stream_path(dir, camera);
    match path.is_file() {
        true => Ok(RecordReader::open(&path)?.count()),
        false => Ok(0),
    }
}

/// The first `frames` pictures of a stream, fewer if one doesn't decode. Their statistics come from the decoded
/// pictures, since the original ones are gone.
pub(crate) fn recover(dir: &Path, camera: &Feature, fps: u32, frames: usize) -> Result<VideoPart> {
    let size = size_of(camera)?;
    let stream = stream_path(dir, &camera.key);
    let mut histogram = PictureHistogram::new();
    let mut decoder = None;
    let mut rgb = Vec::new();
    let mut good = 0;
    for picture in RecordReader::open(&stream)?.take(frames) {
        let decoder = match &mut decoder {
            Some(decoder) => decoder,
            None => match Decoder::new(&codec(&picture)) {
                Ok(fresh) => decoder.insert(fresh),
                Err(_) => break,
            },
        };
        let Ok((sample, _)) = to_sample(&picture) else {
            break;
        };
        // Our own streams reorder nothing: a picture comes out for each that goes in.
        let mut came = false;
        let decoded = decoder.decode(Some(&sample), &mut |planes| {
            came = true;
            to_picture(planes, size, &mut rgb)
        });
        if decoded.is_err() || !came {
            break;
        }
        histogram.add(&rgb, size.0, size.1);
        good += 1;
    }
    Ok(VideoPart {
        camera: camera.key.clone(),
        frames: good,
        fps,
        stats: histogram.stats(),
        stream,
        mp4: mp4_path(dir, &camera.key),
    })
}

fn codec(first: &[u8]) -> Codec {
    let units = parse_annexb_nal_units(first).unwrap_or_default();
    let is_set = |kind| matches!(kind, H264NalUnitType::Sps | H264NalUnitType::Pps);
    let sets = units.iter().filter(|unit| is_set(unit.nal_unit_type));
    Codec::H264 {
        parameters: sets
            .flat_map(|unit| [0, 0, 0, 1].iter().chain(unit.data))
            .copied()
            .collect(),
        length_size: LengthSize::FourBytes,
    }
}
