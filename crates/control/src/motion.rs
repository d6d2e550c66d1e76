//! Point-to-point motion, for parking and for approaching the first pose of an episode.

use std::time::Duration;

use ulna_core::{Action, ActionSource, Joints, Stamp};

/// A straight line in joint space from one pose to another, with a minimum-jerk profile: all joints start and arrive together, at rest.
#[derive(Debug, Clone)]
pub struct Move {
    from: Joints<f64>,
    to: Joints<f64>,
    start: Stamp,
    duration: Duration,
}

/// The peak speed of a minimum-jerk motion, as a multiple of its mean speed (Flash and Hogan 1985: 15/8).
const PEAK_OVER_MEAN: f64 = 15.0 / 8.0;

/// Servos reach the pose shortly after the goal does.
const SETTLE: Duration = Duration::from_millis(300);

impl Move {
    /// A motion that starts at `start` and never exceeds `velocity` (units per second of each joint).
    pub fn new(from: &Joints<f64>, to: &Joints<f64>, start: Stamp, velocity: &Joints<f64>) -> Self {
        let seconds = (from.iter().zip(to.iter()).zip(velocity.iter()))
            .map(|((from, to), velocity)| (to - from).abs() * PEAK_OVER_MEAN / velocity)
            .fold(0.0, f64::max);
        let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        Self {
            from: *from,
            to: *to,
            start,
            duration,
        }
    }

    /// How long the motion takes.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// When the servos have followed, too.
    pub fn settled(&self) -> Stamp {
        self.start + self.duration.saturating_add(SETTLE)
    }
}

impl ActionSource for Move {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        let whole = self.duration.as_secs_f64();
        let part = if whole > 0.0 {
            ((now - self.start).as_secs_f64() / whole).min(1.0)
        } else {
            1.0
        };
        let done = part.powi(3) * (10.0 - 15.0 * part + 6.0 * part * part);
        let target = Joints::from_fn(self.to.len(), |joint| {
            self.from[joint] + (self.to[joint] - self.from[joint]) * done
        });
        Some(Action { stamp: now, target })
    }

    fn finished(&self, now: Stamp) -> bool {
        now >= self.settled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_arrives_smoothly_and_never_too_fast() {
        let (from, to) = (
            Joints::from_slice(&[0.0, 10.0]).unwrap(),
            Joints::from_slice(&[90.0, -10.0]).unwrap(),
        );
        let mut motion = Move::new(&from, &to, Stamp::ZERO, &Joints::filled(2, 45.0));
        assert_eq!(motion.duration().as_secs_f64(), 3.75);
        let mut last = from;
        for tick in 1..=760u32 {
            let now = Stamp::ZERO + Duration::from_millis(5) * tick;
            let target = motion.action(now).unwrap().target;
            assert!((target[0] - last[0]).abs() <= 45.0 * 0.005 + 1e-9);
            last = target;
        }
        assert_eq!(&*last, &*to);
        assert!(
            motion.finished(Stamp::ZERO + Duration::from_secs_f64(4.06))
                && !motion.finished(Stamp::ZERO)
        );
    }

    #[test]
    fn a_move_to_where_the_arm_is_takes_no_time() {
        let here = Joints::filled(3, 1.0);
        let mut motion = Move::new(&here, &here, Stamp::ZERO, &Joints::filled(3, 1.0));
        assert_eq!(motion.action(Stamp::ZERO).unwrap().target, here);
    }
}
