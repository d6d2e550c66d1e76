//! The cameras of a rig: each is opened once, however many readers its pictures have.

mod hub;
mod real;
mod scaled;

pub use hub::{CameraHub, CameraUse, OpenedCamera};
pub use real::RealCameras;
pub use ulna_cameras::CameraSettings;
