//! What people are shown of a running session. Machines never depend on it: a display that is slow, or gone, loses
//! what it could not take, and nothing else happens.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::camera::Frame;
use crate::gate::GateNote;
use crate::joints::Joints;
use crate::robot::{RobotKind, VisualSpec};
use crate::stamp::Stamp;
use crate::state::State;
use crate::traits::Environment;
use crate::unit::AngleMap;

/// What stays the same while a session lasts.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The session, for people: what is done with which robot.
    pub title: String,
    /// The robot that moves.
    pub robot: RobotKind,
    /// From each joint's unit to its angle.
    pub angles: Joints<AngleMap>,
    /// What else there is: names, and solids in the base frame.
    pub things: Vec<(String, VisualSpec)>,
    /// The cameras whose pictures come.
    pub cameras: Vec<String>,
    /// What the surroundings tell of themselves, if they do.
    pub environment: Option<Arc<dyn Environment>>,
}

/// One control tick, as it is shown: fixed in size, so that it leaves the control thread without a heap.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Telemetry {
    /// Number of the tick; numbers of missed deadlines are skipped.
    pub index: u64,
    /// The deadline at which the goals leave for the servos.
    pub sends_at: Stamp,
    /// What the robot measured.
    pub state: State,
    /// What the source wants, if it wants anything, in each joint's unit.
    pub target: Option<Joints<f64>>,
    /// What the gate lets through, in each joint's unit.
    pub sent: Joints<f64>,
    /// What the gate did.
    pub note: GateNote,
    /// Where the time went.
    pub timing: TickTiming,
}

/// Where the time of one control tick went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TickTiming {
    /// How long after its deadline the tick started.
    pub lateness: Duration,
    /// From the request to the servos' last answer.
    pub port_wait: Duration,
    /// Computing time of the tick *before* this one: this one is not over yet. Zero under the virtual clock.
    pub work: Duration,
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
    fn begin(&mut self, stage: &Stage);

    /// The next tick. Ticks come in order; some may be missing.
    fn tick(&mut self, tick: &Telemetry);

    /// The next picture of one of the stage's cameras.
    fn picture(&mut self, camera: &str, frame: &Frame);

    /// Called once, after everything else: whatever is still on its way has to arrive now.
    ///
    /// # Errors
    /// [`DisplayFault`] if something did not arrive.
    fn finish(&mut self) -> Result<(), DisplayFault>;
}
