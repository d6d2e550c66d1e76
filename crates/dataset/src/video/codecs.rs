//! What encodes and decodes without another program.

pub(crate) use crate::video::decode::Decoder;
pub(crate) use crate::video::h264::H264Encoder;
