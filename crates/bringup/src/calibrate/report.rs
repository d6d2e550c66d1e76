//! What a calibration is asked for, and what came of it.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use ulna_core::JointCalibration;
use ulna_robot::ArmRole;

use crate::service::options::WorkOptions;
use crate::servos::calibrate::JointDifference;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CalibrationTask {
    /// Sweep, choose, write.
    #[default]
    Calibrate,
    /// Compare file and servos.
    Check,
    /// Write the file's values into the servos.
    Restore,
}

/// What the user says.
#[derive(Debug, Clone, Default)]
pub struct CalibrateOptions {
    /// The bus.
    pub work: WorkOptions,
    /// The arm's id, which names its file.
    pub id: Option<String>,
    /// What to do.
    pub task: CalibrationTask,
    /// Sweep for so long and ask nothing.
    pub seconds: Option<Duration>,
    /// In the simulation: joints that are mounted the wrong way round.
    pub reversed: Vec<String>,
}

/// One joint's calibration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibratedJoint {
    /// The joint.
    pub joint: String,
    /// How far it was swept, degrees; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swept_degrees: Option<f64>,
    /// LeRobot's values.
    #[serde(flatten)]
    pub value: JointCalibration,
    /// What is odd.
    pub warnings: Vec<String>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Calibrated {
    /// The robot.
    pub robot: String,
    /// Follower or leader.
    #[serde(rename = "part")]
    pub role: ArmRole,
    /// The arm's id.
    pub id: String,
    /// The port.
    pub port: String,
    /// No port was opened.
    pub simulated: bool,
    /// The file.
    pub file: PathBuf,
    /// The copy of what it replaced.
    pub backup: Option<PathBuf>,
    /// The joints.
    pub joints: Vec<CalibratedJoint>,
    /// Directions were compared with the resting pose.
    pub directions_checked: bool,
    /// Joints whose servos hold other values than the file, after all.
    pub differences: Vec<JointDifference>,
}
