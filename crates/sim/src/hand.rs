//! A human hand that moves a leader arm.
//!
//! People move in strokes: from rest to rest, all joints starting within a tenth of a second of each other, along the smoothest
//! path (minimum jerk: Flash and Hogan, J. Neurosci. 5(7), 1985), with pauses between, and their hands shake a little. Such a
//! hand is a function of its seed and of time alone, so a session with it can be repeated bit by bit.
//!
//! It either wanders about, or its strokes lead to the targets of a task ([`StrokeTargets`]). Whatever else moves a leader is an
//! [`Operator`] too.

mod leader;
pub(crate) mod noise;
mod operator;
mod stroke;
mod sweep;

pub use leader::LeaderArm;
pub use operator::Operator;
pub use stroke::{Hand, Rhythm, StrokeTargets};
pub use sweep::{SweepHand, SweptArm};
