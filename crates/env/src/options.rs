//! What is served.

use ulna_session::stepped::{SteppedCamera, SteppedFacts, SteppedOptions};

use crate::error::EnvError;
use crate::frame::LONGEST_REPLY;

/// No more environments than this: each has a thread, and a world of a few megabytes.
pub const MOST_ENVIRONMENTS: usize = 256;

/// Room in a reply for all that is no picture, bytes.
const REST: u64 = 1 << 20;

/// What is served.
#[derive(Debug, Clone)]
pub struct EnvOptions {
    /// What every environment is.
    pub episode: SteppedOptions,
    /// How many there are, up to [`MOST_ENVIRONMENTS`].
    pub count: usize,
}

impl EnvOptions {
    /// Whether what is seen of all environments goes into one reply.
    ///
    /// # Errors
    /// [`EnvError::TooMuch`].
    pub(crate) fn check(&self, facts: &SteppedFacts) -> Result<(), EnvError> {
        let bytes = |camera: &SteppedCamera| {
            let (width, height) = camera.size;
            u64::from(width)
                .saturating_mul(u64::from(height))
                .saturating_mul(3)
        };
        let observed = facts.cameras.iter().map(bytes).fold(0, u64::saturating_add);
        let rendered = facts.render.as_ref().map_or(0, bytes);
        let bytes = observed.max(rendered).saturating_mul(self.count as u64);
        let most = LONGEST_REPLY as u64 - REST;
        if bytes <= most {
            return Ok(());
        }
        Err(EnvError::TooMuch {
            count: self.count,
            cameras: facts.cameras.len(),
            mib: bytes >> 20,
            most: most >> 20,
        })
    }
}
