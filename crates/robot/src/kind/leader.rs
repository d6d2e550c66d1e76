//! The leader of a robot: the same joints, perhaps with other servos.

use alloc::collections::BTreeMap;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::kind::{RobotKind, Side};

/// What is different about a joint's servo in the leader; what is absent is as in the follower, but for the registers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaderJointSpec {
    /// Servo id on the leader's bus.
    #[serde(default)]
    pub id: Option<u8>,
    /// Servo model.
    #[serde(default)]
    pub model: Option<String>,
    /// 1 if the servo turns against the joint, on an arm that nobody has calibrated.
    #[serde(default)]
    pub drive_mode: u8,
    /// The servo's homing offset on an arm that nobody has calibrated, steps.
    #[serde(default)]
    pub homing_offset: i32,
    /// Registers written to this servo of the leader at connect, over the common ones.
    #[serde(default)]
    pub registers: BTreeMap<String, i32>,
    /// The goal that the servo is held at, in the joint's unit: a trigger that springs back. Without it the joint is limp.
    #[serde(default)]
    pub hold: Option<f64>,
}

impl RobotKind {
    /// The leader of this robot as a robot: its servos, and no wheels, which no hand turns.
    #[must_use]
    pub fn as_leader(&self) -> Self {
        let mut leader = self.clone();
        leader.joints.retain(|joint| !joint.is_wheel());
        leader.base = None;
        for joint in &mut leader.joints {
            let own = joint.leader.clone();
            joint.id = own.id.unwrap_or(joint.id);
            joint.model = own.model.unwrap_or_else(|| joint.model.clone());
            joint.drive_mode = own.drive_mode;
            joint.homing_offset = own.homing_offset;
            joint.registers = own.registers;
        }
        for side in &mut leader.sides {
            *side = Side {
                kind: side.kind.as_leader(),
                ..side.clone()
            };
        }
        leader
    }
}
