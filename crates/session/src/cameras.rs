//! The cameras of a rig: each is opened once, whoever wants its pictures.

mod hub;
mod scaled;
mod types;

pub use hub::{CameraHub, CameraUse, OpenedCamera};
pub use types::{CameraRequest, CameraType, TYPES};
