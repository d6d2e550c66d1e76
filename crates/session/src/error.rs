//! Everything that can go wrong with a session, in words for the person who started it.

use crate::device::DeviceError;
use crate::failure::{Interruption, SessionFailure};
use crate::report::SessionReport;
use crate::usage::UsageError;

/// Why a session, or opening one, failed. It is said on one line, except where [`has_lines`](SessionError::has_lines).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A robot file.
    #[error(transparent)]
    Robots(#[from] ulna_robot::files::RobotsError),
    /// A port.
    #[error(transparent)]
    Port(#[from] ulna_drivers::PortError),
    /// A calibration file.
    #[error(transparent)]
    Calibration(#[from] ulna_drivers::calibration::CalibrationError),
    /// A robot file that asks for servos that do not exist.
    #[error("robot `{robot}`: {source}")]
    Arm {
        /// The robot.
        robot: String,
        /// What is wrong.
        source: ulna_drivers::arm::ArmError,
    },
    /// A follower or a teleoperator.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A camera of which nothing is known but its name.
    #[error(
        "camera `{camera}`: nothing says where it is: pass --camera {camera}=/dev/video0 (`ulna cameras list` shows which there are), or --no-cameras to record states and actions alone"
    )]
    NoCamera {
        /// The camera.
        camera: String,
    },
    /// A camera.
    #[error("camera `{name}`: {}", with_place(problem))]
    Camera {
        /// What the rig calls it.
        name: String,
        /// What is wrong. This error says it in its own words, so it is no source of it.
        problem: ulna_cameras::CameraError,
    },
    /// A dataset.
    #[error(transparent)]
    Dataset(#[from] ulna_dataset::DatasetError),
    /// The recording.
    #[error(transparent)]
    Recorder(#[from] ulna_recorder::RecorderError),
    /// A policy.
    #[error(transparent)]
    Policy(#[from] ulna_policy::PolicyError),
    /// What is around the robot, a simulation for example, could not be set up. If options were wrong, the reason has lines of its own.
    #[error("{reason}")]
    Surroundings {
        /// Whether options were wrong.
        usage: bool,
        /// What is wrong.
        reason: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Options that do not go together, or lack something.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The user ended the command, and it left everything as it was.
    #[error(transparent)]
    Interrupted(#[from] Interruption),
    /// The session ended in a way that it should not.
    #[error(transparent)]
    Session(#[from] SessionFailure),
    /// As [`Session`](Self::Session), after the control loop has run: its report says what was measured until then.
    #[error("{failure}")]
    Ended {
        /// What is wrong, and how the arm was left.
        #[source]
        failure: SessionFailure,
        /// The report.
        report: Box<SessionReport>,
    },
    /// The operating system refused something.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What it said.
        source: std::io::Error,
    },
}

impl SessionError {
    /// What was measured before it, if the control loop has run.
    pub fn report(&self) -> Option<&SessionReport> {
        match self {
            Self::Ended { report, .. } => Some(report),
            _ => None,
        }
    }

    /// Whether the user ended the command, and it left everything as it was.
    pub fn is_interruption(&self) -> bool {
        let interrupted = |error: &ulna_dataset::DatasetError| {
            matches!(error, ulna_dataset::DatasetError::Interrupted { .. })
        };
        match self {
            Self::Interrupted(_) => true,
            Self::Dataset(error) => interrupted(error),
            _ => false,
        }
    }

    /// Whether it is said in several lines: line ends in it are ulna's own, and values from outside are already
    /// [`Printable`](ulna_outside::Printable).
    pub fn has_lines(&self) -> bool {
        match self {
            Self::Device(DeviceError::Connect(_)) => true,
            Self::Surroundings { usage, .. } => *usage,
            _ => false,
        }
    }

    /// Whether the command was called wrongly: exit code 2.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Usage(_) | Self::NoCamera { .. } => true,
            Self::Camera { problem, .. } => problem.is_usage(),
            Self::Surroundings { usage, .. } => *usage,
            _ => false,
        }
    }
}

/// The place of a camera that failed, and why.
fn with_place(error: &ulna_cameras::CameraError) -> String {
    let text = error.to_string();
    text.strip_prefix("camera ").unwrap_or(&text).to_owned()
}
