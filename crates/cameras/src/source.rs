//! What every kind of camera is to the thread that reads it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::CameraError;
use crate::jpeg;

/// A picture as it came.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// JPEG, perhaps with padding behind it.
    Jpeg(Vec<u8>),
    /// Two pixels in four bytes, `stride` bytes from line to line.
    Yuyv {
        bytes: Vec<u8>,
        width: u32,
        height: u32,
        stride: usize,
    },
    /// Rows from the top, red, green, blue.
    Rgb {
        pixels: Arc<[u8]>,
        width: u32,
        height: u32,
    },
}

impl Payload {
    /// A number that differs for different pictures. What a JPEG says besides its picture, such as the time, does not count.
    pub(crate) fn digest(&self) -> u32 {
        match self {
            Self::Jpeg(bytes) => jpeg::digest(bytes),
            Self::Yuyv { bytes, .. } => crc32fast::hash(bytes),
            Self::Rgb { pixels, .. } => crc32fast::hash(pixels),
        }
    }

    /// How many bytes came.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Jpeg(bytes) | Self::Yuyv { bytes, .. } => bytes.len(),
            Self::Rgb { pixels, .. } => pixels.len(),
        }
    }
}

/// A picture with its times.
#[derive(Debug, Clone)]
pub(crate) struct Shot {
    /// When the first of it arrived here.
    pub(crate) arrived: Instant,
    /// When its light fell, if a driver says so. It may lie ahead of `arrived` (vivid).
    pub(crate) light: Option<Instant>,
    /// The camera's own count; pictures that were lost on the way count, too.
    pub(crate) sequence: u64,
    pub(crate) payload: Payload,
}

/// Where the time stamps of a camera come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StampSource {
    /// The driver's, on the system's monotonic clock.
    Driver,
    /// The arrival of the picture, less the latency that the settings state.
    Arrival,
}

/// What a camera gives, as far as it says so before its first picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Promise {
    /// Width and height before rotation, pixels.
    pub(crate) size: Option<(u32, u32)>,
    /// Pictures per second.
    pub(crate) fps: Option<f64>,
    /// Such as `MJPG`.
    pub(crate) format: String,
}

/// A camera that is open.
pub(crate) trait Source: fmt::Debug + Send {
    /// What it promises.
    fn promise(&self) -> &Promise;

    /// The next picture; nothing if none came within `patience`.
    ///
    /// # Errors
    /// If this camera gives no more pictures unless it is opened again.
    fn next(&mut self, patience: Duration) -> Result<Option<Shot>, CameraError>;
}
