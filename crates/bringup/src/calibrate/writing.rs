//! The part of a calibration in which it is written down: in LeRobot's file, and in the servos.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use ulna_drivers::calibration::{back_up, save};
use ulna_robot::Calibration;

use crate::dialogue::Dialogue;
use crate::error::BringupError;
use crate::service::ServiceSession;
use crate::servos::calibrate::store;

/// Writes the file, and keeps a copy of the one that it replaces.
pub(super) fn into_file(
    path: &Path,
    calibration: &Calibration,
) -> Result<Option<PathBuf>, BringupError> {
    let backup = back_up(path, &stamp(Timestamp::now()))?;
    save(path, calibration)?;
    Ok(backup)
}

/// Writes every servo's part and reads it back.
pub(super) fn into_servos(
    work: &mut ServiceSession,
    calibration: &Calibration,
    talk: &mut dyn Dialogue,
) -> Result<(), BringupError> {
    let count = calibration.joints.len();
    for (done, (joint, value)) in calibration.joints.iter().enumerate() {
        talk.progress(done as u64, count as u64, &format!("writing {joint}"));
        store(&mut work.line, &mut *work.pacer, value)?;
        if done + 1 < count {
            work.check_stop(&format!(
                "{} of {count} servos hold the calibration of the file, the arm is limp; `ulna calibrate --restore` writes the others",
                done + 1
            ))?;
        }
    }
    talk.clear();
    Ok(())
}

/// A time as `20260102T030405Z`.
fn stamp(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_dates() {
        let at = |seconds| stamp(Timestamp::from_second(seconds).unwrap());
        assert_eq!(at(0), "19700101T000000Z");
        assert_eq!(at(951_782_400), "20000229T000000Z");
        assert_eq!(at(1_795_337_999), "20261122T085959Z");
    }
}
