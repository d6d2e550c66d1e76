//! The simulated arm against recordings of a real one.
//!
//! A [`RecordedMotion`] is what a program like LeRobot's noted frame by frame: the action that it sent and the state that it had read just
//! before. [`play`] puts the same actions into simulated servos as that program did, held from frame to frame; [`Score`] measures how far
//! the played states are from the recorded ones, next to the best that a pure delay of the actions can do; [`grid`] reads the arm's true
//! ranges off the recorded states; [`class`] says which motor the arm has; [`fit`] finds friction, play and delay.
//!
//! No bus stands between the actions and the servos, and no gate: the registers are set as the recording program set them. What the
//! registers make of a goal is the servos' electronics, as in every simulation.

pub mod class;
pub mod fit;
pub mod grid;
mod play;
mod score;

#[cfg(test)]
mod tests;

use ulna_core::joints::Joints;
use ulna_robot::{Calibration, RobotKind, SimulationSpec};

pub use play::PlayError;
pub use play::play;
pub use score::{Delays, Follows, JointScore, Score, geometric_mean};

/// One episode of a real arm, one row per frame, in the units of the arm's joints. NaN means that nothing is known.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedMotion {
    /// Frames per second.
    pub fps: f64,
    /// What was sent at the beginning of each frame, after its state had been read.
    pub actions: Vec<Joints<f64>>,
    /// What was read.
    pub states: Vec<Joints<f64>>,
}

/// The arm that was recorded, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedArm {
    /// Its kind, with the joints' units as recorded and their limits where this arm has them.
    pub kind: RobotKind,
    /// What its units mean in encoder steps. Homing offsets are of no interest here.
    pub calibration: Calibration,
    /// Where its servos stop, in the joints' units: goals beyond are not gone to.
    pub stops: Joints<(f64, f64)>,
}

impl RecordedArm {
    /// The same arm with other servos.
    #[must_use]
    pub fn with(&self, simulation: SimulationSpec) -> Self {
        let mut arm = self.clone();
        arm.kind.simulation = simulation;
        arm
    }

    /// Degrees in one unit of each joint.
    pub fn degrees_per_unit(&self) -> Joints<f64> {
        let maps = self.kind.angle_maps(&self.calibration);
        maps.map(|map| map.scale.to_degrees().abs())
    }
}
