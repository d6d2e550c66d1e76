//! The cameras of a rig: each is opened once, however many readers its pictures have.

mod hub;
mod scaled;
mod types;

pub use hub::{CameraHub, CameraUse, OpenedCamera};
pub use types::{CameraRequest, CameraType, TYPES};
