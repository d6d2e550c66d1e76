//! `ulna cameras`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ulna_cameras::CameraSettings;

#[derive(Debug, Subcommand)]
pub(crate) enum CamerasAction {
    /// The webcams that are plugged in: by which names they stay the same, and what they offer
    List,
    /// Open cameras, all at the same time, let them settle, and measure them for a second
    #[command(after_help = "\
Examples:
  ulna cameras test                                       every webcam that is plugged in
  ulna cameras test /dev/video0 /dev/video2,fourcc=YUYV   these two together: does their USB bus carry both?
  ulna cameras test http://192.168.1.20:8080/video        a phone, an ESP32-CAM, an IP camera
  ulna cameras test rtsp://USER:PASSWORD@192.168.1.30/1   through the ffmpeg on the PATH
  ulna cameras test --rig mine                            those of your rig

A camera is its place, and the keys of a rig file behind commas: width, height, fps, fourcc, rotation, auto, exposure, white_balance, focus,
warmup_s, latency_ms, type, input_format. Exits with 1 if one fails.")]
    Test(WhichArgs),
    /// Write a picture of each camera as PNG: which one is which?
    Snapshot {
        #[command(flatten)]
        which: WhichArgs,
        /// Into this folder
        #[arg(long, value_name = "DIR", default_value = ".")]
        output: PathBuf,
        /// Overwrite pictures that are there
        #[arg(long)]
        replace: bool,
    },
    /// A webcam's exposure, white balance, focus and the rest: show them, or set some
    #[command(after_help = "\
Examples:
  ulna cameras controls /dev/video0
  ulna cameras controls /dev/video0 --set \"auto exposure=1\" --set \"exposure time absolute=200\"

What is set stays until the camera is unplugged. A session sets exposure, white balance and focus itself: put `exposure=200` behind the camera.")]
    Controls {
        /// The webcam
        #[arg(value_name = "CAMERA", value_parser = camera)]
        camera: CameraSettings,
        /// Set a control, by its name in any spelling; may be repeated
        #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
        set: Vec<(String, i32)>,
    },
}

/// Which cameras are meant.
#[derive(Debug, Args)]
pub(crate) struct WhichArgs {
    /// The cameras, such as /dev/video0 or http://192.168.1.20:8080/video; all webcams that are plugged in unless given
    #[arg(value_name = "CAMERA", value_parser = camera)]
    pub(crate) cameras: Vec<CameraSettings>,
    /// Those of a rig: its name, or the path of its file
    #[arg(long, value_name = "RIG", conflicts_with = "cameras")]
    pub(crate) rig: Option<String>,
    /// Leave exposure, white balance and focus to the cameras, which undoes what a session has locked
    #[arg(long)]
    pub(crate) auto: bool,
}

fn camera(text: &str) -> Result<CameraSettings, String> {
    CameraSettings::parse(text).map_err(|error| error.to_string())
}

fn assignment(text: &str) -> Result<(String, i32), String> {
    let example = || "give NAME=VALUE, such as \"auto exposure=1\"".to_owned();
    let (name, value) = text.rsplit_once('=').ok_or_else(example)?;
    let value = value.trim().parse().map_err(|_| example())?;
    Ok((name.trim().to_owned(), value))
}
