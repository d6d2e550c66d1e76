//! A stroke of an expert's hand, from rest to rest.

use nalgebra::Vector3;
use ulna_core::joints::Joints;

use super::aim::{Aim, Aimer};

/// Speed in the middle of a minimum-jerk stroke, by its mean speed.
const PEAK: f64 = 1.875;
/// Fastest joint of a stroke through the air, rad/s, and fastest tool of one along a line, m/s.
const JOINT_SPEED: f64 = 2.2;
const LINE_SPEED: f64 = 0.28;
/// Fastest turn of the hand in a stroke along a line, rad/s.
const TURN_SPEED: f64 = 2.5;
/// No stroke is shorter, s.
const SHORTEST: f64 = 0.35;

/// Where a stroke leads.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// All joints at once.
    Air { from: Joints<f64>, to: Joints<f64> },
    /// The tool along a straight line.
    Line { from: Aim, to: Aim },
}

/// A stroke.
#[derive(Debug, Clone, Copy)]
pub(super) struct Motion {
    way: Way,
    begin: f64,
    seconds: f64,
}

impl Motion {
    /// Through the air to these joint angles; `pace` is 1 for an ordinary hand.
    pub(super) fn air(from: &Joints<f64>, to: &Joints<f64>, begin: f64, pace: f64) -> Self {
        let far = from.iter().zip(to.iter()).map(|(a, b)| (a - b).abs());
        let far = far.fold(0.0, f64::max);
        Self {
            way: Way::Air {
                from: *from,
                to: *to,
            },
            begin,
            seconds: (far * PEAK / JOINT_SPEED / pace).max(SHORTEST),
        }
    }

    /// Along a straight line.
    pub(super) fn line(from: &Aim, to: &Aim, begin: f64, pace: f64) -> Self {
        let far = (to.point - from.point).norm() * PEAK / LINE_SPEED;
        let turn = from.jaw.dot(&to.jaw).clamp(-1.0, 1.0).acos() * PEAK / TURN_SPEED;
        Self {
            way: Way::Line {
                from: *from,
                to: *to,
            },
            begin,
            seconds: (far.max(turn) / pace).max(SHORTEST),
        }
    }

    /// When it is over.
    pub(super) fn end(&self) -> f64 {
        self.begin + self.seconds
    }

    /// Where the joints are at this time, s, near where they are; the gripper's stays as it is there.
    pub(super) fn at(&self, time: f64, aimer: &Aimer, near: &Joints<f64>) -> Joints<f64> {
        let part = ((time - self.begin) / self.seconds).clamp(0.0, 1.0);
        let part = part.powi(3) * (10.0 - 15.0 * part + 6.0 * part * part);
        let mut angles = match &self.way {
            Way::Air { from, to } => {
                Joints::from_fn(from.len(), |i| from[i] + (to[i] - from[i]) * part)
            }
            Way::Line { from, to } => {
                let between = |a: &Vector3<f64>, b: &Vector3<f64>| {
                    let mixed = a * (1.0 - part) + b * part;
                    mixed.try_normalize(1e-6).unwrap_or(*b)
                };
                let aim = Aim {
                    point: from.point + (to.point - from.point) * part,
                    fingers: between(&from.fingers, &to.fingers),
                    jaw: between(&from.jaw, &to.jaw),
                };
                aimer.angles(&aim, near).0
            }
        };
        angles[aimer.gripper()] = near[aimer.gripper()];
        angles
    }
}
