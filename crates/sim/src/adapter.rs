//! The USB adapter between the host and the wire: when what the host writes reaches the wire, and when what came over the wire reaches
//! the host.
//!
//! USB at full speed (12 Mbit/s) moves data in frames of one millisecond and packets of 64 bytes. What is written waits for the next frame
//! and what has been received for the frame after it: on average half a millisecond each way, at the worst a whole one. [`AdapterModel`]
//! lists the kinds that users have, with the source of their numbers.
//!
//! The frames are the host controller's own clock, so ticks on the computer's clock drift through them: a run of some seconds meets every
//! phase. All adapters of one seed hang on one controller and share its frames.

mod frames;
mod inbound;
mod model;
mod outbound;

pub use model::{Adapter, AdapterModel, AdapterParseError, KINDS};

pub use inbound::Deliveries;
pub(crate) use inbound::{Arrival, Inbound};
pub(crate) use outbound::Outbound;

#[cfg(test)]
mod tests;
