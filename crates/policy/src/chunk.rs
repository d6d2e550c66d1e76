//! Chunks: where a policy wants the joints to be over the next second or so.
//!
//! There is one structure for all uses. Its knots are targets at `observed_at + i / fps`, and its player interpolates
//! linearly at its own rate. Read on an integer clock it is LeRobot's action queue.

use std::time::Duration;

use ulna_core::{Joints, Stamp};

/// The longest chunk that a policy may give. LeRobot's policies use 8 to 100 steps.
pub const MAX_KNOTS: usize = 1024;

/// How long it takes to come to rest when a chunk has run out and no other is there.
pub const BRAKE: Duration = Duration::from_millis(100);

/// Targets on a grid in time, in robot units.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chunk {
    /// The moment of the observation, and of the first knot.
    pub observed_at: Stamp,
    /// Knots per second.
    pub fps: f64,
    /// Targets at `observed_at + i / fps`.
    pub knots: Vec<Joints<f64>>,
    /// Up to here it may be played; then it comes to rest within [`BRAKE`].
    pub until: Stamp,
    /// The sharpest corner of the chunk as the network gave it, for comparing with how smooth it is played: change of speed, robot units per step².
    pub sharpest_corner: f64,
}

impl Chunk {
    /// The time of knot `index`.
    pub fn time_of(&self, index: usize) -> Stamp {
        self.observed_at + grid_time(index as u64, self.fps)
    }

    /// The target at `now`, linear between knots, and the first one before them. Where it has run out, at [`until`](Self::until) or at the
    /// last knot, it slows down evenly to a stand within [`BRAKE`], along the knots that are left or on in the last direction, and stays there. Returns
    /// also the moment that the target belongs to, which grows old once it stands. `None` for a chunk without knots.
    pub fn sample(&self, now: Stamp) -> Option<(Stamp, Joints<f64>)> {
        let last = self.knots.len().checked_sub(1)?;
        let out = self.until.min(self.time_of(last)).max(self.observed_at);
        let beyond = (now - out).min(BRAKE);
        let moment = now.min(out + BRAKE).max(self.observed_at);
        // Half way through the braking it has come three quarters as far as it comes.
        let (span, brake) = (beyond.as_secs_f64(), BRAKE.as_secs_f64());
        let rolled = span - span * span / (2.0 * brake);
        let played = (now.min(out).max(self.observed_at) - self.observed_at).as_secs_f64();
        let place = (played + rolled) * self.fps;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let index = (place as usize).min(last.saturating_sub(1));
        let (from, to) = (&self.knots[index], &self.knots[(index + 1).min(last)]);
        let part = place - index as f64;
        let target = Joints::from_fn(from.len().min(to.len()), |joint| {
            from[joint] + part * (to[joint] - from[joint])
        });
        Some((moment, target))
    }
}

/// The time of step `index` of a grid with `fps` steps per second.
pub(crate) fn grid_time(index: u64, fps: f64) -> Duration {
    Duration::try_from_secs_f64(index as f64 / fps).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(values: &[f64], steps: u64) -> Chunk {
        let start = Stamp::new(Duration::from_secs(1));
        Chunk {
            observed_at: start,
            fps: 10.0,
            knots: values.iter().map(|v| Joints::filled(1, *v)).collect(),
            until: start + grid_time(steps, 10.0),
            sharpest_corner: 0.0,
        }
    }

    fn at(ms: u64) -> Stamp {
        Stamp::new(Duration::from_millis(ms))
    }

    #[test]
    fn knots_are_met_and_the_way_between_is_straight() {
        let chunk = chunk(&[0.0, 10.0, 30.0], 3);
        for (ms, value) in [
            (1000, 0.0),
            (1025, 2.5),
            (1100, 10.0),
            (1150, 20.0),
            (1200, 30.0),
        ] {
            let (moment, target) = chunk.sample(at(ms)).unwrap();
            assert_eq!(moment, at(ms));
            assert!((target[0] - value).abs() < 1e-9, "{ms}: {}", target[0]);
        }
    }

    #[test]
    fn after_its_end_it_comes_to_rest_and_grows_old() {
        // Out after one step, with a knot left: 20 a step along the way to it, half a step far.
        let left = chunk(&[0.0, 10.0, 30.0], 1);
        assert_eq!(left.sample(at(5000)).unwrap().0, at(1200));
        assert!((left.sample(at(5000)).unwrap().1[0] - 20.0).abs() < 1e-9);
        // Out at the last knot: on in the last direction.
        let all = chunk(&[0.0, 10.0, 30.0], 3);
        assert!((all.sample(at(5000)).unwrap().1[0] - 40.0).abs() < 1e-9);
        assert_eq!(Chunk::default().sample(at(1)), None);
    }

    #[test]
    fn it_brakes_evenly() {
        let chunk = chunk(&[0.0, 10.0, 30.0], 3);
        let place = |ms| chunk.sample(at(ms)).unwrap().1[0];
        let speeds: Vec<f64> = (0..14)
            .map(|i| place(1200 + 10 * (i + 1)) - place(1200 + 10 * i))
            .collect();
        assert!(
            speeds.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9),
            "{speeds:?}"
        );
        assert!(
            speeds[0] < 2.0 && speeds[0] > 1.8 && speeds[13].abs() < 1e-9,
            "{speeds:?}"
        );
    }

    #[test]
    fn before_its_first_knot_it_is_the_first_knot() {
        assert_eq!(chunk(&[7.0, 9.0], 2).sample(at(0)).unwrap().1[0], 7.0);
    }
}
