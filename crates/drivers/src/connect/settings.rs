//! Which registers a servo should hold, and which of them differ.

use std::collections::BTreeMap;

use ulna_bus::registers::{Access, Register, sts3215};
use ulna_core::RobotKind;
use ulna_rt::Pacer;

use super::{ConnectError, Role};
use crate::arm::ServoArm;

impl ServoArm {
    /// The registers that are not yet as this role wants them: index of the servo, register, value wanted.
    pub(super) fn changes(
        &mut self,
        pacer: &mut dyn Pacer,
        kind: &RobotKind,
        role: Role,
    ) -> Result<Vec<(usize, Register, i32)>, ConnectError> {
        let mut changes = Vec::new();
        for index in 0..self.servos.len() {
            for (register, value) in settings(kind, index, role)? {
                // An unchanged register is left alone: the servo's EEPROM wears out.
                if self.read(pacer, index, &register)? != value {
                    changes.push((index, register, value));
                }
            }
            // Multi-turn feedback would report positions beyond one turn.
            let phase = self.read(pacer, index, &sts3215::PHASE)?;
            let multi_turn = i32::from(sts3215::PHASE_MULTI_TURN_FEEDBACK);
            if phase & multi_turn != 0 {
                changes.push((index, sts3215::PHASE, phase & !multi_turn));
            }
        }
        Ok(changes)
    }
}

/// The registers to write to one servo: the role's common ones, and over them the joint's own if it is a follower's.
fn settings(
    kind: &RobotKind,
    index: usize,
    role: Role,
) -> Result<Vec<(Register, i32)>, ConnectError> {
    let mut values: BTreeMap<&str, i32> = BTreeMap::new();
    let common = match role {
        Role::Follower => &kind.follower.registers,
        Role::Leader => &kind.leader.registers,
    };
    let own = kind
        .joints
        .get(index)
        .map(|joint| &joint.registers)
        .filter(|_| role == Role::Follower);
    for (name, value) in common.iter().chain(own.into_iter().flatten()) {
        values.insert(name, *value);
    }
    let look_up = |(name, value): (&str, i32)| {
        let bad = |reason: &str| ConnectError::BadSetting {
            robot: kind.name.clone(),
            register: name.to_owned(),
            value,
            reason: reason.to_owned(),
        };
        let register =
            sts3215::by_name(name).ok_or_else(|| bad("the servo has no register of that name"))?;
        if register.access == Access::ReadOnly {
            return Err(bad("that register can only be read"));
        }
        register
            .encode(value)
            .map_err(|error| bad(&error.to_string()))?;
        Ok((*register, value))
    };
    values.into_iter().map(look_up).collect()
}
