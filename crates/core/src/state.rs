//! What an arm measures and what it is asked to do.

use core::time::Duration;

use serde::Serialize;

use crate::joints::Joints;
use crate::stamp::Stamp;

/// What an arm last measured, in LeRobot's normalised units, one value per joint of the robot file.
///
/// A joint whose servo did not answer keeps its last value: its own stamp says how old that is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct State {
    /// When the newest of its positions was measured.
    pub stamp: Stamp,
    /// Joint positions, in each joint's [`Unit`](crate::Unit).
    pub position: Joints<f64>,
    /// When each position was measured.
    pub measured: Joints<Stamp>,
}

impl State {
    /// How old the oldest joint's value is at `now`.
    pub fn age(&self, now: Stamp) -> Duration {
        self.measured
            .iter()
            .map(|stamp| stamp.age(now))
            .max()
            .unwrap_or(Duration::ZERO)
    }
}

/// What a servo measures apart from its position, as last read. What it cannot measure, or was not asked yet, is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Health {
    /// When it answered.
    pub stamp: Stamp,
    /// Supply voltage, V.
    pub volts: Option<f32>,
    /// Temperature, °C.
    pub celsius: Option<f32>,
    /// Part of the full drive, -1 to 1.
    pub load: Option<f32>,
    /// Current, A.
    pub amperes: Option<f32>,
}

/// Where a source of actions wants the joints to be, in LeRobot's normalised units.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Action {
    /// When the source chose this target.
    pub stamp: Stamp,
    /// Joint targets, in each joint's [`Unit`](crate::Unit).
    pub target: Joints<f64>,
}
