//! Types of cameras by name: each is one file that implements `ulna_core::Camera`, and one line here.

use ulna_core::Camera;

use crate::error::SessionError;
use crate::supply::Surroundings;

/// One type of camera.
#[derive(Debug, Clone, Copy)]
pub struct CameraType {
    /// How rig files call it.
    pub name: &'static str,
    /// Opens one; `None` if this rig has no such camera.
    pub(crate) open: OpenCamera,
}

/// Opens a camera.
pub(crate) type OpenCamera =
    fn(&CameraRequest<'_>) -> Result<Option<Box<dyn Camera>>, SessionError>;

/// What a camera is opened with.
#[derive(Debug)]
pub struct CameraRequest<'a> {
    /// What the dataset calls it.
    pub name: &'a str,
    /// Width and height of its pictures, pixels.
    pub size: (u32, u32),
    /// Pictures per second.
    pub fps: f64,
    /// What is around the robot.
    pub surroundings: &'a dyn Surroundings,
}

/// Every type; the first that knows a camera opens it.
pub const TYPES: &[CameraType] = &[CameraType {
    name: "simulated",
    open: |request| {
        let CameraRequest {
            name, size, fps, ..
        } = request;
        request.surroundings.open_camera(name, *size, *fps)
    },
}];
