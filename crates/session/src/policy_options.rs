//! Which policy, and how it is run.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ulna_policy::{Engine, EngineChoice, Merge, Provider, RunnerOptions};

use crate::error::SessionError;

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
    /// What the engine computes with.
    pub provider: Provider,
    /// What becomes of a new chunk while an old one is being played.
    pub merge: Merge,
    /// Steps over which chunks are blended.
    pub blend_steps: usize,
    /// How long before the end of a chunk the next one is asked for, at least.
    pub refill: Duration,
    /// What the robot is to do, in words.
    pub task: Option<String>,
}

impl PolicyOptions {
    /// Whatever engine there is, on one thread; 20 ms of latency on the virtual clock.
    pub fn new(bundle: PathBuf) -> Self {
        Self {
            bundle,
            engine: EngineChoice::Auto,
            threads: NonZeroUsize::MIN,
            latency: Duration::from_millis(20),
            provider: Provider::default(),
            merge: Merge::default(),
            blend_steps: RunnerOptions::default().blend_steps,
            refill: Duration::ZERO,
            task: None,
        }
    }

    /// The engine that these options ask for.
    ///
    /// # Errors
    /// If it is not there, or has no such provider.
    pub fn open_engine(&self) -> Result<Engine, SessionError> {
        Ok(Engine::open(self.engine)?.with_provider(self.provider)?)
    }
}
