//! How a policy's chunks are used.

use crate::chunk::MAX_KNOTS;

use super::manifest::ChunkSpec;

/// The most observations that a policy may see at once.
const MAX_HISTORY: usize = 64;

/// How a policy's chunks are used, by LeRobot's names.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ChunkSettings {
    /// Steps in a chunk.
    pub chunk_size: usize,
    /// How many of them are carried out before the next observation counts.
    pub n_action_steps: usize,
    /// How many observations the network sees.
    pub n_obs_steps: usize,
    /// Weights older predictions by `exp(-coeff * age)` from the oldest on, if set (ACT's temporal ensembling).
    pub temporal_ensemble_coeff: Option<f64>,
}

impl ChunkSettings {
    /// Chunks of `chunk_size` steps, of which `n_action_steps` are carried out; one observation is seen, and nothing is weighed.
    pub const fn new(chunk_size: usize, n_action_steps: usize) -> Self {
        Self {
            chunk_size,
            n_action_steps,
            n_obs_steps: 1,
            temporal_ensemble_coeff: None,
        }
    }

    /// Reads the section [chunk].
    ///
    /// # Errors
    /// What is not possible, by the field's name.
    pub(super) fn read(chunk: &ChunkSpec) -> Result<Self, String> {
        let settings = Self {
            chunk_size: chunk.chunk_size,
            n_action_steps: chunk.n_action_steps,
            n_obs_steps: chunk.n_obs_steps,
            temporal_ensemble_coeff: chunk.temporal_ensemble_coeff,
        };
        if !(1..=MAX_KNOTS).contains(&settings.chunk_size) {
            return Err(format!(
                "chunk_size is {}, and 1 to {MAX_KNOTS} steps are possible",
                settings.chunk_size
            ));
        }
        if !(1..=settings.chunk_size).contains(&settings.n_action_steps) {
            return Err(format!(
                "n_action_steps is {}, and a chunk has {} steps",
                settings.n_action_steps, settings.chunk_size
            ));
        }
        if !(1..=MAX_HISTORY).contains(&settings.n_obs_steps) {
            return Err(format!(
                "n_obs_steps is {}, and 1 to {MAX_HISTORY} observations are possible",
                settings.n_obs_steps
            ));
        }
        match settings.temporal_ensemble_coeff {
            Some(coeff) if !coeff.is_finite() || coeff.abs() > 10.0 => Err(format!(
                "temporal_ensemble_coeff is {coeff}, and -10 to 10 are possible"
            )),
            Some(_) if settings.n_action_steps != 1 => Err(format!(
                "temporal_ensemble_coeff needs n_action_steps = 1, because every step wants a new chunk; it is {}",
                settings.n_action_steps
            )),
            _ => Ok(settings),
        }
    }
}
