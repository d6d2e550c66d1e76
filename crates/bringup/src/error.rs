//! Everything that can go wrong on the way to the first motion, in words for the person who typed the command.

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BringupError {
    /// A robot file.
    #[error(transparent)]
    Robots(#[from] ulna_robot::files::RobotsError),
    /// A port.
    #[error(transparent)]
    Port(#[from] ulna_drivers::PortError),
    /// A calibration file.
    #[error(transparent)]
    Calibration(#[from] ulna_drivers::calibration::CalibrationError),
    /// Servos that were worked on one by one.
    #[error(transparent)]
    Line(#[from] ulna_drivers::LineError),
    /// Somebody pressed Ctrl-C; says how things were left.
    #[error("{0}")]
    Interrupted(String),
    /// Options that do not go together, or lack something.
    #[error("{0}")]
    Usage(String),
    /// The simulation could not be set up.
    #[error("the simulated arm cannot be set up: {0}")]
    Sim(String),
    /// The work ended in a way that it should not.
    #[error("{0}")]
    Session(String),
}
