//! What an expert does, step by step: reach for a thing, close the hand until it feels it, carry it, put it down, look, and try again.

mod hand;

use nalgebra::Vector3;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use ulna_core::joints::Joints;

use super::aim::{Aim, Aimer};
use super::motion::Motion;
use super::places::{self, raised, start_pose};
use crate::pose_slot::WorldView;
use crate::scenes::things::goal::{Goal, Task};

/// How high the hand is above what it is about to grasp, m, and how high it lifts.
const HOVER: f64 = 0.07;
const LIFT: f64 = 0.085;
/// How far beyond where the jaw stopped the hand asks it to go, rad: a servo that asks for more than a quarter of its duty, as LeRobot sets
/// grippers up, counts as overloaded after two seconds.
const SQUEEZE: core::ops::Range<f64> = 0.05..0.08;
/// A hand that stood on something leaves so much more room next to the thing the next time, m, up to so much.
const MORE_ROOM: f64 = 0.003;
const MOST_ROOM: f64 = 0.009;
/// No hand leaves higher than this, m: nothing is in its way there.
const CLEAR: f64 = 0.13;
/// With less time than this, s, no thing is reached for any more: it would be in the hand at the end.
const ONE_TRY: f64 = 4.0;
/// Tries before an expert gives up.
const TRIES: u32 = 8;

/// What the hand is doing.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// Nothing, at rest.
    Away,
    Reach,
    /// Its tips just above what it is about to grasp.
    Near,
    Descend,
    Close,
    Raise,
    Carry,
    Lower,
    Open,
    Leave,
    /// It holds what is to be held.
    Hold,
    Behind,
    AtSide,
    Push,
    GoHome,
}

/// An expert's plan.
#[derive(Debug)]
pub(super) struct Plan {
    aimer: Aimer,
    rest: Joints<f64>,
    step: Step,
    motion: Option<Motion>,
    /// Where the follower's joints should be now.
    pose: Joints<f64>,
    goal: Option<Goal>,
    grasp: Option<Aim>,
    /// From the tool to the thing in the hand: along fingers, jaw and across both, m.
    held: Vector3<f64>,
    attempt: Option<u64>,
    /// An attempt is wanted, and the judge is content.
    wanted: bool,
    solved: bool,
    /// Tries of this attempt, and when it began, s.
    tries: u32,
    began: f64,
    pace: f64,
    squeeze: f64,
    /// What the gripper is asked for with the thing in it, and since when.
    grip: f64,
    taken: f64,
    wide: f64,
    /// The gripper as it was measured, and when.
    jaw: (f64, f64),
    since: f64,
    random: ChaCha8Rng,
}

impl Plan {
    pub(super) fn new(aimer: Aimer, rest: Joints<f64>, random: ChaCha8Rng) -> Self {
        Self {
            aimer,
            rest,
            step: Step::Away,
            motion: None,
            pose: rest,
            goal: None,
            grasp: None,
            held: Vector3::zeros(),
            attempt: None,
            wanted: false,
            solved: false,
            tries: 0,
            began: 0.0,
            pace: 1.0,
            squeeze: 0.1,
            grip: 0.0,
            taken: 0.0,
            wide: 0.5,
            jaw: (0.0, 0.0),
            since: 0.0,
            random,
        }
    }

    /// Whether the hand is at rest, away from everything.
    pub(super) fn is_away(&self) -> bool {
        self.step == Step::Away
    }

    /// Whether the arm should stand still now, so that how far it is off its place says how it sags.
    pub(super) fn is_still(&self, now: f64) -> bool {
        // A hand that opens may stand on something: it would only push.
        self.step != Step::Open && self.motion.is_none_or(|motion| now > motion.end() + 0.1)
    }

    /// Where the follower's joints should be at `now`, s; `measured` is where they were found. An attempt may be wanted, and it may have succeeded.
    pub(super) fn advance(
        &mut self,
        now: f64,
        (wanted, solved): (bool, bool),
        task: &Task,
        seen: &WorldView,
        measured: &Joints<f64>,
    ) -> Joints<f64> {
        self.solved = solved;
        self.wanted = wanted;
        if !wanted {
            self.withdraw(now, seen, measured);
        }
        if self.step == Step::Away {
            if wanted && self.attempt != Some(seen.layout.number) {
                self.attempt = Some(seen.layout.number);
                self.tries = 0;
                self.began = now;
                self.begin(now, task, seen);
            }
            return self.pose;
        }
        if let Some(motion) = self.motion {
            self.pose = motion.at(now, &self.aimer, &self.pose);
        }
        self.move_jaw(now, measured);
        if self.is_done(now, measured) {
            self.next(now, task, seen, measured);
        }
        self.pose
    }

    /// Looks what is still to be done, and begins with it.
    fn begin(&mut self, now: f64, task: &Task, seen: &WorldView) {
        let tool = self.aimer.seen(&self.pose).point;
        let open = |goal: &&Goal| !goal.is_met(&seen.layout, seen.poses(), &tool);
        self.goal = task.goals.iter().find(open).copied();
        self.tries += 1;
        self.pace = self.random.random_range(0.8..1.15);
        self.squeeze = self.random.random_range(SQUEEZE);
        let time = self.began + task.limit - now;
        let again = self.wanted && !self.solved && time > ONE_TRY && self.tries <= TRIES;
        let Some(goal) = self.goal.filter(|_| again) else {
            return self.go_home(now);
        };
        match goal {
            Goal::At { .. } => self.reach_behind(now, goal, seen),
            _ => self.reach_for(now, goal.thing(), seen),
        }
    }

    /// The hand above a thing, open for it.
    fn reach_for(&mut self, now: f64, thing: usize, seen: &WorldView) {
        let room = (MORE_ROOM * f64::from(self.tries.saturating_sub(1))).min(MOST_ROOM);
        let random = &mut self.random;
        let Some(grasp) = places::grasp(&self.aimer, &self.pose, (thing, seen), room, random)
        else {
            return self.go_home(now);
        };
        let side = 2.0 * seen.layout.things[thing].half();
        self.wide = places::opening(side);
        self.grasp = Some(grasp);
        let above = raised(&grasp, HOVER);
        let (mut to, _) = self.aimer.angles(&above, &self.pose);
        to[self.aimer.gripper()] = self.pose[self.aimer.gripper()];
        self.start(Step::Reach, Motion::air(&self.pose, &to, now, self.pace));
    }

    /// A closed hand above the place from which a thing is pushed.
    fn reach_behind(&mut self, now: f64, goal: Goal, seen: &WorldView) {
        let Some((from, _)) = places::pushing(goal, seen) else {
            return self.go_home(now);
        };
        self.wide = 0.0;
        let (mut to, _) = self
            .aimer
            .angles(&raised(&from, HOVER), &start_pose(&self.pose));
        to[self.aimer.gripper()] = self.pose[self.aimer.gripper()];
        self.grasp = Some(from);
        self.start(Step::Behind, Motion::air(&self.pose, &to, now, self.pace));
    }

    fn start(&mut self, step: Step, motion: Motion) {
        self.step = step;
        self.since = motion.end();
        self.motion = Some(motion);
    }

    fn line(&mut self, step: Step, now: f64, to: &Aim, pace: f64) {
        let from = self.aimer.seen(&self.pose);
        let motion = Motion::line(&from, to, now, pace * self.pace);
        self.start(step, motion);
    }

    fn go_home(&mut self, now: f64) {
        let motion = Motion::air(&self.pose, &self.rest, now, self.pace);
        self.start(Step::GoHome, motion);
    }

    /// The step is done: the next one.
    fn next(&mut self, now: f64, task: &Task, seen: &WorldView, measured: &Joints<f64>) {
        let gripper = self.aimer.gripper();
        let (Some(goal), Some(grasp)) = (self.goal, self.grasp) else {
            return match self.step {
                Step::GoHome => self.finish(),
                _ => self.go_home(now),
            };
        };
        let carrying = matches!(self.step, Step::Raise | Step::Hold | Step::Carry);
        if carrying && !self.holds(goal, seen, measured) {
            return self.try_again(now);
        }
        match self.step {
            Step::Away => {}
            Step::Reach => match places::near(&grasp, (goal.thing(), seen)) {
                Some(near) => self.line(Step::Near, now, &near, 0.8),
                None => self.leave(now),
            },
            Step::Near => self.line(Step::Descend, now, &grasp, 0.5),
            Step::Descend if self.is_blocked(measured) => self.leave(now),
            Step::Descend => {
                self.step = Step::Close;
                self.since = now;
                self.motion = None;
                self.jaw = (measured[gripper], now);
            }
            Step::Close if self.is_empty(measured) => self.try_again(now),
            Step::Close => {
                self.grip = measured[gripper] - self.squeeze;
                self.taken = now;
                self.line(Step::Raise, now, &raised(&grasp, LIFT), 0.7);
            }
            Step::Raise => match goal {
                Goal::Lifted { .. } => {
                    self.step = Step::Hold;
                    self.since = now;
                }
                _ => self.carry(now, goal, seen),
            },
            Step::Hold if self.solved => self.line(Step::Lower, now, &grasp, 0.6),
            Step::Hold => self.since = now,
            Step::Carry => {
                let down = places::put(&self.aimer.seen(&self.pose), &self.held, goal, seen, 0.0);
                match down {
                    Some(down) => self.line(Step::Lower, now, &down, 0.6),
                    None => self.try_again(now),
                }
            }
            Step::Lower => {
                self.wide = (self.pose[gripper] + 0.35).min(self.aimer.limits(gripper).1);
                self.step = Step::Open;
                self.since = now;
                self.motion = None;
            }
            Step::Open => self.leave(now),
            Step::Leave => self.begin(now, task, seen),
            Step::Behind => self.line(Step::AtSide, now, &grasp, 0.8),
            Step::AtSide => match places::pushing(goal, seen) {
                Some((_, to)) => self.line(Step::Push, now, &to, 0.35),
                None => self.try_again(now),
            },
            Step::Push => {
                self.wide = 0.0;
                self.leave(now);
            }
            Step::GoHome => self.finish(),
        }
    }

    /// Up, with the hand as it is.
    fn leave(&mut self, now: f64) {
        let here = self.aimer.seen(&self.pose);
        let height = (HOVER + 0.02).min(CLEAR - here.point.z).max(0.0);
        self.line(Step::Leave, now, &raised(&here, height), 0.8);
    }

    /// No attempt is wanted any more: what is in the hand is put down, and the hand goes home.
    fn withdraw(&mut self, now: f64, seen: &WorldView, measured: &Joints<f64>) {
        match self.step {
            Step::Away | Step::GoHome | Step::Lower | Step::Open | Step::Leave => {}
            Step::Close => self.try_again(now),
            Step::Raise | Step::Hold | Step::Carry => {
                let thing = self.goal.map_or(0, |goal| goal.thing());
                let (Some(pose), Some(made)) =
                    (seen.poses().get(thing), seen.layout.things.get(thing))
                else {
                    return self.try_again(now);
                };
                // From where the hand is: it may be on its way.
                let here = self.aimer.seen(measured);
                let down = raised(&here, (made.half() - pose.translation.z).min(0.0));
                self.line(Step::Lower, now, &down, 0.8);
            }
            Step::Descend => self.leave(now),
            _ => self.go_home(now),
        }
    }

    fn finish(&mut self) {
        self.step = Step::Away;
        self.motion = None;
        self.pose = self.rest;
    }

    /// Opens the hand where it is, leaves, and looks again.
    fn try_again(&mut self, now: f64) {
        self.wide = self.wide.max(0.5);
        self.step = Step::Open;
        self.since = now;
        self.motion = None;
    }

    /// The thing above where it shall be.
    fn carry(&mut self, now: f64, goal: Goal, seen: &WorldView) {
        match places::put(&self.aimer.seen(&self.pose), &self.held, goal, seen, 0.05) {
            Some(above) => self.line(Step::Carry, now, &above, 0.9),
            None => self.try_again(now),
        }
    }
}
