//! Sensor noise that is the same in every run.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Noise of a camera's sensor: each value of each picture is off by a little, independently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SensorNoise {
    /// Seed; cameras of one rig should have different ones.
    pub seed: u64,
    /// Largest deviation, in the 256 steps of a value; the distribution is a triangle, so its standard deviation is this by √6.
    pub amplitude: u8,
}

impl SensorNoise {
    /// Adds the noise of picture `number`.
    pub fn add(&self, number: u64, pixels: &mut [u8]) {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        // A stream for each picture: it doesn't depend on which pictures were taken before.
        random.set_stream(number);
        let span = i32::from(self.amplitude) + 1;
        let mut bytes = [0; 512];
        for values in pixels.chunks_mut(bytes.len() / 2) {
            random.fill_bytes(&mut bytes);
            for (value, dice) in values.iter_mut().zip(bytes.chunks_exact(2)) {
                // The difference of two even distributions is a triangle.
                let offset =
                    ((i32::from(dice[0]) * span) >> 8) - ((i32::from(dice[1]) * span) >> 8);
                *value = (i32::from(*value) + offset).clamp(0, 255) as u8;
            }
        }
    }
}
