//! What stands in for encoder and decoders in a program without the feature `video`: neither can be made.

use crate::video::codec::Codec;
use crate::video::color::Emit;

/// Why there is none.
const MISSING: &str = "needs the feature `video` of ulna-dataset, without which this program was built; \
                       with an `ffmpeg` on the PATH, a camera declared with `Encoding::of(\"libx264\")` needs no feature";

/// There is none.
pub(crate) enum Decoder {}

impl Decoder {
    pub(crate) fn new(_codec: &Codec) -> Result<Decoder, String> {
        Err(format!("decoding {MISSING}"))
    }

    pub(crate) fn fits(&self, _codec: &Codec) -> bool {
        match *self {}
    }

    pub(crate) fn restart(&mut self) {
        match *self {}
    }

    pub(crate) fn decode(&mut self, _sample: Option<&[u8]>, _emit: Emit) -> Result<(), String> {
        match *self {}
    }
}

/// There is none.
pub(crate) enum H264Encoder {}

impl H264Encoder {
    pub(crate) fn new(_size: (usize, usize), _fps: u32) -> Result<H264Encoder, String> {
        Err(format!("the built-in H.264 encoder {MISSING}"))
    }

    pub(crate) fn encode(&mut self, _rgb: &[u8]) -> Result<&[u8], String> {
        match *self {}
    }
}
