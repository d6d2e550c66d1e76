//! What one control tick saw and did.

use core::time::Duration;

use serde::Serialize;

use crate::gate::GateNote;
use crate::joints::Joints;
use crate::stamp::Stamp;
use crate::state::{Action, Health, State};

/// One control tick: what was measured, wanted and sent. Fixed in size and `Copy`, so that it leaves the control thread without a
/// heap; recorder, policy, display and status all get this one record.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct TickRecord {
    /// Number of the tick; numbers of missed deadlines are skipped.
    pub index: u64,
    /// The deadline at which the goals leave for the servos.
    pub sends_at: Stamp,
    /// What the robot measured.
    pub state: State,
    /// Voltage, temperature, load and current of each servo as last read; empty from a robot that reports none.
    pub health: Joints<Health>,
    /// What the source of actions wants, if it wants anything.
    pub action: Option<Action>,
    /// What the gate let through, in each joint's unit.
    pub sent: Joints<f64>,
    /// What the gate did.
    pub note: GateNote,
    /// Where the time went.
    pub timing: TickTiming,
}

impl TickRecord {
    /// What the source of actions wants, in each joint's unit.
    pub fn target(&self) -> Option<Joints<f64>> {
        self.action.map(|action| action.target)
    }

    /// When the oldest joint's position was measured.
    pub fn oldest(&self) -> Stamp {
        let measured = self.state.measured.iter();
        measured.copied().min().unwrap_or_default()
    }
}

/// Where the time of one control tick went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct TickTiming {
    /// How long after its deadline the tick started.
    pub lateness: Duration,
    /// From the start of the tick until its answers were in, or were waited for no longer.
    pub port_wait: Duration,
    /// Computing time of the tick *before* this one: this one is not over yet. Zero under the virtual clock.
    pub work: Duration,
}
