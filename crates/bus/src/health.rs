//! What a group of servos is worth from cycle to cycle: who is worth asking, which readings are worth believing, and whose
//! slow readings are next.

mod plausibility;
mod roster;
mod rotation;

pub use plausibility::{Plausibility, PlausibilityConfig, Verdict};
pub use roster::{Change, Member, Roster, RosterConfig, RosterError};
pub use rotation::Rotation;
