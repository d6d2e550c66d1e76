//! The leader of a robot: the same joints, perhaps with other servos.

use crate::kind::{RobotKind, Side, SimulationSpec};

impl RobotKind {
    /// The leader of this robot as a robot: its servos, and no wheels, which no hand turns.
    #[must_use]
    pub fn as_leader(&self) -> Self {
        let mut leader = self.clone();
        leader.joints.retain(|joint| !joint.is_wheel());
        leader.base = None;
        leader.simulation = SimulationSpec::default();
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
