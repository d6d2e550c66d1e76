//! What goes wrong on a simulated bus, by plan: reproducible for a seed, byte for byte.
//!
//! [`Fault`] says what there is, [`GRAMMAR`] how it is written. Faults of the line (lost bytes, noise, late answers) happen with a
//! probability, faults of servos and cables in a window of time. What a fault makes of a servo (an alarm, a limp motor) is left to
//! the servo.

mod at_work;
mod kinds;
mod parse;
mod parse_error;
mod print;
pub(crate) mod quantity;

pub(crate) use at_work::Faults;
pub use kinds::{Fault, FaultPlan, Firmware, OVERHEATED};
pub use parse_error::{FaultParseError, GRAMMAR};
