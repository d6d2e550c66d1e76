//! What an episode is played with.

use crate::options::RigOptions;
use crate::report::ClockKind;
use crate::supply::Surroundings;
use crate::teleoperators::PICTURE;

/// What an episode is played with.
#[derive(Debug, Clone)]
pub struct SteppedOptions {
    /// Robot, scene, seed, task and unit; it is simulated on the virtual clock whatever these say.
    pub rig: RigOptions,
    /// Steps per second of the virtual clock, and pictures per second of each camera.
    pub fps: f64,
    /// The cameras that are observed, by name.
    pub cameras: Vec<String>,
    /// Width and height of all pictures, pixels; as the scene has each camera's unless given.
    pub picture: Option<(u32, u32)>,
    /// Whether it is observed where things are.
    pub objects: bool,
    /// The camera whose pictures are shown to people, if any is; it may be one of those that are observed.
    pub render: Option<String>,
}

impl SteppedOptions {
    /// Width and height of this camera's pictures, pixels.
    pub(super) fn size(&self, surroundings: &dyn Surroundings, camera: &str) -> (u32, u32) {
        let size = self.picture.or(surroundings.picture_size(camera));
        size.unwrap_or(PICTURE)
    }
}

/// The rig of an episode, as `ulna eval` has it.
pub(super) fn simulated(rig: &RigOptions) -> RigOptions {
    RigOptions {
        sim: true,
        clock: ClockKind::Virtual,
        expert: false,
        ..rig.clone()
    }
}
