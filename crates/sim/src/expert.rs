//! Experts: scripted operators who show how a task is done.
//!
//! An expert sees what a person sees ([`Sight`]): where things are, and where the follower's joints were measured, in whole steps of their
//! encoders; nothing else of the simulation. It moves the **leader**, as a hand does: in strokes, with tremor and drift, at a pace of its own, and with
//! reaches that are a little off the mark. What the follower makes of that is the servos' affair, so an expert aims higher where it sees the arm
//! sag, closes the hand until the jaw stops, and tries again when a thing is not in it.

pub(crate) mod aim;
mod motion;
mod places;
mod plan;

use core::f64::consts::TAU;
use core::time::Duration;
use std::sync::Arc;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use ulna_core::joints::Joints;
use ulna_robot::RobotKind;

use crate::arm::resting_angles;
use crate::hand::Operator;
use crate::hand::noise::Noise;
use crate::scenes::things::goal::Task;
use crate::sight::Sight;
use aim::Aimer;
use plan::Plan;

/// From one decision to the next.
const BEAT: Duration = Duration::from_millis(20);
/// When an expert looks for the first time.
const WAKES: Duration = Duration::from_millis(300);
/// How fast it makes good what it sees the arm to be off its place, 1/s, and the most that it aims off, rad.
const MENDING: f64 = 3.0;
const MOST: f64 = 0.25;
/// Part of an ordinary hand's unsteadiness: who looks closely, holds still.
const STEADY: f64 = 0.4;

/// An expert for one task.
#[derive(Debug)]
pub(crate) struct Expert {
    task: Arc<Task>,
    sight: Sight,
    plan: Plan,
    noise: Noise,
    rest: Joints<f64>,
    limits: Joints<(f64, f64)>,
    steps: Joints<f64>,
    gripper: usize,
    /// What it aims off, rad.
    bias: Joints<f64>,
    decided: Duration,
    before: Joints<f64>,
    after: Joints<f64>,
}

impl Expert {
    /// An expert on this leader; `None` if the arm has no hand that it knows to use.
    pub(crate) fn new(
        leader: &RobotKind,
        task: Arc<Task>,
        sight: Sight,
        seed: u64,
    ) -> Option<Self> {
        let aimer = Aimer::new(leader)?;
        let count = leader.dof();
        let joint = |index: usize| &leader.joints[index];
        let rest = resting_angles(leader);
        let rest = Joints::from_fn(count, |i| rest[i].clamp(joint(i).lower, joint(i).upper));
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(u64::MAX - 1);
        Some(Self {
            gripper: aimer.gripper(),
            plan: Plan::new(aimer, rest, random),
            noise: Noise::new(seed, count),
            limits: Joints::from_fn(count, |i| (joint(i).lower, joint(i).upper)),
            steps: Joints::from_fn(count, |i| TAU / f64::from(joint(i).resolution)),
            bias: Joints::filled(count, 0.0),
            task,
            sight,
            rest,
            decided: Duration::ZERO,
            before: rest,
            after: rest,
        })
    }

    /// Looks, and decides where the leader shall be a beat later.
    fn decide(&mut self) {
        let now = self.decided.as_secs_f64();
        let seen = self.sight.look();
        let measured = Joints::from_fn(self.rest.len(), |i| {
            (seen.angles[i] / self.steps[i]).round() * self.steps[i]
        });
        let wanted = self.sight.is_wanted() && self.decided >= WAKES;
        let solved = self.sight.is_solved();
        let pose = self
            .plan
            .advance(now, (wanted, solved), &self.task, &seen, &measured);
        self.sight.set_away(self.plan.is_away());
        let away = self.plan.is_away();
        let still = self.plan.is_still(now);
        let noise = self.noise.at(now);
        self.before = self.after;
        self.after = Joints::from_fn(pose.len(), |i| {
            if i == self.gripper || away {
                self.bias[i] = 0.0;
            } else if still {
                let missing = (pose[i] - measured[i]).clamp(-0.1, 0.1);
                let bias = self.bias[i] + MENDING * BEAT.as_secs_f64() * missing;
                self.bias[i] = bias.clamp(-MOST, MOST);
            }
            let noise = if away { 0.0 } else { noise[i] * STEADY };
            (pose[i] + self.bias[i] + noise).clamp(self.limits[i].0, self.limits[i].1)
        });
    }
}

impl Operator for Expert {
    fn rest(&self) -> &Joints<f64> {
        &self.rest
    }

    /// Times must not go back by more than a tick; a moment before the last decision counts as that.
    fn angles(&mut self, time: Duration) -> Joints<f64> {
        while self.decided + BEAT <= time {
            self.decided += BEAT;
            self.decide();
        }
        let since = time.saturating_sub(self.decided).as_secs_f64();
        let part = (since / BEAT.as_secs_f64()).min(1.0);
        let (before, after) = (&self.before, &self.after);
        Joints::from_fn(before.len(), |i| before[i] + (after[i] - before[i]) * part)
    }
}
