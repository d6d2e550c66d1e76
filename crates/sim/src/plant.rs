//! The boundary between simulated servos and the mechanics they move.
//!
//! A servo's electronics (registers, packets, protections) see the world as a [`Sense`] and act on it through a [`Drive`]; what
//! turns drives into motion is a [`Plant`]. Positions are **raw encoder steps**: the homing offset is the electronics' business.

use core::fmt;
use core::time::Duration;

use nalgebra::Isometry3;
use ulna_core::joints::Joints;

use crate::contact::Matter;

/// What a motor is controlled by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Control {
    /// The goal is a position, raw encoder steps.
    #[default]
    Position,
    /// The goal is a speed, steps/s; the output keeps it up and makes good what it was held back by, as far as the duty allows.
    Velocity,
    /// The goal is a current, A.
    Current,
    /// The goal is a duty, -1..=1.
    Duty,
}

/// What the registers of one servo ask of its motor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drive {
    /// Whether the motor is powered at all.
    pub torque: bool,
    /// What is controlled, and thus what the goal is.
    pub control: Control,
    /// Where the output should be, or how fast, or how strong, see [`Control`].
    pub goal: f64,
    /// Fastest that the internal set point moves towards the goal, steps/s; 0 means the servo's own maximum.
    pub speed: f64,
    /// How fast the internal set point changes its speed, steps/s²; 0 means the servo's own maximum.
    pub acceleration: f64,
    /// Proportional, integral and differential gain of the position, in counts of the servo's gain registers.
    pub gains: [f64; 3],
    /// Part of the full duty that may be used, 0..=1.
    pub torque_limit: f64,
    /// Largest current that the duty may drive, A.
    pub current_limit: f64,
}

impl Default for Drive {
    fn default() -> Self {
        Self {
            torque: false,
            control: Control::Position,
            goal: 0.0,
            speed: 0.0,
            acceleration: 0.0,
            gains: [32.0, 0.0, 32.0],
            torque_limit: 1.0,
            current_limit: f64::INFINITY,
        }
    }
}

/// What one servo measures of itself.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sense {
    /// Output position, raw encoder steps, quantised as the encoder does.
    pub position: i32,
    /// Output speed, steps/s.
    pub velocity: f64,
    /// Duty of the motor, -1..=1.
    pub duty: f64,
    /// Motor current, A.
    pub current: f64,
    /// Supply voltage at the servo, V.
    pub voltage: f64,
    /// Case temperature, °C.
    pub temperature: f64,
}

/// Mechanics driven by servos: an arm with gravity, a leader arm in a hand, a lone servo on a test bench.
///
/// A plant has its own fixed time step and reads no clock: `advance` runs as many whole steps as fit before `to`, so the motion
/// does not depend on how often it is called.
pub trait Plant {
    /// How many servos it has; they are numbered from zero in the order of the robot file.
    fn servos(&self) -> usize;

    /// Runs the mechanics up to `to` (time since the run's epoch) under these drives, one per servo.
    fn advance(&mut self, to: Duration, drives: &[Drive]);

    /// What servo `index` measures now.
    fn sense(&self, index: usize) -> Sense;
}

/// A plant with the joints of a robot, which can be looked at and put somewhere: what a simulated world is built on.
pub trait Physics: Plant + fmt::Debug + Send {
    /// True joint angles, rad.
    fn joint_angles(&self) -> &Joints<f64>;

    /// Puts the joints at rest at these angles, rad, the servos' set points included. Joints whose angle is missing or NaN stay as
    /// they are.
    fn place(&mut self, angles: &Joints<f64>);

    /// Where the free bodies around it are, base frame.
    fn bodies(&self) -> &[Isometry3<f64>] {
        &[]
    }

    /// The deepest that anything of the arm, the bodies and what stands around them is in anything else, m, as the tick before found it.
    fn overlap(&self) -> f64 {
        0.0
    }

    /// Replaces the free bodies by others, at rest at these poses.
    fn lay_out(&mut self, matter: &[Matter], poses: &[Isometry3<f64>]) {
        let _ = (matter, poses);
    }
}
