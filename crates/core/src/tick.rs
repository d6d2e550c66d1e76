//! What one control tick saw and did.

use core::time::Duration;

use crate::gate::GateNote;
use crate::joints::Joints;
use crate::stamp::Stamp;
use crate::state::State;

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
