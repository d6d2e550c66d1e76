//! What to remember from cycle to cycle: how long the link takes, who is worth asking, which readings are worth believing, and whose
//! slow readings are next.

mod link;
mod plausibility;
mod roster;
mod rotation;

pub use link::{LinkEstimate, RoundTripSummary, RoundTrips};
pub use plausibility::{Plausibility, PlausibilityConfig, Verdict};
pub use roster::{Change, Member, Roster, RosterConfig, RosterError};
pub use rotation::Rotation;
