//! Which registers a servo should hold, and which of them differ.

use std::collections::BTreeMap;

use ulna_bus::registers::{Access, Register, Table, sts3215};
use ulna_robot::{ArmRole, RobotKind};
use ulna_rt::Pacer;

use super::ConnectError;
use crate::arm::ServoArm;

/// How long a register keeps its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Without power, too; writing it needs the torque off.
    Lasting,
    /// It is forgotten with the power.
    UntilPowerIsOff,
}

impl ServoArm {
    /// The registers that are not yet as this role wants them: index of the servo, register, value wanted.
    pub(super) fn changes(
        &mut self,
        pacer: &mut dyn Pacer,
        kind: &RobotKind,
        role: ArmRole,
        kept: Kept,
    ) -> Result<Vec<(usize, Register, i32)>, ConnectError> {
        let mut changes = Vec::new();
        for index in 0..self.servos.len() {
            let table = self.servos[index].model.table;
            for (register, value) in settings(kind, index, role, table)? {
                let lasting = register.access != Access::Ram;
                // An unchanged register is left alone: the servo's EEPROM wears out.
                if lasting == (kept == Kept::Lasting)
                    && self.read(pacer, index, &register)? != value
                {
                    changes.push((index, register, value));
                }
            }
            // Multi-turn feedback would report positions beyond one turn.
            if let Some(register) = table.by_name(PHASE).filter(|_| kept == Kept::Lasting) {
                let phase = self.read(pacer, index, register)?;
                let multi_turn = i32::from(sts3215::PHASE_MULTI_TURN_FEEDBACK);
                if phase & multi_turn != 0 {
                    changes.push((index, *register, phase & !multi_turn));
                }
            }
        }
        Ok(changes)
    }
}

/// The register of Feetech's servos that holds, among other things, how they count turns.
const PHASE: &str = sts3215::PHASE.name;

/// The registers to write to one servo: the role's common ones, and over them the joint's own. (A leader's joints are those of
/// [`RobotKind::as_leader`].)
fn settings(
    kind: &RobotKind,
    index: usize,
    role: ArmRole,
    table: &Table,
) -> Result<Vec<(Register, i32)>, ConnectError> {
    let mut values: BTreeMap<&str, i32> = BTreeMap::new();
    let common = &role.spec(kind).registers;
    let own = kind.joints.get(index).map(|joint| &joint.registers);
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
        let register = table
            .by_name(name)
            .ok_or_else(|| bad("the servo has no register of that name"))?;
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
