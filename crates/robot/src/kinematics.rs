//! Where the links of a robot are: forward kinematics of a tree of revolute joints.
//!
//! Both the controller and the simulator need it, so it lives below them. Frames: right-handed, lengths in m, angles in rad;
//! the base frame is the robot file's; every joint turns about the z axis of its own frame.

mod inverse;

use nalgebra::{Isometry3, Point3, Translation3, UnitQuaternion, Vector3};

use crate::kind::{FrameSpec, RobotKind};
use ulna_core::joints::{Joints, MAX_JOINTS};

impl FrameSpec {
    /// The frame as a rigid motion from its own coordinates to its parent's.
    pub fn isometry(&self) -> Isometry3<f64> {
        let [x, y, z] = self.xyz;
        let [roll, pitch, yaw] = self.rpy;
        Isometry3::from_parts(
            Translation3::new(x, y, z),
            UnitQuaternion::from_euler_angles(roll, pitch, yaw),
        )
    }
}

/// The kinematic tree of a robot, ready to be posed.
#[derive(Debug, Clone)]
pub struct Chain {
    len: usize,
    frames: [Isometry3<f64>; MAX_JOINTS],
    parents: [Option<usize>; MAX_JOINTS],
    tool_joint: usize,
    tool: Isometry3<f64>,
}

/// Where every link of a robot is, in the base frame.
#[derive(Debug, Clone)]
pub struct Pose {
    links: [Isometry3<f64>; MAX_JOINTS],
    len: usize,
    tool: Isometry3<f64>,
}

impl Chain {
    /// The chain of a validated robot file.
    pub fn new(kind: &RobotKind) -> Self {
        let mut chain = Self {
            len: kind.joints.len().min(MAX_JOINTS),
            frames: [Isometry3::identity(); MAX_JOINTS],
            parents: [None; MAX_JOINTS],
            tool_joint: kind
                .names()
                .position(|name| name == kind.kinematics.tool_joint)
                .unwrap_or(0),
            tool: kind.kinematics.tool.isometry(),
        };
        for (index, joint) in kind.joints.iter().take(MAX_JOINTS).enumerate() {
            chain.frames[index] = joint.frame.isometry();
            chain.parents[index] = joint.parent;
        }
        chain
    }

    /// Where the links are when the joints have these angles (rad); missing angles count as zero.
    pub fn pose(&self, angles: &Joints<f64>) -> Pose {
        let mut links = [Isometry3::identity(); MAX_JOINTS];
        for index in 0..self.len {
            let turn = UnitQuaternion::from_axis_angle(
                &Vector3::z_axis(),
                angles.get(index).copied().unwrap_or(0.0),
            );
            let parent = self.parents[index].map_or(Isometry3::identity(), |parent| links[parent]);
            links[index] = parent * self.frames[index] * turn;
        }
        Pose {
            links,
            len: self.len,
            tool: links[self.tool_joint] * self.tool,
        }
    }
}

impl Pose {
    /// Each link's frame (the frame of the joint that moves it) in the base frame.
    pub fn links(&self) -> &[Isometry3<f64>] {
        &self.links[..self.len]
    }

    /// The tool frame in the base frame.
    pub fn tool(&self) -> &Isometry3<f64> {
        &self.tool
    }

    /// The tool's origin in the base frame, m.
    pub fn tool_point(&self) -> Point3<f64> {
        self.tool.translation.vector.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn so101() -> RobotKind {
        toml::from_str(include_str!("../configs/so101.toml")).unwrap()
    }

    // Positions at zero that MuJoCo gives for the published SO-101 model.
    #[test]
    fn the_so101_at_zero_stands_where_mujoco_has_it() {
        let pose = Chain::new(&so101()).pose(&Joints::filled(6, 0.0));
        let near = |point: &Vector3<f64>, expected: [f64; 3]| {
            assert!(
                (point - Vector3::from(expected)).norm() < 2e-4,
                "{point:?} is not {expected:?}"
            );
        };
        near(
            &pose.links()[2].translation.vector,
            [0.0972, -0.0183, 0.2292],
        );
        near(
            &pose.links()[3].translation.vector,
            [0.2321, -0.0183, 0.2344],
        );
        near(&pose.tool_point().coords, [0.3914, 0.0, 0.2265]);
    }

    #[test]
    fn panning_turns_the_tool_about_the_vertical() {
        let chain = Chain::new(&so101());
        let mut angles = Joints::filled(6, 0.0);
        let before = chain.pose(&angles).tool_point();
        angles[0] = 0.5;
        let after = chain.pose(&angles).tool_point();
        assert!((before.z - after.z).abs() < 1e-9 && (before - after).norm() > 0.1);
    }
}
