//! Robots made of other robots: one with something added, or a pair of arms.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use nalgebra::Isometry3;
use serde::{Deserialize, Serialize};

use super::{
    BaseSpec, BusSpec, ExitSpec, FrameSpec, GateSpec, JointSpec, KinematicsSpec, MountedCamera,
    RobotFileError, RobotKind, RoleSpec, Side, SimulationSpec, TravelSpec, VisualSpec,
};

/// A robot made of others; what it does not say is as in the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ComposedFile {
    /// Name by which commands call it.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// Another robot, on whose bus this one's own joints are, too.
    #[serde(default)]
    pub extends: Option<ExtendsSpec>,
    /// Two robots of one kind, each on a bus of its own.
    #[serde(default)]
    pub pair: Option<PairSpec>,
    /// See [`RobotKind::bus`].
    #[serde(default)]
    pub bus: Option<BusSpec>,
    /// See [`RobotKind::follower`].
    #[serde(default)]
    pub follower: Option<RoleSpec>,
    /// See [`RobotKind::leader`].
    #[serde(default)]
    pub leader: Option<RoleSpec>,
    /// See [`RobotKind::driven_by`].
    #[serde(default)]
    pub driven_by: Option<String>,
    /// See [`RobotKind::gate`].
    #[serde(default)]
    pub gate: Option<GateSpec>,
    /// See [`RobotKind::exit`]; joints by the names that they have here.
    #[serde(default)]
    pub exit: Option<ExitSpec>,
    /// See [`RobotKind::kinematics`].
    #[serde(default)]
    pub kinematics: Option<KinematicsSpec>,
    /// See [`RobotKind::base`].
    #[serde(default)]
    pub base: Option<BaseSpec>,
    /// See [`RobotKind::simulation`].
    #[serde(default)]
    pub simulation: Option<SimulationSpec>,
    /// Where joints end on this arm, by the names that they have here.
    #[serde(default)]
    pub limits: BTreeMap<String, TravelSpec>,
    /// Joints that come after the other's.
    #[serde(default)]
    pub joints: Vec<JointSpec>,
    /// Solids that come after the other's.
    #[serde(default)]
    pub visuals: Vec<VisualSpec>,
    /// Cameras instead of the other's.
    #[serde(default)]
    pub cameras: Option<Vec<MountedCamera>>,
}

/// The robot that another one is an extension of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ExtendsSpec {
    /// Its name.
    pub of: String,
    /// What the names of its joints begin with here.
    #[serde(default)]
    pub prefix: String,
    /// Its base in this robot's base frame.
    #[serde(default)]
    pub at: FrameSpec,
}

/// A pair of arms, named as LeRobot's `bi_so_follower` has it: `left_` and `right_` before the names of joints and cameras, `_left` and
/// `_right` after the id under which each arm was calibrated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PairSpec {
    /// The kind of both.
    pub of: String,
    /// From one base to the other, along y, m.
    pub distance: f64,
    /// LeRobot's name of the pair of followers: datasets carry it.
    pub follower_type: String,
    /// LeRobot's name of the pair of leaders.
    pub leader_type: String,
}

impl ComposedFile {
    /// Names of the robots that it is made of; anything but one is a mistake.
    pub fn of(&self) -> Vec<&str> {
        let extended = self.extends.iter().map(|spec| spec.of.as_str());
        let paired = self.pair.iter().map(|spec| spec.of.as_str());
        extended.chain(paired).collect()
    }

    /// The robot, from the one that [`of`](Self::of) names.
    ///
    /// # Errors
    /// If it speaks of a joint that the robot does not have.
    pub fn build(self, of: RobotKind) -> Result<RobotKind, RobotFileError> {
        let mut kind = match (&self.pair, &self.extends) {
            (Some(pair), _) => paired(pair, &of),
            (None, Some(spec)) => of.moved(&spec.prefix, &spec.at.isometry(), 0),
            (None, None) => of,
        };
        kind.name = self.name;
        kind.summary = self.summary;
        kind.joints.extend(self.joints);
        kind.visuals.extend(self.visuals);
        replace(&mut kind.bus, self.bus);
        replace(&mut kind.follower, self.follower);
        replace(&mut kind.leader, self.leader);
        replace(&mut kind.gate, self.gate);
        replace(&mut kind.exit, self.exit);
        replace(&mut kind.kinematics, self.kinematics);
        replace(&mut kind.cameras, self.cameras);
        kind.base = self.base.or(kind.base);
        kind.driven_by = self.driven_by.or(kind.driven_by);
        if let Some(simulation) = self.simulation {
            for side in &mut kind.sides {
                side.kind.simulation.clone_from(&simulation);
            }
            kind.simulation = simulation;
        }
        kind.set_limits(&self.limits)?;
        Ok(kind)
    }
}

fn replace<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn paired(pair: &PairSpec, of: &RobotKind) -> RobotKind {
    let shifted = |name: &str, shift: f64, first: usize| {
        let at = Isometry3::translation(0.0, shift * pair.distance, 0.0);
        of.clone().moved(&format!("{name}_"), &at, first)
    };
    let mut both = shifted("left", 0.5, 0);
    let right = shifted("right", -0.5, of.dof());
    both.joints.extend(right.joints);
    both.visuals.extend(right.visuals);
    both.cameras.extend(right.cameras);
    both.exit.park.extend(right.exit.park);
    both.follower.robot_type.clone_from(&pair.follower_type);
    both.leader.robot_type.clone_from(&pair.leader_type);
    let side = |name: &str| Side {
        name: String::from(name),
        kind: of.clone(),
    };
    both.sides = ["left", "right"].map(side).into();
    both
}

impl RobotKind {
    /// This robot with its base at `at` and `prefix` before all names, as joints `first` and following of another one.
    fn moved(mut self, prefix: &str, at: &Isometry3<f64>, first: usize) -> Self {
        let rename = |name: &mut String| name.insert_str(0, prefix);
        for joint in &mut self.joints {
            rename(&mut joint.name);
            match &mut joint.parent {
                Some(parent) => *parent += first,
                None => joint.frame = at_frame(at, &joint.frame),
            }
        }
        for visual in &mut self.visuals {
            match &mut visual.joint {
                Some(joint) => rename(joint),
                None => visual.frame = at_frame(at, &visual.frame),
            }
        }
        for camera in &mut self.cameras {
            rename(&mut camera.name);
            match &mut camera.joint {
                Some(joint) => rename(joint),
                None => camera.frame = at_frame(at, &camera.frame),
            }
        }
        let park = core::mem::take(&mut self.exit.park).into_iter();
        self.exit.park = park
            .map(|(name, angle)| (format!("{prefix}{name}"), angle))
            .collect();
        rename(&mut self.kinematics.tool_joint);
        self
    }
}

fn at_frame(at: &Isometry3<f64>, frame: &FrameSpec) -> FrameSpec {
    let moved = at * frame.isometry();
    let (roll, pitch, yaw) = moved.rotation.euler_angles();
    FrameSpec {
        xyz: moved.translation.vector.into(),
        rpy: [roll, pitch, yaw],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinematics::Chain;
    use ulna_core::joints::Joints;

    fn so101() -> RobotKind {
        toml::from_str(include_str!("../../configs/so101.toml")).unwrap()
    }

    fn pair() -> RobotKind {
        let file: ComposedFile = toml::from_str(
            "name = \"two\"\nsummary = \"\"\n[pair]\nof = \"so101\"\ndistance = 0.4\nfollower_type = \"bi\"\nleader_type = \"bi_leader\"",
        )
        .unwrap();
        assert_eq!(file.of(), ["so101"]);
        file.build(so101()).unwrap()
    }

    #[test]
    fn a_pair_is_two_arms_side_by_side() {
        let pair = pair();
        pair.validate().unwrap();
        let one = so101();
        assert_eq!((pair.dof(), pair.sides.len()), (12, 2));
        assert_eq!(pair.joints[7].name, "right_shoulder_lift");
        assert_eq!(pair.joints[7].parent, Some(6));
        assert_eq!(pair.sides[1].name, "right");
        assert!(
            pair.cameras
                .iter()
                .any(|camera| camera.name == "left_wrist")
        );
        let angles = [0.1, -0.4, 0.5, 0.2, -0.7, 0.6];
        let twice = [angles, angles].concat();
        let alone = Chain::new(&one).pose(&Joints::from_slice(&angles).unwrap());
        let both = Chain::new(&pair).pose(&Joints::from_slice(&twice).unwrap());
        for (joint, link) in alone.links().iter().enumerate() {
            for (first, shift) in [(0, 0.2), (6, -0.2)] {
                let gap = both.links()[first + joint].translation.vector - link.translation.vector;
                assert!((gap - nalgebra::Vector3::new(0.0, shift, 0.0)).norm() < 1e-9);
            }
        }
    }

    #[test]
    fn an_extension_keeps_what_it_does_not_say() {
        let file: ComposedFile = toml::from_str(
            "name = \"more\"\nsummary = \"\"\ncameras = []\n[extends]\nof = \"so101\"\nprefix = \"arm_\"\nat = { xyz = [0.0, 0.0, 0.1] }",
        )
        .unwrap();
        let more = file.build(so101()).unwrap();
        more.validate().unwrap();
        assert_eq!(more.joints[5].name, "arm_gripper");
        assert_eq!(more.kinematics.tool_joint, "arm_wrist_roll");
        assert!((more.joints[0].frame.xyz[2] - 0.1624).abs() < 1e-9);
        assert!(more.exit.park.contains_key("arm_elbow_flex") && more.cameras.is_empty());
        assert_eq!(more.follower, so101().follower);
    }
}
