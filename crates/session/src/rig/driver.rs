//! Who drives a base on wheels while a leader moves the arm.

use std::f64::consts::PI;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_core::{Action, ActionSource, Joints, LinkLost, Progress, Stamp};
use ulna_drivers::Leader;
use ulna_robot::BaseSpec;

/// A simulated hand on the controls of a base: it drives a little, waits, turns a little, by seed and time alone.
#[derive(Debug, Clone)]
pub struct Driver {
    seed: u64,
    fastest: [f64; 3],
}

/// From the beginning of one drive to that of the next, s, and how much of that is driving.
const BEAT: f64 = 3.0;
const DRIVING: f64 = 2.2;
/// Part of the highest speed that a drive reaches.
const BRISK: std::ops::Range<f64> = 0.3..0.7;

impl Driver {
    /// A driver of this base.
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

/// A leader that moves the arm, and a driver who moves its base. Without a driver the base stands still.
#[derive(Debug)]
pub struct Driven<'a> {
    /// Moves the arm.
    pub leader: &'a mut Leader,
    /// Moves the base.
    pub driver: Option<&'a Driver>,
}

impl ActionSource for Driven<'_> {
    fn begin(&mut self, now: Stamp, deadline: Stamp) -> Result<(), LinkLost> {
        self.leader.begin(now, deadline)
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.leader.step(now)
    }

    fn action(&mut self, now: Stamp) -> Option<Action> {
        let Action { stamp, target } = self.leader.action(now)?;
        let speeds = self
            .driver
            .map_or([0.0; 3], |driver| driver.speeds(now.since_epoch()));
        let arm = target.len();
        let target = Joints::from_fn(arm + speeds.len(), |value| match value.checked_sub(arm) {
            Some(speed) => speeds[speed],
            None => target[value],
        });
        Some(Action { stamp, target })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_drives_smoothly_every_way_and_depends_on_seed_and_time_alone() {
        let kind = ulna_robot::files::find("lekiwi").unwrap();
        let base = kind.base.unwrap();
        let driver = Driver::new(&base, 3);
        let (mut last, mut most) = ([0.0; 3], [0.0f64; 3]);
        for millis in 0..120_000u64 {
            let speeds = driver.speeds(Duration::from_millis(millis));
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
        assert_eq!(driver.speeds(at), Driver::new(&base, 3).speeds(at));
    }
}
