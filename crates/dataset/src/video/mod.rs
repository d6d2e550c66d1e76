//! Pictures of cameras in mp4: written as H.264, read as H.264, AV1 and what an `ffmpeg` on the PATH decodes.

mod color;
mod decode;
mod demux;
mod encode;
mod ffmpeg;
mod histogram;
mod mux;
mod recover;
mod yuv;

pub(crate) use decode::{Decoder, to_picture};
pub(crate) use demux::{Codec, VideoFile};
pub use encode::{VideoEncoder, VideoPart};
pub(crate) use ffmpeg::Ffmpeg;
pub(crate) use histogram::PictureHistogram;
pub(crate) use mux::TICKS_PER_FRAME;
pub(crate) use recover::{recover, whole_pictures};

/// Distance of key frames in frames, which is LeRobot's default: every picture is at most one step from a
/// key frame.
pub const GOP: u32 = 2;
