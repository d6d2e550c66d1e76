//! What a group of servos is worth from cycle to cycle: who is worth asking, and which readings are worth believing.

mod plausibility;
mod roster;

pub use plausibility::{Plausibility, PlausibilityConfig, Verdict};
pub use roster::{Change, Member, Roster, RosterConfig, RosterError};
