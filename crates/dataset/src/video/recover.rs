//! Getting a camera's pictures back from the stream of an interrupted episode.

use std::path::Path;

use crate::error::{DatasetError, IoContext, Result};
use crate::features::Feature;
use crate::fs::RealFs;
use crate::video::codec::{Codec, codec_of};
use crate::video::codecs::Decoder;
use crate::video::color::{Planes, to_picture};
use crate::video::demux::VideoFile;
use crate::video::encode::{VideoPart, mp4_path, size_of};
use crate::video::ffmpeg::Ffmpeg;
use crate::video::histogram::PictureHistogram;
use crate::video::mux::stream_to_mp4;
use crate::video::stream::{Sample, Stream, find_stream, stream_path};

/// The first `frames` pictures of a stream, fewer if one doesn't decode. Their statistics come from the decoded
/// pictures, since the original ones are gone; the inner error says why none can be decoded.
pub(crate) fn recover(
    dir: &Path,
    camera: &Feature,
    fps: u32,
    frames: usize,
) -> Result<Result<VideoPart, String>> {
    let (width, height) = size_of(camera)?;
    let path = find_stream(dir, &camera.key);
    let path = path.unwrap_or_else(|| stream_path(dir, &camera.key, true));
    let mut histogram = PictureHistogram::new();
    let mut good = 0;
    let mut see = |rgb: &[u8]| {
        histogram.add(rgb, width, height);
        good += 1;
    };
    if let Some(stream) = Stream::open(&path)? {
        let codec = codec_of(stream.entry());
        let (codec, ..) = codec.map_err(|reason| DatasetError::video(&path, reason))?;
        if let Some(name) = codec.foreign() {
            let aside = dir.join(format!("{}.aside.mp4", camera.key));
            stream_to_mp4(&RealFs, &path, &aside, frames, fps)?;
            let seen = see_with_ffmpeg(&aside, name, frames, &mut see)?;
            std::fs::remove_file(&aside).at("remove", &aside)?;
            if let Err(reason) = seen {
                return Ok(Err(format!("the video of `{}` {reason}", camera.key)));
            }
        } else {
            see_decoded(&codec, stream.take(frames), (width, height), &mut see);
        }
    }
    Ok(Ok(VideoPart {
        camera: camera.key.clone(),
        frames: good,
        fps,
        stats: histogram.stats(),
        stream: path,
        mp4: mp4_path(dir, &camera.key),
    }))
}

/// Shows the pictures up to the first that doesn't decode.
fn see_decoded(
    codec: &Codec,
    pictures: impl Iterator<Item = Result<Sample>>,
    size: (usize, usize),
    see: &mut dyn FnMut(&[u8]),
) {
    let Ok(mut decoder) = Decoder::new(codec) else {
        return;
    };
    let mut rgb = Vec::new();
    let mut emit = |planes: &Planes| {
        to_picture(planes, size, &mut rgb)?;
        see(&rgb);
        Ok(())
    };
    for picture in pictures {
        let Ok(picture) = picture else { break };
        if decoder.decode(Some(&picture.bytes), &mut emit).is_err() {
            break;
        }
    }
    // Some streams make the decoder wait for a picture that might have to be shown before. What is damaged is none of
    // those that come out now.
    let _ = decoder.decode(None, &mut emit);
}

/// Shows the pictures of an mp4 up to the first that doesn't decode; the inner error says why not even one does.
fn see_with_ffmpeg(
    mp4: &Path,
    codec: &str,
    frames: usize,
    see: &mut dyn FnMut(&[u8]),
) -> Result<Result<(), String>> {
    let file = VideoFile::open(mp4)?;
    let mut pictures = match Ffmpeg::start(&file, 0, codec) {
        Ok(pictures) => pictures,
        Err(reason) => return Ok(Err(reason)),
    };
    for frame in 0..frames {
        match pictures.next() {
            Ok(rgb) => see(&rgb),
            Err(reason) if frame == 0 => return Ok(Err(reason)),
            Err(_) => break,
        }
    }
    Ok(Ok(()))
}
