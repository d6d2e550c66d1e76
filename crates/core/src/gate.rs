//! The safety gate: the one place that every commanded motion crosses.
//!
//! [`SafeGoals`] has no public constructor, and a robot's write takes nothing else. (That needs the type and its only maker in one crate,
//! which is why the gate lives here.) What drivers write apart from such goals is listed in the file `outside_the_gate.rs` of
//! `ulna-drivers`.
//!
//! The rules, in order: no action, a stale one or one with a NaN or an infinity → **hold** the last goal;
//! targets are clamped to the **position limits**; a target further than the jump threshold from the last goal starts a **ramp** at the ramp
//! speed, which lasts until the goal has caught up; no goal moves faster than the **velocity limit**. Limits and ramps are each joint's own: a
//! jaw that snaps shut does not slow the arm. A joint that has not been measured for a while, or whose servo has lost its torque, is left
//! alone, and when it is back its goal starts from where it is.
//!
//! **Speeds** (of a base on wheels) are goals of another kind: a servo keeps its goal speed up when no further
//! goal comes. So they are held by an active zero, at once and whatever the reason; and a speed changes no faster than the limit on its
//! velocity, which is an acceleration.

use core::ops::{Deref, Range};
use core::time::Duration;

use serde::Serialize;

use crate::joints::Joints;
use crate::stamp::Stamp;
use crate::state::{Action, State};

/// What the gate allows, in the joints' normalised units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GateLimits {
    /// Lowest and highest goal of each joint.
    pub range: Joints<(f64, f64)>,
    /// Fastest that a goal may move, units per second.
    pub max_velocity: Joints<f64>,
    /// A target further than this from the last goal is a jump, units.
    pub jump: Joints<f64>,
    /// Speed at which a jump is caught up with, units per second.
    pub ramp_velocity: Joints<f64>,
    /// An action older than this counts as no action.
    pub stale_after: Duration,
    /// The joints whose goals are speeds, a bit mask as in [`GateNote`]; units per second are their accelerations.
    pub speeds: u32,
}

impl GateLimits {
    /// True if the goals of this joint are speeds.
    pub fn is_speed(&self, joint: usize) -> bool {
        self.speeds & (1 << joint) != 0
    }

    /// The same goals with every speed zero.
    #[must_use]
    pub fn at_rest(&self, goals: &Joints<f64>) -> Joints<f64> {
        let mut goals = *goals;
        for (joint, goal) in goals.iter_mut().enumerate() {
            if self.is_speed(joint) {
                *goal = 0.0;
            }
        }
        goals
    }
}

/// Goals that passed the gate: the only thing that a [`Robot`](crate::Robot) writes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SafeGoals {
    goals: Joints<f64>,
    stamp: Stamp,
    /// Joints that get no goal, a bit mask.
    left_alone: u32,
}

impl SafeGoals {
    /// The goal of each joint, in its normalised unit.
    pub fn goals(&self) -> &Joints<f64> {
        &self.goals
    }

    /// Those of these joints, for an arm that is one part of the robot; `None` if there are not so many.
    pub fn slice(&self, joints: Range<usize>) -> Option<SafeSlice<'_>> {
        let first = joints.start;
        let goals = self.goals.get(joints)?;
        let left_alone =
            u32::try_from(first).map_or(0, |first| self.left_alone.unbounded_shr(first));
        Some(SafeSlice(goals, left_alone))
    }

    /// All of them.
    pub fn as_slice(&self) -> SafeSlice<'_> {
        SafeSlice(&self.goals, self.left_alone)
    }

    /// When the gate made them.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }
}

/// Some of the goals that passed the gate, one for each joint of one arm. Like [`SafeGoals`], nothing else makes one:
///
/// ```compile_fail,E0423
/// let goals = ulna_core::SafeSlice(&[0.0; 6], 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SafeSlice<'a>(&'a [f64], u32);

impl SafeSlice<'_> {
    /// True if this joint gets no goal: its servo was silent or limp when these goals were made, and what it would make of an old goal
    /// when it wakes up is not known.
    pub fn is_left_alone(&self, joint: usize) -> bool {
        has(self.1, joint)
    }
}

impl Deref for SafeSlice<'_> {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        self.0
    }
}

/// What the gate did to one action; sets of joints are bit masks, joint 0 in the lowest bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct GateNote {
    /// Joints whose target lay outside the position limits.
    pub clamped: u32,
    /// Joints that wanted to move faster than the velocity limit.
    pub slowed: u32,
    /// Joints that have not been measured lately: their goals stand still.
    pub absent: u32,
    /// Joints whose servo has lost its torque: they get no goals.
    pub limp: u32,
    /// Joints on a ramp: at the start, after a jump, or when they are back.
    pub ramps: u32,
    /// Any of them is.
    pub ramping: bool,
    /// There was no action, or it was too old: the goal was held.
    pub stale: bool,
    /// The action had a NaN or an infinity, or not one number per joint: the goal was held.
    pub invalid: bool,
}

impl GateNote {
    /// True if the goals are exactly the action's target.
    pub fn untouched(&self) -> bool {
        *self == Self::default()
    }
}

/// The safety gate of one robot.
#[derive(Debug, Clone)]
pub struct Gate {
    limits: GateLimits,
    sent: Joints<f64>,
    at: Stamp,
    /// Joints on a ramp.
    ramping: u32,
    /// Joints whose servo has no torque.
    limp: u32,
    /// Joints that are left alone: silent, or limp.
    absent: u32,
}

/// True if the joint is in a set that is a bit mask.
fn has(set: u32, joint: usize) -> bool {
    u32::try_from(joint).is_ok_and(|joint| set.unbounded_shr(joint) & 1 != 0)
}

/// A joint not measured for longer than this is absent. Its servo may still hear its goals, or not: if they moved on without
/// it, it would leap to them when the cable makes contact again.
const ABSENT_AFTER: Duration = Duration::from_millis(250);

/// The longest step in time that a goal may use up at once: a loop that was away does not come back with a leap.
const LONGEST_STEP: Duration = Duration::from_millis(50);

impl Gate {
    /// A gate for a robot that stands at `position` (normalised units) at `now`: the first motion ramps in from there.
    pub fn new(limits: GateLimits, position: &Joints<f64>, now: Stamp) -> Self {
        Self {
            limits,
            sent: limits.at_rest(position),
            at: now,
            ramping: u32::MAX,
            limp: 0,
            absent: 0,
        }
    }

    /// The servos of these joints (a bit mask) have no torque: until a later call leaves them out, they get no goals. One that is back starts
    /// from where it is.
    pub fn leave_alone(&mut self, limp: u32) {
        self.limp = limp;
    }

    /// The limits in force.
    pub fn limits(&self) -> &GateLimits {
        &self.limits
    }

    /// The goals for `now`, as near to `action` as the rules allow, and what was done to it. `state` is the robot's newest.
    pub fn check(
        &mut self,
        now: Stamp,
        action: Option<&Action>,
        state: &State,
    ) -> (SafeGoals, GateNote) {
        let mut note = GateNote::default();
        let span = (now - self.at).min(LONGEST_STEP).as_secs_f64();
        self.at = now;
        self.watch_for_absent(now, state);
        note.absent = self.absent & !self.limp;
        note.limp = self.limp;
        match action.filter(|action| action.stamp.age(now) <= self.limits.stale_after) {
            None => note.stale = true,
            Some(action) if !self.is_sound(action) => note.invalid = true,
            Some(action) => self.approach(&action.target, span, &mut note),
        }
        if note.stale || note.invalid {
            self.sent = self.limits.at_rest(&self.sent);
        } else {
            note.ramps = self.ramping;
            note.ramping = self.ramping != 0;
        }
        (self.goals(self.sent, now), note)
    }

    /// The goals last sent, again: what "hold" means for position servos. Speeds are zero.
    pub fn hold(&self, now: Stamp) -> SafeGoals {
        self.goals(self.limits.at_rest(&self.sent), now)
    }

    fn goals(&self, goals: Joints<f64>, stamp: Stamp) -> SafeGoals {
        SafeGoals {
            goals,
            stamp,
            // A wheel that is left alone has to be stopped.
            left_alone: self.absent & !self.limits.speeds,
        }
    }

    fn watch_for_absent(&mut self, now: Stamp, state: &State) {
        for joint in 0..self.sent.len().min(state.measured.len()) {
            let (bit, was) = (1 << joint, has(self.absent, joint));
            let silent =
                state.measured[joint].age(now) > ABSENT_AFTER || !state.position[joint].is_finite();
            let is = silent || has(self.limp, joint);
            self.absent = if is {
                self.absent | bit
            } else {
                self.absent & !bit
            };
            if self.limits.is_speed(joint) {
                if is {
                    self.sent[joint] = 0.0;
                }
            } else if was && !is {
                let (low, high) = self.limits.range[joint];
                self.sent[joint] = state.position[joint].clamp(low, high);
                self.ramping |= bit;
            }
        }
    }

    fn is_sound(&self, action: &Action) -> bool {
        action.target.len() == self.sent.len()
            && action.target.iter().all(|value| value.is_finite())
    }

    fn approach(&mut self, target: &Joints<f64>, span: f64, note: &mut GateNote) {
        let limits = &self.limits;
        let mut wanted = *target;
        for (joint, value) in wanted.iter_mut().enumerate() {
            if has(self.absent, joint) {
                *value = self.sent[joint];
            }
            let (low, high) = limits.range[joint];
            if *value < low || *value > high {
                note.clamped |= 1 << joint;
                *value = value.clamp(low, high);
            }
        }
        for (joint, value) in wanted.iter_mut().enumerate() {
            let bit = 1 << joint;
            let gap = *value - self.sent[joint];
            let ramp = limits.ramp_velocity[joint] * span;
            if limits.is_speed(joint) {
                self.ramping &= !bit;
            } else {
                if gap.abs() > limits.jump[joint] {
                    self.ramping |= bit;
                }
                // The ramp is over once the goal can reach the target within this very step.
                if gap.abs() <= ramp {
                    self.ramping &= !bit;
                }
            }
            let reach = match self.ramping & bit {
                0 => limits.max_velocity[joint] * span,
                _ => ramp,
            };
            if gap.abs() > reach {
                if self.ramping & bit == 0 {
                    note.slowed |= bit;
                }
                *value = self.sent[joint] + gap.clamp(-reach, reach);
            }
        }
        // Joints that there are not are on no ramp.
        self.ramping &= !u32::MAX.unbounded_shl(u32::try_from(wanted.len()).unwrap_or(u32::MAX));
        self.sent = wanted;
    }
}

#[cfg(test)]
mod tests;
