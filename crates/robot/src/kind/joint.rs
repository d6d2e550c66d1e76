//! The joints of a robot file: the servo of each, in the follower and in the leader, and the link that it moves.

use alloc::collections::BTreeMap;
use alloc::string::String;

use serde::{Deserialize, Serialize};
use ulna_core::unit::Unit;

use super::frame::FrameSpec;

/// The link that a joint moves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
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
    /// 1 if the servo turns against the joint, on an arm that is not calibrated.
    #[serde(default)]
    pub drive_mode: u8,
    /// The servo's homing offset on an arm that is not calibrated, steps.
    #[serde(default)]
    pub homing_offset: i32,
    /// Registers written to this servo of the follower at connect, over the common ones.
    #[serde(default)]
    pub registers: BTreeMap<String, i32>,
    /// What the gate allows this joint, where that is not what it allows the others.
    #[serde(default)]
    pub gate: JointGateSpec,
    /// What is different about this joint's servo in the leader.
    #[serde(default)]
    pub leader: LeaderJointSpec,
}

/// What the gate allows one joint; what is absent is as in the robot's `[gate]`. A jaw has little inertia and a hand snaps it shut faster than
/// it moves an arm.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct JointGateSpec {
    /// Fastest that a goal may move, rad/s.
    #[serde(default)]
    pub max_velocity: Option<f64>,
    /// A target further from the last goal than this ramps, rad.
    #[serde(default)]
    pub jump: Option<f64>,
    /// Speed of that ramp, rad/s.
    #[serde(default)]
    pub ramp_velocity: Option<f64>,
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

    /// True if the servo turns a wheel: its goals are speeds.
    pub fn is_wheel(&self) -> bool {
        self.unit == Unit::Velocity
    }
}

/// What is different about a joint's servo in the leader; what is absent is as in the follower, but for the registers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LeaderJointSpec {
    /// Servo id on the leader's bus.
    #[serde(default)]
    pub id: Option<u8>,
    /// Servo model.
    #[serde(default)]
    pub model: Option<String>,
    /// 1 if the servo turns against the joint, on an arm that is not calibrated.
    #[serde(default)]
    pub drive_mode: u8,
    /// The servo's homing offset on an arm that is not calibrated, steps.
    #[serde(default)]
    pub homing_offset: i32,
    /// Registers written to this servo of the leader at connect, over the common ones.
    #[serde(default)]
    pub registers: BTreeMap<String, i32>,
    /// The goal that the servo is held at, in the joint's unit: a trigger that springs back. Without it the joint is limp.
    #[serde(default)]
    pub hold: Option<f64>,
}
