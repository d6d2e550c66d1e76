//! Sensor noise that is the same in every run.

use std::sync::LazyLock;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Random bytes, the same in every process.
static DICE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bytes = vec![0; TABLE];
    ChaCha8Rng::seed_from_u64(0).fill_bytes(&mut bytes);
    bytes
});
const TABLE: usize = 1 << 17;
/// Values that get their noise from one place of the table.
const CHUNK: usize = 256;

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
        for values in pixels.chunks_mut(CHUNK) {
            // Drawing where to read in a table costs a hundredth of drawing each number.
            let start = random.next_u32() as usize % (TABLE - 2 * CHUNK);
            let dice = &DICE[start..start + 2 * CHUNK];
            for (value, dice) in values.iter_mut().zip(dice.chunks_exact(2)) {
                // The difference of two even distributions is a triangle.
                let offset =
                    ((i32::from(dice[0]) * span) >> 8) - ((i32::from(dice[1]) * span) >> 8);
                *value = (i32::from(*value) + offset).clamp(0, 255) as u8;
            }
        }
    }
}
