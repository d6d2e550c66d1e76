//! What an expert does, step by step: reach for a thing, close the hand until it feels it, carry it, put it down, look, and try again.

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
/// How fast a hand closes and opens, rad/s.
const CLOSING: f64 = 1.6;
/// A jaw has met something when it moved no further than this, rad, in [`STALL`] seconds though the hand asks for [`PRESSING`] rad more.
const STALLED: f64 = 0.012;
const STALL: f64 = 0.12;
const PRESSING: f64 = 0.14;
/// How far beyond where the jaw stopped the hand asks it to go, rad: a servo that asks for more than a quarter of its duty, as LeRobot sets
/// grippers up, counts as overloaded after two seconds.
const SQUEEZE: core::ops::Range<f64> = 0.05..0.08;
/// A gripper as closed as this holds nothing, rad.
const EMPTY: f64 = 0.03;
/// The arm has followed when every joint is within this of where it should be, rad; after so long, s, it counts as having done so anyway.
const FOLLOWED: f64 = 0.013;
const PATIENCE: f64 = 0.8;
/// A thing that is so much lower than the hand would have it, m, is not in it.
const DROPPED: f64 = 0.025;
/// A hand that is so much higher than it should be, m, stands on something; the next time it leaves so much more room next to the thing, up to so much.
const BLOCKED: f64 = 0.01;
const MORE_ROOM: f64 = 0.003;
const MOST_ROOM: f64 = 0.009;
/// Tries before an expert gives up.
const TRIES: u32 = 8;

/// What the hand is doing.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// Nothing, at rest.
    Away,
    Reach,
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
    /// The judge is content.
    solved: bool,
    tries: u32,
    pace: f64,
    squeeze: f64,
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
            solved: false,
            tries: 0,
            pace: 1.0,
            squeeze: 0.1,
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
        self.motion.is_none_or(|motion| now > motion.end() + 0.1)
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
        if !wanted && !matches!(self.step, Step::Away | Step::GoHome) {
            self.go_home(now);
        }
        if self.step == Step::Away {
            if wanted && self.attempt != Some(seen.layout.number) {
                self.attempt = Some(seen.layout.number);
                self.tries = 0;
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
        let again = !self.solved && self.tries <= TRIES;
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

    /// Opens and closes the jaw as the step wants it.
    fn move_jaw(&mut self, now: f64, measured: &Joints<f64>) {
        const BEAT: f64 = 0.02;
        let gripper = self.aimer.gripper();
        let (low, high) = self.aimer.limits(gripper);
        let goal = match self.step {
            Step::Reach | Step::Descend | Step::Open | Step::Leave => self.wide,
            Step::Close | Step::Behind | Step::AtSide | Step::Push => low,
            Step::GoHome if now > self.since - 0.3 => self.rest[gripper],
            _ => self.pose[gripper],
        };
        let most = CLOSING * self.pace * BEAT;
        let here = self.pose[gripper];
        self.pose[gripper] = (here + (goal - here).clamp(-most, most)).clamp(low, high);
        if (measured[gripper] - self.jaw.0).abs() > STALLED || self.step != Step::Close {
            self.jaw = (measured[gripper], now);
        }
    }

    /// Whether the step has done what it was to do.
    fn is_done(&self, now: f64, measured: &Joints<f64>) -> bool {
        let gripper = self.aimer.gripper();
        match self.step {
            Step::Away => false,
            Step::Hold => self.solved || now > self.since + 4.0,
            Step::Close => {
                let pressing = measured[gripper] - self.pose[gripper] > PRESSING;
                let stalled = now - self.jaw.1 > STALL && pressing;
                let empty = measured[gripper] < EMPTY && now - self.jaw.1 > STALL;
                stalled || empty || now > self.since + 3.0
            }
            Step::Open => now > self.since + 0.5,
            _ => {
                let Some(end) = self.motion.map(|motion| motion.end()) else {
                    return true;
                };
                let there = |joint: usize| {
                    joint == gripper || (self.pose[joint] - measured[joint]).abs() < FOLLOWED
                };
                let followed = (0..measured.len()).all(there);
                now > end + 0.08 && (followed || now > end + PATIENCE)
            }
        }
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
            Step::Reach => self.line(Step::Descend, now, &grasp, 0.6),
            Step::Descend if self.aimer.seen(measured).point.z > grasp.point.z + BLOCKED => {
                self.try_again(now);
            }
            Step::Descend => {
                self.step = Step::Close;
                self.since = now;
                self.motion = None;
                self.jaw = (measured[gripper], now);
            }
            Step::Close if measured[gripper] < EMPTY => self.try_again(now),
            Step::Close => {
                self.pose[gripper] = measured[gripper] - self.squeeze;
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
            Step::Open => {
                let here = self.aimer.seen(&self.pose);
                self.line(Step::Leave, now, &raised(&here, HOVER + 0.02), 0.8);
            }
            Step::Leave => self.begin(now, task, seen),
            Step::Behind => self.line(Step::AtSide, now, &grasp, 0.8),
            Step::AtSide => match places::pushing(goal, seen) {
                Some((_, to)) => self.line(Step::Push, now, &to, 0.35),
                None => self.try_again(now),
            },
            Step::Push => {
                self.wide = 0.0;
                let here = self.aimer.seen(&self.pose);
                self.line(Step::Leave, now, &raised(&here, HOVER), 0.8);
            }
            Step::GoHome => self.finish(),
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

    /// Whether the thing is in the hand; if so, it is known how.
    fn holds(&mut self, goal: Goal, seen: &WorldView, measured: &Joints<f64>) -> bool {
        let Some(thing) = seen.poses().get(goal.thing()) else {
            return false;
        };
        let hand = self.aimer.seen(measured);
        let off = thing.translation.vector - hand.point;
        let across = hand.fingers.cross(&hand.jaw);
        self.held = Vector3::new(off.dot(&hand.fingers), off.dot(&hand.jaw), off.dot(&across));
        off.norm() < 0.06 && off.dot(&hand.fingers) < DROPPED
    }

    /// The thing above where it shall be.
    fn carry(&mut self, now: f64, goal: Goal, seen: &WorldView) {
        match places::put(&self.aimer.seen(&self.pose), &self.held, goal, seen, 0.05) {
            Some(above) => self.line(Step::Carry, now, &above, 0.9),
            None => self.try_again(now),
        }
    }
}
