//! Everything that can go wrong with a command, in words for the person who typed it.

use ulna_outside::Text;

/// Why a command failed. But for those that say so, and [`Connect`](Self::Connect), it is said on one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// A robot file.
    #[error(transparent)]
    Robots(#[from] crate::robots::RobotsError),
    /// A port.
    #[error(transparent)]
    Port(#[from] ulna_drivers::PortError),
    /// A calibration file.
    #[error(transparent)]
    Calibration(#[from] ulna_drivers::calibration::CalibrationError),
    /// The servos.
    #[error(transparent)]
    Connect(#[from] ulna_drivers::connect::ConnectError),
    /// Servos that were worked on one by one.
    #[error(transparent)]
    Line(#[from] ulna_drivers::LineError),
    /// Somebody pressed Ctrl-C, or ended a dialogue; says how things were left.
    #[error("{0}")]
    Interrupted(String),
    /// A dataset.
    #[error(transparent)]
    Dataset(#[from] ulna_dataset::DatasetError),
    /// The recording.
    #[error(transparent)]
    Recorder(#[from] ulna_recorder::RecorderError),
    /// A policy.
    #[error(transparent)]
    Policy(#[from] ulna_policy::PolicyError),
    /// Options that do not go together, or lack something.
    #[error("{0}")]
    Usage(String),
    /// The same in several lines.
    #[error("{0}")]
    UsageLines(Text),
    /// The simulation could not be set up.
    #[error("the simulated arm cannot be set up: {0}")]
    Sim(String),
    /// The session ended in a way that it should not.
    #[error("{0}")]
    Session(String),
    /// What is wrong with what was found, in several lines.
    #[error("{0}")]
    Found(Text),
    /// The operating system refused something.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What it said.
        source: std::io::Error,
    },
}

impl AppError {
    /// Whether the user ended the command, and it left everything as it was.
    pub fn is_interruption(&self) -> bool {
        let interrupted = |error: &ulna_dataset::DatasetError| {
            matches!(error, ulna_dataset::DatasetError::Interrupted { .. })
        };
        matches!(self, AppError::Dataset(error) if interrupted(error))
    }
}
