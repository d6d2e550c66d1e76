//! The built-in encoder: openh264, one picture at a time.

use openh264::OpenH264API;
use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, IntraFramePeriod, QpRange,
    RateControlMode, VuiConfig,
};
use openh264::formats::YUVSlices;

use crate::video::GOP;
use crate::video::yuv::Yuv;

/// The library's constant quantiser: quality doesn't breathe with a bit rate, and no picture is ever skipped. Compared with SVT-AV1
/// with LeRobot's settings it costs at most half as much again in size and a fifth of the time; `ulna bench codecs` measures it.
const QUANTISER: RateControlMode = RateControlMode::Off;

/// Encodes the pictures of one episode. Equal pictures give equal bytes, on every machine.
pub(crate) struct H264Encoder {
    encoder: Encoder,
    size: (usize, usize),
    yuv: Yuv,
    picture: Vec<u8>,
}

impl H264Encoder {
    pub(crate) fn new(size: (usize, usize), fps: u32) -> Result<H264Encoder, String> {
        H264Encoder::with(config(fps).rate_control_mode(QUANTISER), size)
    }

    /// One with another quantiser, 0 to 51, for comparison.
    pub(crate) fn quantised(
        size: (usize, usize),
        fps: u32,
        quantiser: u8,
    ) -> Result<H264Encoder, String> {
        // The library has only this way to another constant: a rate control that has no choice.
        let config = config(fps)
            .rate_control_mode(RateControlMode::Quality)
            .bitrate(BitRate::from_bps(50_000_000))
            .qp(QpRange::new(quantiser, quantiser));
        H264Encoder::with(config, size)
    }

    fn with(config: EncoderConfig, (width, height): (usize, usize)) -> Result<H264Encoder, String> {
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config);
        Ok(H264Encoder {
            encoder: encoder.map_err(|error| error.to_string())?,
            size: (width, height),
            yuv: Yuv::new(width, height),
            picture: Vec::new(),
        })
    }

    /// The picture's units, each behind a start code; a key frame's parameter sets come before it.
    pub(crate) fn encode(&mut self, rgb: &[u8]) -> Result<&[u8], String> {
        self.yuv.set(rgb);
        let (width, height) = self.size;
        let half = width / 2;
        let planes = YUVSlices::new(self.yuv.planes(), (width, height), (width, half, half));
        let bits = self.encoder.encode(&planes);
        let bits = bits.map_err(|error| format!("encoding failed: {error}"))?;
        self.picture.clear();
        bits.write_vec(&mut self.picture);
        match self.picture.is_empty() {
            true => Err("the encoder gave nothing for a picture".to_owned()),
            false => Ok(&self.picture),
        }
    }
}

fn config(fps: u32) -> EncoderConfig {
    EncoderConfig::new()
        .max_frame_rate(FrameRate::from_hz(fps as f32))
        .complexity(Complexity::Low)
        .skip_frames(false)
        .scene_change_detect(false)
        .background_detection(false)
        .adaptive_quantization(false)
        .num_threads(1)
        .intra_frame_period(IntraFramePeriod::from_num_frames(GOP))
        .vui(VuiConfig::bt601())
}
