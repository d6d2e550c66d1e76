//! Whether the task was done: judged by where the things are, and where the hand is as its joints were measured.

use core::time::Duration;
use std::sync::Arc;

use nalgebra::{Isometry3, Vector3};
use ulna_core::joints::Joints;
use ulna_core::unit::AngleMap;
use ulna_core::{Count, Figure, Judge, State, TaskScore};
use ulna_robot::kinematics::Chain;

use super::goal::Task;
use crate::contact::MAX_BODIES;
use crate::sight::Sight;

/// Slower than this a thing lies still, m/s.
const STILL: f64 = 0.02;
/// Speeds are taken over this time.
const LOOK: Duration = Duration::from_millis(50);

/// Keeps the score, in attempts.
#[derive(Debug, Clone)]
pub(super) struct ThingsJudge {
    task: Arc<Task>,
    angles: Joints<AngleMap>,
    chain: Chain,
    sight: Sight,
    attempts: u32,
    successes: u32,
    /// The attempt that is watched, and when it began.
    number: Option<u64>,
    began: Duration,
    /// Since when all is as it should be.
    since: Option<Duration>,
    solved: bool,
    /// Sum of the times that successes took, s.
    taken: f64,
    looked: Duration,
    before: [Vector3<f64>; MAX_BODIES],
}

impl ThingsJudge {
    pub(super) fn new(
        task: Arc<Task>,
        chain: Chain,
        angles: Joints<AngleMap>,
        sight: Sight,
    ) -> Self {
        Self {
            task,
            angles,
            chain,
            sight,
            attempts: 0,
            successes: 0,
            number: None,
            began: Duration::ZERO,
            since: None,
            solved: false,
            taken: 0.0,
            looked: Duration::ZERO,
            before: [Vector3::repeat(f64::INFINITY); MAX_BODIES],
        }
    }

    /// The speed of every thing since the last look, m/s; it is looked at no more often than speeds can be measured.
    fn resting(&mut self, now: Duration, poses: &[Isometry3<f64>]) -> [bool; MAX_BODIES] {
        let time = now.saturating_sub(self.looked).as_secs_f64();
        let mut resting = [false; MAX_BODIES];
        for ((rests, before), pose) in resting.iter_mut().zip(&mut self.before).zip(poses) {
            *rests = (pose.translation.vector - *before).norm() < STILL * time;
            *before = pose.translation.vector;
        }
        self.looked = now;
        resting
    }
}

impl Judge for ThingsJudge {
    fn observe(&mut self, state: &State) {
        let now = state.stamp.since_epoch();
        if now < self.looked + LOOK {
            return;
        }
        let seen = self.sight.look();
        if self.number != Some(seen.layout.number) {
            self.number = Some(seen.layout.number);
            self.attempts += 1;
            (self.began, self.since, self.solved) = (now, None, false);
        }
        let resting = self.resting(now, seen.poses());
        if self.solved {
            return;
        }
        let angles = Joints::from_fn(self.angles.len(), |joint| {
            self.angles[joint].radians(state.position[joint])
        });
        let tool = self.chain.pose(&angles).tool_point().coords;
        let met = self.task.goals.iter().all(|goal| {
            let rests = !goal.wants_rest() || resting[goal.thing()];
            rests && goal.is_met(&seen.layout, seen.poses(), &tool)
        });
        self.since = match met {
            true => self.since.or(Some(now)),
            false => None,
        };
        let held = self.since.map(|since| now.saturating_sub(since));
        if held.is_some_and(|held| held.as_secs_f64() >= self.task.hold) {
            self.solved = true;
            self.successes += 1;
            self.taken += now.saturating_sub(self.began).as_secs_f64();
            self.sight.solve(seen.layout.number);
        }
    }

    fn score(&self) -> TaskScore {
        let (attempts, successes) = (self.attempts, self.successes);
        let mean = match successes {
            0 => f64::NAN,
            successes => self.taken / f64::from(successes),
        };
        let time = match successes {
            0 => String::new(),
            _ => format!(", in {mean:.1} s on average"),
        };
        TaskScore {
            name: self.task.scene.clone(),
            attempts: Count::new("attempts", attempts),
            successes: Count::new("successes", successes),
            figures: vec![Figure::new("mean_time_s", mean)],
            summary: format!("{successes} of {attempts} attempts{time}"),
        }
    }
}
