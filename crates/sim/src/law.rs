//! The law of one serial bus servo: what its firmware, motor, gears and electronics make of a [`Drive`].
//!
//! The firmware moves an internal [set point](setpoint::SetPoint) towards the goal, turns the distance from the measured output
//! to that set point into a duty, and the motor turns the duty into torque:
//!
//! ```text
//! duty   = clamp(P · 0.166 · (set point − output), ±0.97 · torque limit)         gain in 1/rad
//! torque = kt · V · duty / R − (kt² / R + viscous) · speed ∓ friction            at the output, N·m
//! ```
//!
//! Between motor and output lies the play of the gears. The encoder of these servos is a magnet on the **output shaft**, so the
//! position loop, the bus and the cameras all see the output's side of the play; the motor's side shows up only as
//! a small dead zone in which the output is free. [`Servo`] therefore has two masses, coupled inside the play by nothing and at its
//! ends by the stiffness of the gears.
//!
//! Form and first figures: BAM (Duclusaud et al., arXiv 2410.08650), model M1 of the STS3215.

mod load;
mod model;
mod motors;
mod servo;
pub mod setpoint;
pub(crate) mod solve;

#[cfg(test)]
mod tests;

pub use load::Load;
pub use model::ServoModel;
pub use servo::Servo;

#[cfg(doc)]
use crate::plant::Drive;
