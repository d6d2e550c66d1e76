//! Real cameras: webcams (V4L2), MJPEG over HTTP, and whatever an `ffmpeg` reads.
//!
//! Reading order: [`CameraSettings`] (what a user says), `source` (what every kind of camera is), `v4l2`, `http` and `ffmpeg` (the three kinds),
//! `reader` (the thread that waits for pictures, and opens a camera again that was lost), [`LiveCamera`] (polled, decodes, stamps),
//! [`settle`] (locked and measured before a session), [`list`] (what is plugged in).

mod arrivals;
mod devices;
mod error;
mod ffmpeg;
pub mod fuzzed;
mod http;
mod identity;
mod inbox;
mod jpeg;
mod live;
mod open;
mod picture;
mod place;
mod reader;
mod rooms;
mod settings;
mod settle;
mod snapshot;
mod source;
mod spec;
mod stamper;
#[cfg(test)]
mod testing;
mod thumbnail;
mod together;
mod usb;
mod v4l2;

pub use devices::{FoundCamera, controls, identity, lasting, list, set_control, usb_demand};
pub use error::CameraError;
pub use identity::CameraIdentity;
pub use inbox::LossCount;
pub use jpeg::{JpegError, bare_decode};
pub use live::{LiveCamera, LiveCounts};
pub use settings::{CameraKind, CameraSettings, PixelFormat};
pub use settle::{CameraFacts, Flaws, settle};
pub use snapshot::{snapshot_name, write_snapshot};
pub use source::StampSource;
pub use thumbnail::Thumbnail;
pub use together::{SettledCamera, open_all};
pub use usb::{UsbDemand, UsbPlace, overloaded};
pub use v4l2::choose::CameraMode;
pub use v4l2::controls::{CameraControl, Locked};
