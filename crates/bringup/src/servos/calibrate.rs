//! Calibrating an arm: sweep first, then choose the offset.
//!
//! LeRobot asks for the middle pose first, makes it read 2047, and then records ranges; a badly chosen pose leaves the encoder's
//! wrap inside the travel. Here every joint is first moved through its whole range, counted across the wrap ([`Sweep`]), and only then
//! are offsets chosen so that the middle of each range reads 2047 ([`choose`]): the wrap is half a turn away from there by
//! construction. What comes out is LeRobot's calibration, in its file and in the servos' own registers.

mod choice;
mod sweep;

use std::collections::BTreeMap;

use serde::Serialize;
use ulna_bus::family::DriveMode;
use ulna_bus::registers::Role;
use ulna_core::JointCalibration;
use ulna_drivers::{ServoBus, ServoBusError};
use ulna_robot::{Calibration, RobotKind};
use ulna_rt::Pacer;

pub use choice::{Chosen, SweepFinding, choose, judge_pose};
pub use sweep::{Sweep, Swept};

/// What a servo holds of its calibration, steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Its homing offset.
    pub homing_offset: i32,
    /// Lowest goal obeyed.
    pub range_min: i32,
    /// Highest goal obeyed.
    pub range_max: i32,
}

impl From<&JointCalibration> for Stored {
    fn from(value: &JointCalibration) -> Self {
        Self {
            homing_offset: value.homing_offset,
            range_min: value.range_min,
            range_max: value.range_max,
        }
    }
}

/// Sets what changes the meaning of positions as the robot file has it: operating mode and sense of rotation. The servos are limp then.
/// `registers` are the role's, `own` says whether the joints' own ones count, too.
///
/// # Errors
/// If a servo does not take it, or the port is gone.
pub fn prepare(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    kind: &RobotKind,
    registers: &BTreeMap<String, i32>,
    own: bool,
) -> Result<(), ServoBusError> {
    for joint in &kind.joints {
        line.release(pacer, joint.id)?;
        for role in [Role::OperatingMode, Role::DriveMode] {
            let Some(register) = line.family().find(role) else {
                continue;
            };
            let own = joint.registers.get(register.name).filter(|_| own);
            let Some(&value) = own.or_else(|| registers.get(register.name)) else {
                continue;
            };
            if line.read(pacer, joint.id, &register)? != value {
                line.unlock(pacer, joint.id)?;
                line.set(pacer, joint.id, line.setting(joint.id, role, value)?)?;
                line.lock(pacer, joint.id)?;
            }
        }
    }
    Ok(())
}

/// Takes each joint's `drive_mode` from its servo, where servos have that: LeRobot compares it, too.
///
/// # Errors
/// If a servo does not answer, or the port is gone.
pub fn take_drive_modes(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    calibration: &mut Calibration,
) -> Result<(), ServoBusError> {
    if line.family().drive_mode == DriveMode::InServo {
        for (_, value) in &mut calibration.joints {
            value.drive_mode = u8::from(line.get(pacer, value.id, Role::DriveMode)? & 1 != 0);
        }
    }
    Ok(())
}

/// What a servo holds.
///
/// # Errors
/// If it does not answer, or the port is gone.
pub fn stored(line: &mut ServoBus, pacer: &mut dyn Pacer, id: u8) -> Result<Stored, ServoBusError> {
    Ok(Stored {
        homing_offset: match line.family().find(Role::HomingOffset) {
            Some(register) => line.read(pacer, id, &register)?,
            None => 0,
        },
        range_min: line.get(pacer, id, Role::MinPosition)?,
        range_max: line.get(pacer, id, Role::MaxPosition)?,
    })
}

/// Writes one joint's calibration into its servo and reads it back. The servo is limp afterwards. What it holds already is not
/// written again: its EEPROM wears out.
///
/// # Errors
/// If the servo does not take it, or the port is gone.
pub fn store(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    value: &JointCalibration,
) -> Result<(), ServoBusError> {
    let family = line.family();
    let id = value.id;
    line.release(pacer, id)?;
    line.unlock(pacer, id)?;
    let mut wanted = vec![
        (Role::MinPosition, value.range_min),
        (Role::MaxPosition, value.range_max),
    ];
    if family.find(Role::HomingOffset).is_some() {
        wanted.push((Role::HomingOffset, value.homing_offset));
    }
    if family.find(Role::TurnCounting).is_some() {
        let bits = line.get(pacer, id, Role::TurnCounting)?;
        wanted.push((Role::TurnCounting, bits & !family.multi_turn_bits));
    }
    for (role, value) in wanted {
        if line.get(pacer, id, role)? != value {
            line.set(pacer, id, line.setting(id, role, value)?)?;
        }
    }
    line.lock(pacer, id)
}

/// One joint whose servo holds other numbers than the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JointDifference {
    /// The joint.
    pub joint: String,
    /// What the file says.
    pub file: Stored,
    /// What the servo holds.
    pub servo: Stored,
}

/// The joints whose servos hold other numbers than `calibration`: those for which LeRobot, too, would call the arm not calibrated.
///
/// # Errors
/// If a servo does not answer, or the port is gone.
pub fn differences(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    calibration: &Calibration,
) -> Result<Vec<JointDifference>, ServoBusError> {
    let mut differences = Vec::new();
    for (joint, value) in &calibration.joints {
        let (file, servo) = (Stored::from(value), stored(line, pacer, value.id)?);
        if file != servo {
            differences.push(JointDifference {
                joint: joint.clone(),
                file,
                servo,
            });
        }
    }
    Ok(differences)
}

/// The homing offsets that the servos hold now, steps: what has to be undone to know where their encoders really are.
///
/// # Errors
/// If a servo does not answer, or the port is gone.
pub fn offsets(
    line: &mut ServoBus,
    pacer: &mut dyn Pacer,
    kind: &RobotKind,
) -> Result<Vec<i32>, ServoBusError> {
    let Some(register) = line.family().find(Role::HomingOffset) else {
        return Ok(vec![0; kind.dof()]);
    };
    kind.joints
        .iter()
        .map(|joint| line.read(pacer, joint.id, &register))
        .collect()
}
