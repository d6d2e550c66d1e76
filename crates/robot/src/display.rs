//! What people are shown of a running session. Machines never depend on it: a display that is slow, or gone, loses
//! what it could not take, and nothing else happens.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use ulna_core::camera::{Frame, JpegFrame};
use ulna_core::tick::TickRecord;
use ulna_core::unit::AngleMap;
use ulna_core::{Environment, Joints};

use crate::kind::{RobotKind, VisualSpec};

/// What stays the same while a session lasts.
#[derive(Debug, Clone)]
pub struct SessionInfo {
    /// The session, for people: what is done with which robot.
    pub title: String,
    /// The robot that moves.
    pub robot: RobotKind,
    /// From each joint's unit to its angle.
    pub angles: Joints<AngleMap>,
    /// What else there is: names, and solids in the base frame.
    pub objects: Vec<(String, VisualSpec)>,
    /// The cameras whose pictures come.
    pub cameras: Vec<String>,
    /// The state of the surroundings, if they report one.
    pub environment: Option<Arc<dyn Environment>>,
    /// What moves around the robot, if anything is known to.
    pub moving_things: Option<Arc<dyn MovingThings>>,
}

/// What moves around a robot.
pub trait MovingThings: fmt::Debug + Send + Sync {
    /// The things by name, where they are now in the base frame.
    fn things(&self) -> Vec<(String, VisualSpec)>;
}

/// The display cannot show any more, or not all of what it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayFault {
    /// What happened, in words.
    pub reason: String,
}

impl fmt::Display for DisplayFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl core::error::Error for DisplayFault {}

/// Shows a session while it runs. In real time it is called on a thread of its own, where it may take as long as it likes: what
/// finds no room in the bounded queues before it is dropped and counted. On the virtual clock the session waits for it.
pub trait Display: fmt::Debug + Send {
    /// Called once, before anything else.
    fn begin(&mut self, info: &SessionInfo);

    /// The next tick. Ticks come in order; some may be missing.
    fn tick(&mut self, tick: &TickRecord);

    /// The next picture of one of the info's cameras.
    fn picture(&mut self, camera: &str, frame: &Frame);

    /// Whether it shows pictures that are JPEG already; they come through [`jpeg`](Self::jpeg) then, where nothing else wants their pixels.
    fn shows_jpeg(&self) -> bool {
        false
    }

    /// The next picture of one of the info's cameras, as JPEG.
    fn jpeg(&mut self, _camera: &str, _frame: &JpegFrame) {}

    /// Called once, after everything else: whatever is still on its way has to arrive now.
    ///
    /// # Errors
    /// [`DisplayFault`] if something did not arrive.
    fn finish(&mut self) -> Result<(), DisplayFault>;
}
