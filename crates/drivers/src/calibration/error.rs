//! What can be wrong with calibration files.

use std::path::PathBuf;

use ulna_outside::Printable;
use ulna_outside::files::at_home;
use ulna_outside::name::NameError;

/// What is wrong with a calibration file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// There is none.
    #[error(
        "there is no calibration for `{}` (looked for {}): calibrate the arm with \
         `{}`, or pass the id under which it was calibrated",
        Printable(id),
        Printable(at_home(path)),
        Printable(command)
    )]
    Missing {
        /// The arm's id.
        id: String,
        /// Where it should be.
        path: PathBuf,
        /// The command of `ulna` that makes it.
        command: String,
    },
    /// It cannot be read or written.
    #[error("calibration file {}: {source}", Printable(path.display()))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// It is no calibration.
    #[error(
        "calibration file {}: {}; calibrate the arm again, or restore the file from a backup",
        Printable(path.display()), Printable(problem)
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        problem: CalibrationFault,
    },
    /// A name that could lead elsewhere.
    #[error("`{}` cannot be {what}: {}; use letters, digits, `-`, `_`, `.` and spaces", Printable(&wrong.name), wrong.problem)]
    BadName {
        /// What it should name.
        what: &'static str,
        /// The name, and what is wrong with it.
        wrong: NameError,
    },
}

/// What is wrong with the text of a calibration file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrationFault {
    /// It is not JSON, or no object.
    #[error("this is no JSON object: {0}")]
    Json(#[source] serde_json::Error),
    /// It has a motor more than the robot.
    #[error("it calibrates a motor `{motor}`, which {robot} does not have")]
    UnknownMotor {
        /// The motor.
        motor: String,
        /// The robot.
        robot: String,
    },
    /// It has a motor less.
    #[error("motor `{motor}` is missing")]
    MissingMotor {
        /// The motor.
        motor: String,
    },
    /// A motor's entry is not what LeRobot writes.
    #[error("motor `{motor}`: {source}")]
    Entry {
        /// The motor.
        motor: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The file is of an arm with other ids.
    #[error("motor `{motor}` has id {id}, but {robot} has it at {expected}")]
    Id {
        /// The motor.
        motor: String,
        /// Its id in the file.
        id: u8,
        /// The robot.
        robot: String,
        /// Its id in the robot file.
        expected: u8,
    },
    /// A drive mode that there is not.
    #[error("motor `{motor}`: drive_mode is {mode}, but can only be 0 or 1")]
    DriveMode {
        /// The motor.
        motor: String,
        /// What the file says.
        mode: u8,
    },
    /// A range beyond what the servo counts.
    #[error("motor `{motor}`: the range {low} to {high} leaves the servo's 0 to {last}")]
    RangeOutside {
        /// The motor.
        motor: String,
        /// Its lowest count.
        low: i32,
        /// Its highest count.
        high: i32,
        /// The servo's highest count.
        last: i32,
    },
    /// A range from high to low, or of no width.
    #[error("motor `{motor}`: the range {low} to {high} is empty")]
    RangeEmpty {
        /// The motor.
        motor: String,
        /// Its lowest count.
        low: i32,
        /// Its highest count.
        high: i32,
    },
    /// An offset that the servo cannot keep.
    #[error("motor `{motor}`: homing_offset {offset} is beyond ±{most}")]
    Offset {
        /// The motor.
        motor: String,
        /// What the file says.
        offset: i32,
        /// The largest of this servo.
        most: i32,
    },
}
