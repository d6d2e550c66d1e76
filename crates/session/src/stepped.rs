//! Episodes that a caller moves step by step: a session on the virtual clock that waits, between two of its ticks, for the next action.
//!
//! An episode is the session that `ulna eval` would run with the same seed: driver, bus, gate and servos, the same judge and the same time limit. Its
//! teleoperator is the caller. An action is held from one step to the next, as LeRobot's loop holds it. The session has a thread of its own, which
//! sleeps while the caller thinks; what comes out depends on seed and actions alone.

mod episode;
mod error;
mod facts;
mod observe;
mod observed;
mod options;
mod session;
mod talk;

#[cfg(test)]
mod tests;

pub use episode::SteppedEpisode;
pub use error::SteppedError;
pub use facts::{SteppedCamera, SteppedFacts, SteppedJoint, cameras, facts};
pub use observed::{Ending, GateMarks, Observed};
pub use options::SteppedOptions;
