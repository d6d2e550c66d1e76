//! What an expert does, step by step: reach for a thing, close the hand until it feels it, carry it, put it down, look, and try again.

use core::f64::consts::FRAC_PI_2;

use nalgebra::{Rotation2, Vector3};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use ulna_core::joints::Joints;

use super::aim::{Aim, Aimer};
use super::motion::Motion;
use crate::pose_slot::Seen;
use crate::scenes::things::goal::{Goal, Task};

/// How high the hand is above what it is about to grasp, m, and how high it lifts.
const HOVER: f64 = 0.07;
const LIFT: f64 = 0.085;
/// The tool goes no lower, m: the finger's tip is beyond it.
const LOWEST: f64 = 0.011;
/// What is left between the fixed finger and a thing before the hand closes, m.
const CLEARANCE: f64 = 0.006;
/// How the jaw opens: what is between the tips when the gripper is at 0, and how far its tip is from its axle, m.
const TIP_GAP: f64 = 0.016;
const TIP_RADIUS: f64 = 0.078;
/// How much of a thing's height is beside the tip, m; the rest reaches up between jaw and finger.
const IN_HAND: f64 = 0.014;
/// Room for the jaw beside a thing, m.
const JAW_ROOM: f64 = 0.02;
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
/// A pushing hand begins so far behind a thing's side, m, and ends so near to where the side shall be.
const RUN_UP: f64 = 0.035;
const PUSHED: f64 = 0.011;
/// How far above what it stands on a thing is let go of, m.
const DROP: f64 = 0.002;
/// A hand that is so much higher than it should be, m, stands on something; the next time it leaves so much more room beside the thing, up to so much.
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
    Beside,
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

    /// Whether the arm should stand still now, so that what it is beside its place says how it sags.
    pub(super) fn is_still(&self, now: f64) -> bool {
        self.motion.is_none_or(|motion| now > motion.end() + 0.1)
    }

    /// Where the follower's joints should be at `now`, s; `measured` is where they were found. An attempt may be wanted, and it may have succeeded.
    pub(super) fn advance(
        &mut self,
        now: f64,
        (wanted, solved): (bool, bool),
        task: &Task,
        seen: &Seen,
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
    fn begin(&mut self, now: f64, task: &Task, seen: &Seen) {
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
    fn reach_for(&mut self, now: f64, thing: usize, seen: &Seen) {
        let Some(grasp) = self.best_grasp(thing, seen) else {
            return self.go_home(now);
        };
        let side = 2.0 * seen.layout.things[thing].half();
        // What a wide thing comes nearest to is not the jaw's tip but where its upper edge is.
        let radius = TIP_RADIUS - (side - IN_HAND).max(0.0);
        self.wide = ((side + JAW_ROOM - TIP_GAP) / radius)
            .clamp(0.1, 0.95)
            .asin();
        self.grasp = Some(grasp);
        let above = raised(&grasp, HOVER);
        let (mut to, _) = self.aimer.angles(&above, &self.pose);
        to[self.aimer.gripper()] = self.pose[self.aimer.gripper()];
        self.start(Step::Reach, Motion::air(&self.pose, &to, now, self.pace));
    }

    /// Of the four ways to take a cube by two of its sides, the one that the arm does best.
    fn best_grasp(&mut self, thing: usize, seen: &Seen) -> Option<Aim> {
        let pose = seen.poses().get(thing)?;
        let half = seen.layout.things.get(thing)?.half();
        let side = pose.rotation * Vector3::x();
        // A cube that has been tipped over lies on another side: any side of it that is level does.
        let level = [side, pose.rotation * Vector3::y()]
            .into_iter()
            .max_by(|a, b| a.xy().norm().total_cmp(&b.xy().norm()))?;
        let yaw = level.y.atan2(level.x);
        let depth = self.random.random_range(-0.001..0.002);
        let beside = self.random.random_range(-0.0015..0.0015);
        let near = self.start_pose();
        let more = (MORE_ROOM * f64::from(self.tries.saturating_sub(1))).min(MOST_ROOM);
        let ways = (0..4).map(|quarter| {
            let yaw = yaw + f64::from(quarter) * FRAC_PI_2;
            let jaw = Vector3::new(yaw.cos(), yaw.sin(), 0.0);
            let across = Vector3::new(-yaw.sin(), yaw.cos(), 0.0);
            let at = pose.translation.vector;
            let height = (at.z - 0.003 + depth).max(at.z - half + LOWEST);
            let aim = Aim {
                point: Vector3::new(at.x, at.y, height) - jaw * (half + CLEARANCE + more)
                    + across * beside,
                fingers: -Vector3::z(),
                jaw,
            };
            let (angles, miss) = self.aimer.angles(&aim, &near);
            let seen = self.aimer.seen(&angles);
            let roll: f64 = angles
                .iter()
                .zip(self.pose.iter())
                .map(|(a, b)| (a - b).abs())
                .sum();
            let cost = miss * 200.0
                + (1.0 - seen.jaw.dot(&jaw)) * 20.0
                + (1.0 - seen.fingers.dot(&aim.fingers)) * 2.0
                + roll * 0.05;
            (cost, aim)
        });
        let best = ways.min_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(best.1)
    }

    /// A pose before the arm from which everything in reach is found.
    fn start_pose(&self) -> Joints<f64> {
        let mut near = self.pose;
        for (place, angle) in near.iter_mut().zip([0.0, -0.2, 0.5, 1.2, 1.5]) {
            *place = angle;
        }
        near
    }

    /// A closed hand above the place from which a thing is pushed.
    fn reach_behind(&mut self, now: f64, goal: Goal, seen: &Seen) {
        let Some((from, _)) = self.pushing(goal, seen) else {
            return self.go_home(now);
        };
        self.wide = 0.0;
        let (mut to, _) = self.aimer.angles(&raised(&from, HOVER), &self.start_pose());
        to[self.aimer.gripper()] = self.pose[self.aimer.gripper()];
        self.grasp = Some(from);
        self.start(Step::Behind, Motion::air(&self.pose, &to, now, self.pace));
    }

    /// Where a hand begins to push a thing, and where it ends.
    fn pushing(&self, goal: Goal, seen: &Seen) -> Option<(Aim, Aim)> {
        let Goal::At { thing, mark, .. } = goal else {
            return None;
        };
        let at = seen.poses().get(thing)?.translation.vector;
        let half = seen.layout.things.get(thing)?.half();
        let mark = seen.layout.marks.get(mark)?;
        let way = (mark - at.xy()).try_normalize(1e-4)?;
        // The broad side of the closed hand pushes.
        let across = Rotation2::new(FRAC_PI_2) * way;
        let jaw = Vector3::new(across.x, across.y, 0.0);
        let way = Vector3::new(way.x, way.y, 0.0);
        let aim = |point: Vector3<f64>| Aim {
            point: Vector3::new(point.x, point.y, LOWEST + 0.003) - jaw * 0.006,
            fingers: -Vector3::z(),
            jaw,
        };
        let mark = Vector3::new(mark.x, mark.y, 0.0);
        Some((
            aim(at - way * (half + RUN_UP)),
            aim(mark - way * (half + PUSHED)),
        ))
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
            Step::Close | Step::Behind | Step::Beside | Step::Push => low,
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
                let beside = |joint: usize| {
                    joint == gripper || (self.pose[joint] - measured[joint]).abs() < FOLLOWED
                };
                let followed = (0..measured.len()).all(beside);
                now > end + 0.08 && (followed || now > end + PATIENCE)
            }
        }
    }

    /// The step is done: the next one.
    fn next(&mut self, now: f64, task: &Task, seen: &Seen, measured: &Joints<f64>) {
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
                let down = self.put(goal, seen, 0.0);
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
            Step::Behind => self.line(Step::Beside, now, &grasp, 0.8),
            Step::Beside => match self.pushing(goal, seen) {
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
    fn holds(&mut self, goal: Goal, seen: &Seen, measured: &Joints<f64>) -> bool {
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
    fn carry(&mut self, now: f64, goal: Goal, seen: &Seen) {
        match self.put(goal, seen, 0.05) {
            Some(above) => self.line(Step::Carry, now, &above, 0.9),
            None => self.try_again(now),
        }
    }

    /// Where the hand is when the thing in it is `height` (m) above where it is let go of.
    fn put(&self, goal: Goal, seen: &Seen, height: f64) -> Option<Aim> {
        let half = seen.layout.things.get(goal.thing())?.half();
        let (x, y, z) = match goal {
            Goal::In {
                middle,
                height: wall,
                ..
            } => (middle[0], middle[1], wall * 0.6 + half),
            Goal::On { under, .. } => {
                let below = seen.poses().get(under)?.translation.vector;
                let base = seen.layout.things.get(under)?.half();
                (below.x, below.y, below.z + base + half + DROP)
            }
            Goal::Lifted { .. } | Goal::At { .. } => return None,
        };
        // The wrist stays as it is: the jaw turns with the base.
        let here = self.aimer.seen(&self.pose);
        let turn = y.atan2(x) - here.point.y.atan2(here.point.x);
        let jaw = Rotation2::new(turn) * here.jaw.xy();
        let jaw = Vector3::new(jaw.x, jaw.y, 0.0).try_normalize(1e-6)?;
        let fingers = -Vector3::z();
        let off = fingers * self.held.x + jaw * self.held.y + fingers.cross(&jaw) * self.held.z;
        Some(Aim {
            point: Vector3::new(x, y, z + height) - off,
            fingers,
            jaw,
        })
    }
}

/// The same, so much higher, m.
fn raised(aim: &Aim, height: f64) -> Aim {
    Aim {
        point: aim.point + Vector3::z() * height,
        ..*aim
    }
}
