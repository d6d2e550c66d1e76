//! A robot file as a whole, and what follows from it.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::f64::consts::TAU;

use serde::{Deserialize, Serialize};
use ulna_bus::family::{DriveMode, Family};
use ulna_bus::{Protocol, families, models};
use ulna_core::JointCalibration;
use ulna_core::joints::Joints;
use ulna_core::unit::{AngleMap, Unit};

use super::base::BaseSpec;
use super::frame::FrameSpec;
use super::joint::JointSpec;
use super::look::{MountedCamera, VisualSpec};
use super::protocol;
use super::simulation::SimulationSpec;
use crate::calibration::Calibration;

/// One kind of robot: a follower and the leader that drives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
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
    /// How its servos are simulated.
    #[serde(default, skip_serializing_if = "SimulationSpec::is_usual")]
    pub simulation: SimulationSpec,
    /// The joints, from the base outward, in LeRobot's order.
    pub joints: Vec<JointSpec>,
    /// What it looks like to a simulated camera.
    #[serde(default)]
    pub visuals: Vec<VisualSpec>,
    /// The cameras on it and around it.
    #[serde(default)]
    pub cameras: Vec<MountedCamera>,
    /// The robots that it is put together from, each on a bus of its own; empty if there is one bus. Their joints follow one
    /// another in [`joints`](Self::joints).
    #[serde(skip)]
    pub sides: Vec<Side>,
}

/// The servo bus of a robot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BusSpec {
    /// The packet protocol, by [`Protocol::name`].
    #[serde(with = "protocol")]
    pub protocol: Protocol,
    /// Bits per second.
    pub baud: u32,
    /// Read groups with Dynamixel's fast sync reads, if the servos turn out to know them while the arm is connected: 7 bytes less for each.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub fast_reads: bool,
}

/// A follower or a leader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
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
#[non_exhaustive]
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
#[non_exhaustive]
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
#[non_exhaustive]
pub struct KinematicsSpec {
    /// The tool frame, seen from the link of joint [`tool_joint`](Self::tool_joint).
    pub tool: FrameSpec,
    /// Name of the joint whose link carries the tool.
    pub tool_joint: String,
}

/// One of the robots that a rig is put together from, on a bus of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// `left` or `right`.
    pub name: String,
    /// The robot, with the names that its joints have without the other.
    pub kind: RobotKind,
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
            // Limits that are whole steps apart give just those, whatever the rounding.
            let range_min = (centre - half + 1e-6).max(0.0) as i32;
            let range_max = (centre + half + 1e-6).min(turn - 1.0) as i32;
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
