//! How well a task was done: judged by where the tool was, as the joints were measured.

use core::time::Duration;

use nalgebra::Point3;
use ulna_core::joints::Joints;

use super::Reach;

/// The outcome of a run, in targets that were there from beginning to end.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Score {
    /// Targets.
    pub targets: u32,
    /// Those at which the tool was within [`Reach::TOLERANCE`] during the last [`Reach::HOLD`].
    pub reached: u32,
    /// Mean over the targets of the largest distance of the tool during that time, m.
    pub mean_distance: f64,
}

/// Watches a run and keeps the score. It allocates nothing.
#[derive(Debug, Clone)]
pub struct Scorer {
    reach: Reach,
    window: Option<Window>,
    total: f64,
    score: Score,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    index: u64,
    target: Point3<f64>,
    /// Seen from its beginning?
    whole: bool,
    /// Largest distance in its last part so far.
    farthest: Option<f64>,
    last: f64,
}

/// A target counts as seen whole if the first look is no later than this, s, after it appeared, and the last no earlier before it went.
const SLACK: f64 = 0.1;

impl Scorer {
    /// Nothing has been seen yet.
    pub fn new(reach: Reach) -> Self {
        Self {
            reach,
            window: None,
            total: 0.0,
            score: Score::default(),
        }
    }

    /// Takes joint angles, rad, measured at this time since the run's epoch; times come in order.
    pub fn see(&mut self, time: Duration, angles: &Joints<f64>) {
        let index = self.reach.index(time);
        #[allow(clippy::cast_precision_loss)]
        let since = time.as_secs_f64() - index as f64 * Reach::PERIOD;
        if self.window.is_none_or(|window| window.index != index) {
            self.close();
            self.window = Some(Window {
                index,
                target: self.reach.target(index),
                whole: since <= SLACK,
                farthest: None,
                last: since,
            });
        }
        let tool = self.reach.tool(angles);
        if let Some(window) = &mut self.window {
            window.last = since;
            if since >= Reach::PERIOD - Reach::HOLD {
                let distance = (tool - window.target).norm();
                window.farthest = Some(window.farthest.unwrap_or(0.0).max(distance));
            }
        }
    }

    fn close(&mut self) {
        let Some(window) = self.window.take() else {
            return;
        };
        if let (true, Some(farthest)) = (window.whole, window.farthest)
            && window.last >= Reach::PERIOD - SLACK
        {
            self.score.targets += 1;
            self.score.reached += u32::from(farthest <= Reach::TOLERANCE);
            self.total += farthest;
            self.score.mean_distance = self.total / f64::from(self.score.targets);
        }
    }

    /// The score so far, the present target included if it has been seen nearly to its end.
    pub fn score(mut self) -> Score {
        self.close();
        self.score
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_robot::RobotKind;

    fn watched(from: f64, to: f64, offset: f64) -> Score {
        let kind: RobotKind =
            toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap();
        let reach = Reach::new(&kind, 1);
        let mut scorer = Scorer::new(reach.clone());
        let mut time = from;
        while time < to {
            let now = Duration::from_secs_f64(time);
            let mut angles = reach.pose(reach.index(now));
            angles[0] += offset;
            scorer.see(now, &angles);
            time += 0.01;
        }
        scorer.score()
    }

    #[test]
    fn being_there_counts_and_being_beside_does_not() {
        let there = watched(0.0, 9.0, 0.0);
        assert_eq!((there.targets, there.reached), (3, 3));
        assert!(there.mean_distance < 1e-9);
        let beside = watched(0.0, 9.0, 0.3);
        assert_eq!((beside.targets, beside.reached), (3, 0));
        assert!(beside.mean_distance > 0.04, "{}", beside.mean_distance);
    }

    #[test]
    fn only_targets_seen_whole_count() {
        assert_eq!(watched(0.5, 5.0, 0.0).targets, 0);
        assert_eq!(watched(0.5, 6.0, 0.0).targets, 1);
        assert_eq!(
            Scorer::score(Scorer::new(Reach::new(
                &toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap(),
                1
            ))),
            Score::default()
        );
    }
}
