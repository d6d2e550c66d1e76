//! Why a bench failed.

/// Why a bench failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A robot file.
    #[error(transparent)]
    Robots(#[from] ulna_robot::files::RobotsError),
    /// The pty's port.
    #[error(transparent)]
    Port(#[from] ulna_drivers::PortError),
    /// A dataset of the bench.
    #[error(transparent)]
    Dataset(#[from] ulna_dataset::DatasetError),
    /// Its recording.
    #[error(transparent)]
    Recorder(#[from] ulna_recorder::RecorderError),
    /// Its policy.
    #[error(transparent)]
    Policy(#[from] ulna_policy::PolicyError),
    /// The policy that comes with ulna could not be unpacked.
    #[error(transparent)]
    Session(#[from] ulna_session::SessionError),
    /// The simulation could not be set up.
    #[error("the simulated arm cannot be set up: {0}")]
    Sim(String),
    /// A figure cannot be measured.
    #[error("{0}")]
    Failed(String),
    /// The operating system refused something.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What it said.
        source: std::io::Error,
    },
}
