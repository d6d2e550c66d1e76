//! From settings to a source of pictures, whatever it is.

use std::path::PathBuf;

use crate::error::CameraError;
use crate::settings::{CameraKind, CameraSettings};
use crate::source::Source;
use crate::{devices, ffmpeg, http, v4l2};

/// Opens the source of these settings.
///
/// # Errors
/// If it is not there, or is not as the settings say.
pub(crate) fn source(settings: &CameraSettings) -> Result<Box<dyn Source>, CameraError> {
    settings.check()?;
    match settings.source() {
        CameraKind::Http => http::open(settings),
        CameraKind::Ffmpeg => ffmpeg::open(settings),
        CameraKind::V4l2 | CameraKind::Opencv => {
            let device = devices::open(settings)?;
            v4l2::stream::open(device, settings)
        }
    }
}

/// The device of these settings, if it is one of this computer.
pub(crate) fn device(settings: &CameraSettings) -> Option<PathBuf> {
    let device = settings.is_device().then(|| devices::device_of(settings));
    device?.ok()
}
