//! What is seen at a step.

use ulna_core::{Frame, GateNote};

/// Why an episode is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The task is done.
    Solved,
    /// The time is up.
    TimeUp,
}

/// What the gate did to the actions of a step; sets of joints are bit masks, joint 0 in the lowest bit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GateMarks {
    /// Joints whose target lay outside the position limits.
    pub clamped: u32,
    /// Joints that wanted to move faster than the velocity limit, or were on a ramp.
    pub slowed: u32,
}

impl GateMarks {
    pub(super) fn add(&mut self, note: &GateNote) {
        self.clamped |= note.clamped;
        self.slowed |= note.slowed | note.ramps;
    }
}

/// What is seen at the end of a step, or before the first one.
#[derive(Debug, Clone)]
pub struct Observed {
    /// LeRobot's names of the values of a state or an action, in order: `shoulder_pan.pos`.
    pub names: Vec<String>,
    /// Measured positions, in each joint's unit, as of the newest tick.
    pub state: Vec<f64>,
    /// The newest picture of each observed camera, in the order in which they were asked for.
    pub pictures: Vec<Frame>,
    /// The values of the surroundings, as [`SteppedFacts::environment`](super::SteppedFacts::environment) names them.
    pub environment: Vec<f64>,
    /// What is to be done, in words.
    pub task: Option<String>,
    /// How often the task could be done until now, as the judge counts it.
    pub attempts: u32,
    /// How often it was.
    pub successes: u32,
    /// Whether the task is done; where a scene goes on after a success, whether all of it was done when the time was up.
    pub success: bool,
    /// Since the first tick, s.
    pub time_s: f64,
    /// What the gate did since the last step.
    pub gate: GateMarks,
    /// Whether the episode is over, and why.
    pub ending: Option<Ending>,
}
