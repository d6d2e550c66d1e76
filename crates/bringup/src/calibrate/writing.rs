//! The part of a calibration in which it is written down: in LeRobot's file, and in the servos.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

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
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let backup = back_up(path, &stamp(now.unwrap_or_default()))?;
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

/// Seconds since 1970 as `20260102T030405Z` (days to dates: Howard Hinnant, "chrono-compatible low-level date algorithms").
fn stamp(since_1970: Duration) -> String {
    let seconds = since_1970.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_dates() {
        let at = |seconds| stamp(Duration::from_secs(seconds));
        assert_eq!(at(0), "19700101T000000Z");
        assert_eq!(at(951_782_400), "20000229T000000Z");
        assert_eq!(at(1_795_337_999), "20261122T085959Z");
    }
}
