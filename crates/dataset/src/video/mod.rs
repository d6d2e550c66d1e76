//! Pictures of cameras in mp4: written as H.264 and what an `ffmpeg` on the PATH encodes, read as H.264, AV1 and what
//! that decodes.
//!
//! Encoder and decoders are C and much of what this crate takes to compile, so they stand behind the feature `video`. Without it an `ffmpeg` does
//! all of it; where there is none, pictures are an error, and everything else is read and written as ever.

mod catch_up;
mod codec;
#[cfg(feature = "video")]
mod codecs;
#[cfg(not(feature = "video"))]
#[path = "no_codecs.rs"]
mod codecs;
mod color;
#[cfg(feature = "video")]
mod decode;
mod demux;
mod encode;
mod encoding;
mod ffmpeg;
#[cfg(feature = "video")]
mod h264;
mod histogram;
mod index;
mod mux;
mod pipe;
mod recover;
mod rehearse;
mod stream;
mod yuv;

pub(crate) use catch_up::catch_up;
#[cfg(feature = "video")]
pub(crate) use codec::codec_of;
pub(crate) use codecs::Decoder;
#[cfg(feature = "video")]
pub(crate) use codecs::H264Encoder;
pub(crate) use color::to_picture;
pub(crate) use demux::VideoFile;
pub(crate) use encode::size_of;
pub use encode::{VideoEncoder, VideoPart};
pub use encoding::Encoding;
pub(crate) use encoding::Pace;
pub(crate) use ffmpeg::Ffmpeg;
pub(crate) use histogram::PictureHistogram;
pub(crate) use index::{PictureAt, TrackIndex};
pub(crate) use mux::{Mp4Index, TICKS_PER_FRAME, index_room};
pub(crate) use recover::recover;
pub(crate) use rehearse::rehearse;
pub(crate) use stream::{annexb, annexb_entry, whole_pictures};

/// Distance of key frames in frames, which is LeRobot's default: every picture is at most one step from a
/// key frame.
pub const GOP: u32 = 2;
