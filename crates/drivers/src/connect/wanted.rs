//! What the robot file has each servo hold in a role.

use std::collections::BTreeMap;

use ulna_bus::Model;
use ulna_bus::registers::Role as Use;
use ulna_robot::{ArmRole, RobotKind};

use super::error::ConnectError;
use crate::servo_bus::FileSetting;

/// The registers to write to one servo: the role's common ones, and over them the joint's own. (A leader's joints are those of
/// [`RobotKind::as_leader`].)
pub(super) fn settings(
    kind: &RobotKind,
    index: usize,
    role: ArmRole,
    model: &Model,
) -> Result<Vec<FileSetting>, ConnectError> {
    let mut values: BTreeMap<&str, i32> = BTreeMap::new();
    let common = &role.spec(kind).registers;
    let own = kind.joints.get(index).map(|joint| &joint.registers);
    for (name, value) in common.iter().chain(own.into_iter().flatten()) {
        values.insert(name, *value);
    }
    let mode = model.table.find(Use::OperatingMode);
    let mode = mode.and_then(|register| values.get(register.name).copied());
    let checked = |(name, value): (&str, i32)| {
        FileSetting::new(model, name, value, mode).map_err(|reason| ConnectError::BadSetting {
            robot: kind.name.clone(),
            register: name.to_owned(),
            value,
            reason: reason.to_string(),
        })
    };
    values.into_iter().map(checked).collect()
}
