//! What is served.

use ulna_session::stepped::SteppedOptions;

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
    pub(crate) fn check(&self) -> Result<(), EnvError> {
        let (width, height) = self.episode.picture;
        let cameras = self
            .episode
            .cameras
            .len()
            .max(usize::from(self.episode.render.is_some()));
        let pixels = u64::from(width).saturating_mul(u64::from(height));
        let pictures = (self.count as u64).saturating_mul(cameras as u64);
        let bytes = pixels.saturating_mul(3).saturating_mul(pictures);
        let most = LONGEST_REPLY as u64 - REST;
        if bytes <= most {
            return Ok(());
        }
        Err(EnvError::TooMuch {
            count: self.count,
            cameras,
            width,
            height,
            mib: bytes >> 20,
            most: most >> 20,
        })
    }
}
