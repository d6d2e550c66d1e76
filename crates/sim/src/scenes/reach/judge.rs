//! How well the targets were reached: judged by where the tool was, as the joints were measured.

use core::time::Duration;
use std::sync::Arc;

use nalgebra::Point3;
use ulna_core::joints::Joints;
use ulna_core::unit::AngleMap;
use ulna_core::{Count, Figure, Judge, State, TaskScore};

use crate::scenes::reach::targets::Targets;

/// Keeps the score, in targets that were there from beginning to end.
#[derive(Debug, Clone)]
pub(super) struct ReachJudge {
    targets: Arc<Targets>,
    angles: Joints<AngleMap>,
    window: Option<Window>,
    tally: Tally,
}

/// The targets so far.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    targets: u32,
    /// Those at which the tool was within [`Targets::TOLERANCE`] during the last [`Targets::HOLD`].
    reached: u32,
    /// Sum over the targets of the largest distance of the tool during that time, m.
    total: f64,
}

/// The time of one target.
#[derive(Debug, Clone, Copy)]
struct Window {
    index: u64,
    target: Point3<f64>,
    /// Seen from its beginning?
    whole: bool,
    /// Largest distance in its last part so far, m.
    farthest: Option<f64>,
    last: f64,
}

/// A target counts as seen whole if the first look is no later than this, s, after it appeared, and the last no earlier before it went.
const SLACK: f64 = 0.1;

impl ReachJudge {
    /// Nothing has been seen yet. `angles` lead from joint values to rad.
    pub(super) fn new(targets: Arc<Targets>, angles: Joints<AngleMap>) -> Self {
        Self {
            targets,
            angles,
            window: None,
            tally: Tally::default(),
        }
    }

    /// Takes joint angles, rad, measured at this time since the run's epoch.
    fn see(&mut self, time: Duration, angles: &Joints<f64>) {
        let index = Targets::index(time);
        #[allow(clippy::cast_precision_loss)]
        let since = time.as_secs_f64() - index as f64 * Targets::PERIOD;
        if self.window.is_none_or(|window| window.index != index) {
            self.close();
            self.window = Some(Window {
                index,
                target: self.targets.target(index),
                whole: since <= SLACK,
                farthest: None,
                last: since,
            });
        }
        let tool = self.targets.tool(angles);
        if let Some(window) = &mut self.window {
            window.last = since;
            if since >= Targets::PERIOD - Targets::HOLD {
                let distance = (tool - window.target).norm();
                window.farthest = Some(window.farthest.unwrap_or(0.0).max(distance));
            }
        }
    }

    fn close(&mut self) {
        if let Some(window) = self.window.take() {
            self.tally.add(&window);
        }
    }
}

impl Tally {
    fn add(&mut self, window: &Window) {
        if let (true, Some(farthest)) = (window.whole, window.farthest)
            && window.last >= Targets::PERIOD - SLACK
        {
            self.targets += 1;
            self.reached += u32::from(farthest <= Targets::TOLERANCE);
            self.total += farthest;
        }
    }

    fn mean_distance(&self) -> f64 {
        match self.targets {
            0 => 0.0,
            targets => self.total / f64::from(targets),
        }
    }
}

impl Judge for ReachJudge {
    fn observe(&mut self, state: &State) {
        let angles = Joints::from_fn(self.angles.len(), |joint| {
            self.angles[joint].radians(state.position[joint])
        });
        self.see(state.stamp.since_epoch(), &angles);
    }

    /// The present target is included if it has been seen nearly to its end.
    fn score(&self) -> TaskScore {
        let mut tally = self.tally;
        if let Some(window) = &self.window {
            tally.add(window);
        }
        let Tally {
            targets, reached, ..
        } = tally;
        let (mean, tolerance) = (tally.mean_distance(), Targets::TOLERANCE);
        TaskScore {
            name: "reach".to_owned(),
            attempts: Count::new("targets", targets),
            successes: Count::new("reached", reached),
            figures: vec![
                Figure::new("mean_distance_m", mean),
                Figure::new("tolerance_m", tolerance),
            ],
            summary: format!(
                "{reached} of {targets} targets, within {:.0} mm; off by {:.1} mm on average",
                tolerance * 1e3,
                mean * 1e3
            ),
        }
    }
}
