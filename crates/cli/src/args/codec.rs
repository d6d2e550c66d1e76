//! How the pictures of a recording are encoded.

use clap::Args;
use ulna_session::record::CodecChoice;

#[derive(Debug, Args)]
pub(crate) struct CodecArgs {
    /// h264 (built in); av1, hevc, vp9 or the name of an encoder of the ffmpeg on the PATH [default: h264; with --resume that
    /// of the dataset]
    ///
    /// Each camera has an ffmpeg process of its own; one that cannot do it is refused before anything moves. Only the built-in
    /// codec gives the same bytes in every run.
    #[arg(long, value_name = "CODEC", requires = "dataset")]
    codec: Option<String>,

    /// Distance of key frames, in frames [default: 2; h264 has it fixed]
    #[arg(long, value_name = "N", requires = "dataset", value_parser = clap::value_parser!(u32).range(1..=1000))]
    gop: Option<u32>,

    /// Constant quality, less is better [default: LeRobot's, 30; h264 has its own]
    #[arg(long, value_name = "N", requires = "dataset")]
    crf: Option<u32>,

    /// Speed, as the encoder names it [default: 12 for av1]
    #[arg(long, value_name = "P", requires = "dataset")]
    preset: Option<String>,
}

impl CodecArgs {
    pub(crate) fn choice(&self) -> CodecChoice {
        CodecChoice {
            codec: self.codec.clone(),
            gop: self.gop,
            crf: self.crf,
            preset: self.preset.clone(),
        }
    }
}
