//! Which policy, and how it is run.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ulna_policy::EngineChoice;

/// Which policy, and how it is run.
#[derive(Debug, Clone)]
pub struct PolicyOptions {
    /// Folder of the bundle.
    pub bundle: PathBuf,
    /// What runs the network.
    pub engine: EngineChoice,
    /// Threads for the network; tract always takes one.
    pub threads: NonZeroUsize,
    /// On the virtual clock: from the observation to the chunk.
    pub latency: Duration,
}

impl PolicyOptions {
    /// Whatever engine there is, on one thread; 20 ms of latency on the virtual clock.
    pub fn new(bundle: PathBuf) -> Self {
        Self {
            bundle,
            engine: EngineChoice::Auto,
            threads: NonZeroUsize::MIN,
            latency: Duration::from_millis(20),
        }
    }
}
