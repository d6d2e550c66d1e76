//! What can go wrong in a bench.

/// Why a bench failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A robot file.
    #[error(transparent)]
    Robots(#[from] ulna_robot::files::RobotsError),
    /// A camera of the bench.
    #[error(transparent)]
    Camera(#[from] ulna_cameras::CameraError),
    /// A picture of the bench.
    #[error("a picture of the bench: {0}")]
    Picture(#[source] Box<dyn std::error::Error + Send + Sync>),
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
    /// An adapter that there is not.
    #[error(transparent)]
    Adapter(#[from] ulna_sim::adapter::AdapterParseError),
    /// The simulation could not be set up.
    #[error("the simulated arm cannot be set up: {0}")]
    Sim(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A grasp on one of the engines.
    #[error(transparent)]
    Grasp(#[from] ulna_sim::grasp::GraspError),
    /// A bridge board that does not do what it must.
    #[error("the bridge board: {0}")]
    Board(&'static str),
    /// A cycle on the simulated bus put other bytes on the wire than it must.
    #[error("a cycle of {servos} servos put {bytes} bytes on the wire instead of {least}")]
    Bytes {
        /// How many servos.
        servos: usize,
        /// Bytes of a cycle.
        bytes: u64,
        /// The least that the protocol allows.
        least: u64,
    },
    /// The simulated port is gone.
    #[error("the simulated port is gone")]
    PortLost,
    /// An encoder takes for ever.
    #[error("an encoder of the bench gave no sign of life for 30 s")]
    Stuck,
    /// A dataset without pictures.
    #[error("{dir} has no pictures to read; give another dataset")]
    NoPictures {
        /// The dataset.
        dir: String,
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

impl BenchError {
    /// Whether the command was called wrongly; it is said in several lines then.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Adapter(_))
    }

    /// An error of a picture.
    pub(crate) fn picture(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Picture(Box::new(error))
    }

    /// An error of the simulation.
    pub(crate) fn sim(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Sim(Box::new(error))
    }
}
