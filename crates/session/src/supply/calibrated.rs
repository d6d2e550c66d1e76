//! Calibrations of simulated arms: where they come from, and where other programs find them.

use ulna_drivers::calibration::{self, CalibrationError};
use ulna_robot::{ArmRole, Calibration, RobotKind};

use crate::error::SessionError;

/// The calibration of a simulated arm: the one that a real arm of this id has, its own of an earlier `calibrate`, or a flawless one.
/// Nothing is written.
pub(super) fn calibration_of(
    kind: &RobotKind,
    role: ArmRole,
    id: Option<&str>,
) -> Result<Calibration, SessionError> {
    let Some(id) = id else {
        return Ok(kind.nominal_calibration());
    };
    let path = calibration::find_for_simulation(role, kind, id)?;
    match calibration::load(&path, id, kind) {
        Err(CalibrationError::Missing { .. }) => Ok(kind.nominal_calibration()),
        loaded => Ok(loaded?),
    }
}

/// Writes the calibration of the arm `id` where LeRobot looks for it, for its own drivers to find; a file that is there stays.
pub(super) fn publish(
    found: &Calibration,
    kind: &RobotKind,
    role: ArmRole,
    id: &str,
) -> Result<(), SessionError> {
    let path = calibration::find(role, kind, id)?;
    if !path.exists() {
        calibration::save(&path, found)?;
    }
    Ok(())
}
