//! The simulated operator of a base on wheels.

use core::f64::consts::PI;
use core::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_robot::BaseSpec;

/// Drives a base: a little forward, a pause, a little turn, by seed and time alone.
#[derive(Debug, Clone)]
pub struct SimBaseOperator {
    seed: u64,
    fastest: [f64; 3],
}

/// From the beginning of one drive to that of the next, s, and how much of that is driving.
const BEAT: f64 = 3.0;
const DRIVING: f64 = 2.2;
/// Part of the highest speed that a drive reaches.
const BRISK: core::ops::Range<f64> = 0.3..0.7;

impl SimBaseOperator {
    /// An operator of this base.
    pub fn new(base: &BaseSpec, seed: u64) -> Self {
        Self {
            seed,
            fastest: base.fastest(),
        }
    }

    /// How the base should move at this time: m/s forward and to the left, degrees/s anticlockwise.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn speeds(&self, time: Duration) -> [f64; 3] {
        let beats = time.as_secs_f64() / BEAT;
        let part = (beats.fract() * BEAT / DRIVING).min(1.0);
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(beats as u64);
        let way = random.random_range(0..self.fastest.len());
        let sense = if random.random_bool(0.5) { 1.0 } else { -1.0 };
        let mut speeds = [0.0; 3];
        speeds[way] =
            sense * random.random_range(BRISK) * self.fastest[way] * (PI * part).sin().powi(2);
        speeds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lekiwi() -> BaseSpec {
        let file: toml::Table = include_str!("../../../../configs/lekiwi.toml")
            .parse()
            .unwrap();
        let base = file["base"].clone();
        base.try_into().unwrap()
    }

    #[test]
    fn it_drives_smoothly_every_way_and_depends_on_seed_and_time_alone() {
        let base = lekiwi();
        let operator = SimBaseOperator::new(&base, 3);
        let (mut last, mut most) = ([0.0; 3], [0.0f64; 3]);
        for millis in 0..120_000u64 {
            let speeds = operator.speeds(Duration::from_millis(millis));
            for way in 0..3 {
                let change = (speeds[way] - last[way]).abs() * 1e3;
                let hardest = base.acceleration * base.fastest()[way] / base.max_speed;
                assert!(change < hardest, "{way}: {change}");
                most[way] = most[way].max(speeds[way].abs());
            }
            last = speeds;
        }
        assert!(
            most.iter()
                .zip(base.fastest())
                .all(|(most, fastest)| *most > 0.3 * fastest)
        );
        let at = Duration::from_millis(4321);
        assert_eq!(
            operator.speeds(at),
            SimBaseOperator::new(&base, 3).speeds(at)
        );
    }
}
