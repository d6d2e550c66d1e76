//! Chunks: where a policy wants the joints to be over the next second or so.
//!
//! There is one structure for all uses. Its knots are targets at `observed_at + i / fps`, and whoever plays it interpolates
//! linearly at its own rate. Read on an integer clock it is LeRobot's action queue.

use std::time::Duration;

use ulna_core::{Joints, Stamp};

/// The longest chunk that a policy may give. LeRobot's policies use 8 to 100 steps.
pub const MAX_KNOTS: usize = 1024;

/// Targets on a grid in time, in robot units.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chunk {
    /// The moment of the observation, and of the first knot.
    pub observed_at: Stamp,
    /// Knots per second.
    pub fps: f64,
    /// Targets at `observed_at + i / fps`.
    pub knots: Vec<Joints<f64>>,
    /// Up to here it may be played; what lies beyond is thrown away. At most the last knot's time plus one step.
    pub until: Stamp,
}

impl Chunk {
    /// The time of knot `index`.
    pub fn time_of(&self, index: usize) -> Stamp {
        self.observed_at + grid_time(index as u64, self.fps)
    }

    /// The target at `now`, linear between knots, the last one after them and the first one before. Past
    /// [`until`](Self::until) it stays what it was there. Returns also the moment that the target belongs to, which then grows old.
    /// `None` for a chunk without knots.
    pub fn sample(&self, now: Stamp) -> Option<(Stamp, Joints<f64>)> {
        let moment = now.min(self.until).max(self.observed_at);
        let last = self.knots.len().checked_sub(1)?;
        let place = ((moment - self.observed_at).as_secs_f64() * self.fps).min(last as f64);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let index = place as usize;
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
            (1300, 30.0),
        ] {
            let (moment, target) = chunk.sample(at(ms)).unwrap();
            assert_eq!(moment, at(ms));
            assert!((target[0] - value).abs() < 1e-9, "{ms}: {}", target[0]);
        }
    }

    #[test]
    fn after_its_end_the_target_stays_and_grows_old() {
        let chunk = chunk(&[0.0, 10.0, 30.0], 1);
        assert_eq!(chunk.sample(at(5000)).unwrap().0, at(1100));
        assert!((chunk.sample(at(5000)).unwrap().1[0] - 10.0).abs() < 1e-9);
        assert_eq!(Chunk::default().sample(at(1)), None);
    }

    #[test]
    fn before_its_first_knot_it_is_the_first_knot() {
        assert_eq!(chunk(&[7.0, 9.0], 2).sample(at(0)).unwrap().1[0], 7.0);
    }
}
