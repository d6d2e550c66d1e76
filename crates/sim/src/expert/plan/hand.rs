//! What a hand feels and does with its jaw: whether a step has done what it was to do, and whether the thing is in it.

use nalgebra::Vector3;
use ulna_core::joints::Joints;

use super::{Goal, Plan, Step};
use crate::pose_slot::WorldView;

/// How fast a hand closes and opens, rad/s.
const CLOSING: f64 = 1.6;
/// A jaw has met something when it moved no further than this, rad, in [`STALL`] seconds though the hand asks for [`PRESSING`] rad more.
const STALLED: f64 = 0.012;
const STALL: f64 = 0.12;
const PRESSING: f64 = 0.14;
/// A gripper as closed as this holds nothing, rad.
const EMPTY: f64 = 0.03;
/// The arm has followed when every joint is within this of where it should be, rad; after so long, s, it counts as having done so anyway.
const FOLLOWED: f64 = 0.013;
const PATIENCE: f64 = 0.8;
/// A thing that is so much lower than the hand would have it, m, is not in it.
const DROPPED: f64 = 0.025;
/// A hand on its way down that is so much higher than it should be, m, for so long, s, stands on something.
const BLOCKED: f64 = 0.01;
const BLOCKED_FOR: f64 = 0.2;
/// A hand grips firmer while it takes the load, rad and s: gears with friction keep most of that. A servo takes
/// it for an overload only when it lasts twice as long.
const FIRMER: f64 = 0.06;
const FIRM_FOR: f64 = 1.0;

impl Plan {
    /// Opens and closes the jaw as the step wants it.
    pub(super) fn move_jaw(&mut self, now: f64, measured: &Joints<f64>) {
        const BEAT: f64 = 0.02;
        let gripper = self.aimer.gripper();
        let (low, high) = self.aimer.limits(gripper);
        let goal = match self.step {
            Step::Reach | Step::Near | Step::Descend | Step::Open | Step::Leave => self.wide,
            Step::Close | Step::Behind | Step::AtSide | Step::Push => low,
            Step::Raise if now < self.taken + FIRM_FOR => self.grip - FIRMER,
            Step::Raise | Step::Carry | Step::Hold | Step::Lower => self.grip,
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
    pub(super) fn is_done(&self, now: f64, measured: &Joints<f64>) -> bool {
        let gripper = self.aimer.gripper();
        match self.step {
            Step::Away => false,
            Step::Hold => self.solved || now > self.since + 4.0,
            Step::Close => {
                let pressing = measured[gripper] - self.pose[gripper] > PRESSING;
                let stalled = now - self.jaw.1 > STALL && pressing;
                let empty = self.is_empty(measured) && now - self.jaw.1 > STALL;
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
                // In the air nothing depends on it.
                let free = matches!(self.step, Step::Reach | Step::Leave);
                let followed = free || (0..measured.len()).all(there);
                let patience = if self.is_blocked(measured) {
                    BLOCKED_FOR
                } else {
                    PATIENCE
                };
                now > end + 0.08 && (followed || now > end + patience)
            }
        }
    }

    /// Whether there is nothing between jaw and finger.
    pub(super) fn is_empty(&self, measured: &Joints<f64>) -> bool {
        measured[self.aimer.gripper()] < EMPTY
    }

    /// Whether a hand on its way down stands on something.
    pub(super) fn is_blocked(&self, measured: &Joints<f64>) -> bool {
        let too_high = self.aimer.seen(measured).point.z - self.aimer.seen(&self.pose).point.z;
        self.step == Step::Descend && too_high > BLOCKED
    }

    /// Whether the thing is in the hand; if so, it is known how.
    pub(super) fn holds(&mut self, goal: Goal, seen: &WorldView, measured: &Joints<f64>) -> bool {
        let Some(thing) = seen.poses().get(goal.thing()) else {
            return false;
        };
        let hand = self.aimer.seen(measured);
        let off = thing.translation.vector - hand.point;
        let across = hand.fingers.cross(&hand.jaw);
        self.held = Vector3::new(off.dot(&hand.fingers), off.dot(&hand.jaw), off.dot(&across));
        off.norm() < 0.06 && off.dot(&hand.fingers) < DROPPED
    }
}
