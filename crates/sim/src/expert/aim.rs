//! Joint angles that bring the open hand to a thing: where its tool is, where its fingers point, and which way its jaw opens.
//!
//! Regularised least squares over all three (Levenberg and Marquardt). An arm of five joints can't have all of them everywhere; the place counts most,
//! then the way the jaw opens, then the way the fingers point.

use nalgebra::{SMatrix, SVector, Vector3};
use ulna_core::joints::Joints;
use ulna_robot::RobotKind;
use ulna_robot::kinematics::{Chain, Pose};

/// What a radian off the wanted direction of the fingers, of the jaw, and off the preferred pose counts, m.
const POINTING: f64 = 0.02;
const OPENING: f64 = 0.05;
const PREFERENCE: f64 = 0.001;
/// Steps before giving up, and the step, rad, that changes nothing that matters.
const STEPS: usize = 60;
const STILL: f64 = 1e-6;

/// Most joints between base and hand.
const MOVERS: usize = 8;

/// Where a hand should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Aim {
    /// Of the tool, base frame, m.
    pub(crate) point: Vector3<f64>,
    /// Where the fingers point, of length 1.
    pub(crate) fingers: Vector3<f64>,
    /// From the fixed finger to the jaw, of length 1.
    pub(crate) jaw: Vector3<f64>,
}

/// An arm that can be aimed.
#[derive(Debug, Clone)]
pub(crate) struct Aimer {
    chain: Chain,
    limits: Joints<(f64, f64)>,
    /// Whose frame the hand is fixed in, and the joints that move it.
    hand: usize,
    movers: Vec<usize>,
    /// The gripper's joint, and from the fixed finger to the jaw in the hand's frame.
    gripper: usize,
    opening: Vector3<f64>,
}

impl Aimer {
    /// An arm whose last joint but the gripper's carries the tool; `None` for a robot without such a hand.
    pub(crate) fn new(kind: &RobotKind) -> Option<Self> {
        let tool = kind
            .names()
            .position(|name| name == kind.kinematics.tool_joint)?;
        let gripper = kind
            .joints
            .iter()
            .position(|joint| joint.parent == Some(tool))?;
        let mut movers = Vec::new();
        let mut joint = Some(tool);
        while let Some(index) = joint {
            movers.push(index);
            joint = kind.joints[index].parent;
        }
        movers.reverse();
        if movers.len() > MOVERS {
            return None;
        }
        let margin = |index: usize| {
            let joint = &kind.joints[index];
            let margin = 0.01 * (joint.upper - joint.lower);
            (joint.lower + margin, joint.upper - margin)
        };
        // A jaw that opens turns its tip away from the fixed finger: about its axis, seen from where its tip points.
        let frame = kind.joints[gripper].frame.isometry();
        let axis = frame.rotation * Vector3::z();
        let tool_frame = kind.kinematics.tool.isometry();
        let down = tool_frame.rotation * Vector3::z();
        let opening = axis.cross(&down).try_normalize(1e-6)?;
        Some(Self {
            chain: Chain::new(kind),
            limits: Joints::from_fn(kind.dof(), margin),
            hand: tool,
            movers,
            gripper,
            opening,
        })
    }

    /// The gripper's joint.
    pub(crate) fn gripper(&self) -> usize {
        self.gripper
    }

    /// Lowest and highest angle of a joint that a hand goes to, rad.
    pub(crate) fn limits(&self, joint: usize) -> (f64, f64) {
        self.limits[joint]
    }

    /// Where the hand is with these joint angles.
    pub(crate) fn seen(&self, angles: &Joints<f64>) -> Aim {
        self.aim_of(&self.chain.pose(angles))
    }

    fn aim_of(&self, pose: &Pose) -> Aim {
        let hand = pose.links()[self.hand].rotation;
        Aim {
            point: pose.tool().translation.vector,
            fingers: pose.tool().rotation * Vector3::z(),
            jaw: hand * self.opening,
        }
    }

    /// The joint angles near `near` for this aim; the gripper's is left as it is there. Also how far the tool is off its point then, m.
    pub(crate) fn angles(&self, aim: &Aim, near: &Joints<f64>) -> (Joints<f64>, f64) {
        let clamp = |angles: &Joints<f64>| {
            Joints::from_fn(angles.len(), |i| {
                angles[i].clamp(self.limits[i].0, self.limits[i].1)
            })
        };
        let mut angles = clamp(near);
        angles[self.gripper] = near[self.gripper];
        let mut residual = self.residual(aim, &self.chain.pose(&angles));
        let mut damping = 1e-5;
        for _ in 0..STEPS {
            let pose = self.chain.pose(&angles);
            let slope = self.slope(&pose);
            let count = self.movers.len();
            let mut square = slope.tr_mul(&slope);
            let mut pull = slope.tr_mul(&residual);
            for row in 0..MOVERS {
                square[(row, row)] += PREFERENCE * PREFERENCE + damping;
            }
            for (row, joint) in self.movers.iter().enumerate() {
                pull[row] += PREFERENCE * PREFERENCE * (near[*joint] - angles[*joint]);
            }
            let Some(step) = square.cholesky().map(|square| square.solve(&pull)) else {
                break;
            };
            let mut next = angles;
            for row in 0..count {
                next[self.movers[row]] += step[row];
            }
            let next = clamp(&next);
            let then = self.residual(aim, &self.chain.pose(&next));
            if then.norm_squared() < residual.norm_squared() + 1e-18 {
                let moved = self.movers.iter().map(|i| (next[*i] - angles[*i]).abs());
                let moved = moved.fold(0.0, f64::max);
                (angles, residual) = (next, then);
                angles[self.gripper] = near[self.gripper];
                damping = (damping / 4.0).max(1e-10);
                if moved < STILL {
                    break;
                }
            } else {
                damping *= 4.0;
                if damping > 1e2 {
                    break;
                }
            }
        }
        let miss = (self.chain.pose(&angles).tool().translation.vector - aim.point).norm();
        (angles, miss)
    }

    /// What is missing: point, fingers and jaw, each weighted.
    fn residual(&self, aim: &Aim, pose: &Pose) -> SVector<f64, 9> {
        let seen = self.aim_of(pose);
        let mut rest = SVector::<f64, 9>::zeros();
        rest.fixed_rows_mut::<3>(0)
            .copy_from(&(aim.point - seen.point));
        rest.fixed_rows_mut::<3>(3)
            .copy_from(&((aim.fingers - seen.fingers) * POINTING));
        rest.fixed_rows_mut::<3>(6)
            .copy_from(&((aim.jaw - seen.jaw) * OPENING));
        rest
    }

    /// How all that changes with the joints that move the hand.
    fn slope(&self, pose: &Pose) -> SMatrix<f64, 9, MOVERS> {
        let seen = self.aim_of(pose);
        let mut slope = SMatrix::<f64, 9, MOVERS>::zeros();
        for (column, joint) in self.movers.iter().enumerate() {
            let link = &pose.links()[*joint];
            let axis = link.rotation * Vector3::z();
            let parts = [
                axis.cross(&(seen.point - link.translation.vector)),
                axis.cross(&seen.fingers) * POINTING,
                axis.cross(&seen.jaw) * OPENING,
            ];
            for (index, part) in parts.iter().enumerate() {
                slope
                    .fixed_view_mut::<3, 1>(3 * index, column)
                    .copy_from(part);
            }
        }
        slope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn so101() -> RobotKind {
        toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap()
    }

    // From above, anywhere in the field in which tasks lay their cubes, the tool gets to the point, and the jaw opens the right way.
    #[test]
    fn the_hand_gets_to_the_field_from_above() {
        let aimer = Aimer::new(&so101()).unwrap();
        let near = Joints::from_slice(&[0.0, -0.2, 0.5, 1.2, 0.0, 0.3]).unwrap();
        for (x, y) in [
            (0.15, 0.0),
            (0.21, 0.1),
            (0.21, -0.1),
            (0.27, 0.1),
            (0.27, 0.0),
        ] {
            for yaw in [-0.7, 0.0, 0.7] {
                let yaw: f64 = yaw + f64::atan2(y, x);
                let aim = Aim {
                    point: Vector3::new(x, y, 0.015),
                    fingers: -Vector3::z(),
                    jaw: Vector3::new(-yaw.sin(), yaw.cos(), 0.0),
                };
                let (angles, miss) = aimer.angles(&aim, &near);
                let seen = aimer.seen(&angles);
                println!(
                    "{x} {y} {yaw:.2}: miss {:.1} mm, fingers {:.2}, jaw {:.3}, {:?}",
                    miss * 1e3,
                    seen.fingers.dot(&aim.fingers).acos(),
                    seen.jaw.dot(&aim.jaw).acos(),
                    angles.map(|a| (a * 100.0).round() / 100.0)
                );
                assert!(miss < 2e-3, "{x} {y} {yaw}: {miss}");
                assert!(seen.jaw.dot(&aim.jaw) > 0.99);
            }
        }
    }
}
