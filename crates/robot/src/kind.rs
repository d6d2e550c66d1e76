//! The robot file: what is known about one *kind* of robot, as data.
//!
//! Adding an arm made of known servos means adding such a file; no code branches on a robot's name. What belongs to one
//! particular arm (port, calibration) lives elsewhere.

mod base;
mod compose;
mod leader;
mod limits;
mod look;
mod protocol;
mod validate;

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use ulna_bus::family::{DriveMode, Family};
use ulna_bus::{families, models};
use ulna_core::JointCalibration;
use ulna_core::joints::Joints;
use ulna_core::unit::{AngleMap, Unit};

pub use base::{BaseSpec, Omni};
pub use compose::{ComposedFile, ExtendsSpec, PairSpec, Side};
pub use leader::LeaderJointSpec;
pub use look::{CameraSpec, Colour, ColourError, CylinderSpec, ShapeSpec, TaperSpec, VisualSpec};
pub use ulna_bus::Protocol;
pub use validate::RobotFileError;

/// One kind of robot: a follower and the leader that drives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotKind {
    /// Name by which commands call it, e.g. `so101`.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// The servo bus.
    pub bus: BusSpec,
    /// The arm that moves.
    pub follower: RoleSpec,
    /// The arm that is moved by hand.
    pub leader: RoleSpec,
    /// Name of the robot whose leader drives this one; its own if absent.
    #[serde(default)]
    pub driven_by: Option<String>,
    /// What the safety gate allows.
    pub gate: GateSpec,
    /// What happens when a session ends.
    pub exit: ExitSpec,
    /// Where the robot's base and tool are.
    pub kinematics: KinematicsSpec,
    /// The wheels that it stands on, if any.
    #[serde(default)]
    pub base: Option<BaseSpec>,
    /// The joints, from the base outward, in LeRobot's order.
    pub joints: Vec<JointSpec>,
    /// What it looks like to a simulated camera.
    #[serde(default)]
    pub visuals: Vec<VisualSpec>,
    /// The cameras on it and around it.
    #[serde(default)]
    pub cameras: Vec<CameraSpec>,
    /// The robots that it is put together from, each on a bus of its own; empty if there is one bus. Their joints follow one
    /// another in [`joints`](Self::joints).
    #[serde(skip)]
    pub sides: Vec<Side>,
}

/// The servo bus of a robot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusSpec {
    /// The packet protocol, by [`Protocol::name`].
    #[serde(with = "protocol")]
    pub protocol: Protocol,
    /// Bits per second.
    pub baud: u32,
}

/// A follower or a leader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleSpec {
    /// LeRobot's name of the class: datasets carry it as `robot_type`, calibration files lie in a folder of this name.
    pub robot_type: String,
    /// Names that older versions of LeRobot gave it; calibration files may still lie in folders of these names.
    #[serde(default)]
    pub older_types: Vec<String>,
    /// Registers written to every servo at connect: name of the control table → value.
    #[serde(default)]
    pub registers: BTreeMap<String, i32>,
}

/// What the gate allows; angles and angular speeds of the joints, whatever unit they are commanded in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateSpec {
    /// Fastest that a goal may move, rad/s.
    pub max_velocity: f64,
    /// A target further from the last goal than this ramps, rad.
    pub jump: f64,
    /// Speed of that ramp, rad/s.
    pub ramp_velocity: f64,
    /// An action older than this holds the arm, ms.
    pub stale_ms: u32,
}

/// What happens at the end of a session, after the arm has been held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExitSpec {
    /// Hold, park or release.
    pub then: ExitAction,
    /// Joint name → angle of the resting pose, degrees from the joint's zero; needed to park.
    #[serde(default)]
    pub park: BTreeMap<String, f64>,
    /// Speed on the way to the resting pose, rad/s.
    pub park_velocity: f64,
    /// Longest that parking may take, s; then the arm is released where it is.
    pub limit_s: f64,
}

/// How a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitAction {
    /// Keep the torque on and stay.
    Hold,
    /// Go to the resting pose at park speed, then switch the torque off.
    Park,
    /// Switch the torque off where the arm stands.
    Release,
}

/// Frames that belong to no joint. Lengths in m, angles in rad (roll, pitch, yaw about fixed axes, as URDF has them).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KinematicsSpec {
    /// The tool frame, seen from the link of joint [`tool_joint`](Self::tool_joint).
    pub tool: FrameSpec,
    /// Name of the joint whose link carries the tool.
    pub tool_joint: String,
}

/// A frame in its parent's frame.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameSpec {
    /// Origin, m.
    pub xyz: [f64; 3],
    /// Roll, pitch, yaw about the fixed axes, rad; not turned if absent.
    #[serde(default)]
    pub rpy: [f64; 3],
}

/// The link that a joint moves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkSpec {
    /// kg.
    pub mass: f64,
    /// Centre of mass in the joint's frame, m.
    pub com: [f64; 3],
    /// Inertia about the centre of mass: xx, yy, zz, xy, xz, yz, kg·m².
    pub inertia: [f64; 6],
}

/// One joint with its servo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointSpec {
    /// LeRobot's motor name.
    pub name: String,
    /// Servo id on the bus.
    pub id: u8,
    /// Servo model, e.g. `sts3215`.
    pub model: String,
    /// Encoder steps per turn.
    pub resolution: u32,
    /// The unit of states and actions; that of a wheel is `velocity`.
    pub unit: Unit,
    /// Lowest joint angle, rad.
    pub lower: f64,
    /// Highest joint angle, rad.
    pub upper: f64,
    /// The joint turns all the way round: LeRobot calibrates it to the servo's whole turn.
    #[serde(default)]
    pub full_turn: bool,
    /// The joint's frame at angle zero in its parent's; it turns about its own z axis.
    pub frame: FrameSpec,
    /// Index of the joint whose link carries this one; the base if absent.
    #[serde(default)]
    pub parent: Option<usize>,
    /// What the joint moves.
    pub link: LinkSpec,
    /// 1 if the servo turns against the joint, on an arm that nobody has calibrated.
    #[serde(default)]
    pub drive_mode: u8,
    /// The servo's homing offset on an arm that nobody has calibrated, steps.
    #[serde(default)]
    pub homing_offset: i32,
    /// Registers written to this servo of the follower at connect, over the common ones.
    #[serde(default)]
    pub registers: BTreeMap<String, i32>,
    /// What is different about this joint's servo in the leader.
    #[serde(default)]
    pub leader: LeaderJointSpec,
}

impl JointSpec {
    /// The joint's angle at the middle of its calibrated range, rad.
    ///
    /// LeRobot's degrees count from the middle of the range. A joint that turns all the way round has its zero there.
    pub fn middle(&self) -> f64 {
        if self.full_turn {
            0.0
        } else {
            f64::midpoint(self.lower, self.upper)
        }
    }

    /// True if the servo turns a wheel: it is told speeds.
    pub fn is_wheel(&self) -> bool {
        self.unit == Unit::Velocity
    }
}

impl RobotKind {
    /// How many joints.
    pub fn dof(&self) -> usize {
        self.joints.len()
    }

    /// Joint names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.joints.iter().map(|joint| joint.name.as_str())
    }

    /// LeRobot's name of each number of a state or an action, in order: `shoulder_pan.pos`, `x.vel`.
    pub fn value_names(&self) -> Vec<String> {
        self.named_values(|joint| alloc::format!("{joint}.pos"))
    }

    /// What people call each number of a state or an action, in order: `shoulder_pan`, `x.vel`.
    pub fn labels(&self) -> Vec<String> {
        self.named_values(str::to_owned)
    }

    fn named_values(&self, position: impl for<'a> Fn(&'a str) -> String) -> Vec<String> {
        let mut body = BaseSpec::VALUES.iter();
        let name = |joint: &JointSpec| match joint.is_wheel().then(|| body.next()).flatten() {
            Some(value) => String::from(*value),
            None => position(&joint.name),
        };
        self.joints.iter().map(name).collect()
    }

    /// The same robot with every joint that is neither a gripper nor a wheel in `unit`: older LeRobot datasets use -100..100.
    #[must_use]
    pub fn in_unit(mut self, unit: Unit) -> Self {
        for joint in &mut self.joints {
            if matches!(joint.unit, Unit::Degrees | Unit::M100) {
                joint.unit = unit;
            }
        }
        for side in &mut self.sides {
            side.kind = side.kind.clone().in_unit(unit);
        }
        self
    }

    /// What calibrating a flawless arm of this kind would give: every range centred on the middle of the servo's turn.
    #[allow(clippy::cast_possible_truncation)]
    pub fn nominal_calibration(&self) -> Calibration {
        let joints = self.joints.iter().map(|joint| {
            let turn = f64::from(joint.resolution);
            let half = if joint.full_turn {
                turn / 2.0
            } else {
                (joint.upper - joint.lower) / 2.0 / TAU * turn
            };
            let centre = turn / 2.0 - 0.5;
            let range_min = (centre - half).max(0.0) as i32;
            let range_max = (centre + half).min(turn - 1.0) as i32;
            (
                joint.name.clone(),
                JointCalibration {
                    id: joint.id,
                    drive_mode: joint.drive_mode,
                    homing_offset: joint.homing_offset,
                    range_min,
                    range_max,
                },
            )
        });
        Calibration {
            joints: joints.collect(),
        }
    }

    /// The map from each joint's unit to its angle, for an arm with this calibration (one entry per joint, in order).
    pub fn angle_maps(&self, calibration: &Calibration) -> Joints<AngleMap> {
        let mut maps = Joints::filled(self.dof(), AngleMap::default());
        for ((map, joint), value) in maps.iter_mut().zip(&self.joints).zip(calibration.values()) {
            *map = joint
                .unit
                .to_radians(&self.on_wire(value), joint.resolution, joint.middle());
        }
        maps
    }

    /// The family of the servos: that of the first joint's model or, for a model that is not known, the first that speaks the bus' protocol.
    pub fn family(&self) -> Option<&'static Family> {
        let first = self.joints.first();
        let model = first.and_then(|joint| models::by_name(&joint.model));
        let any = || families::speaking(self.bus.protocol).next();
        model.map(|model| model.family).or_else(any)
    }

    /// A joint's calibration as positions on the bus have it: the host reverses nothing that the servo reverses already.
    pub fn on_wire(&self, value: &JointCalibration) -> JointCalibration {
        let by_servo = |family: &Family| family.drive_mode == DriveMode::InServo;
        let drive_mode = match self.family().is_some_and(by_servo) {
            true => 0,
            false => value.drive_mode,
        };
        JointCalibration {
            drive_mode,
            ..*value
        }
    }
}

#[cfg(test)]
mod tests;
