//! The second gate, for one joint: whatever the host wants, a goal that leaves the board lies inside the joint's range, and no further from the one
//! before than its step and its speed allow.
//!
//! The first goal is measured against where the joint is, by the board's own reading, not by what the host says.

use core::time::Duration;

use crate::message::TripReason;
use crate::setup::JointLimits;

/// The longest time that a goal may use up at once: a board that was busy elsewhere does not come back with a leap.
const LONGEST_STEP: Duration = Duration::from_millis(50);

/// What one joint is to do, and the goal that it got last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limiter {
    /// What the host wants.
    target: Option<i32>,
    /// What was sent last, or where the joint is.
    goal: Option<i32>,
}

/// A goal for the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitedGoal {
    /// In counts.
    pub counts: i32,
    /// It is not (yet) what the host wanted.
    pub limited: bool,
}

impl Limiter {
    /// Wants nothing, from where the joint is, counts; 0 for a wheel.
    #[must_use]
    pub const fn at(here: Option<i32>) -> Self {
        Self {
            target: None,
            goal: here,
        }
    }

    /// What was sent last, or where the joint was taken to be.
    #[must_use]
    pub const fn goal(&self) -> Option<i32> {
        self.goal
    }

    /// Wants the same, from where the joint is.
    pub(crate) fn restart(&mut self, here: Option<i32>) {
        self.goal = here;
    }

    /// Wants this from now on, or nothing.
    pub fn want(&mut self, target: Option<i32>) {
        self.target = target;
    }

    /// Whether this target, `since` after the one before, is more than the limits allow, and why.
    #[must_use]
    pub fn excess(&self, limits: &JointLimits, target: i32, since: Duration) -> Option<TripReason> {
        if target < limits.low || target > limits.high {
            return Some(TripReason::Position);
        }
        let before = self.target.or(self.goal)?;
        let leap = target.abs_diff(before);
        if leap > limits.step {
            Some(TripReason::Step)
        } else if leap > reach(limits.velocity, since) {
            Some(TripReason::Velocity)
        } else {
            None
        }
    }

    /// The goal to send `since` after the one before: as near to the target as the limits allow. Nothing without a target, or as long as it
    /// is not known where the joint is.
    pub fn next(&mut self, limits: &JointLimits, since: Duration) -> Option<LimitedGoal> {
        let (target, from) = (self.target?, self.goal?);
        let wanted = target.clamp(limits.low, limits.high.max(limits.low));
        let reach = reach(limits.velocity, since).min(limits.step);
        let counts = if wanted.abs_diff(from) <= reach {
            wanted
        } else if wanted > from {
            from.saturating_add_unsigned(reach)
        } else {
            from.saturating_sub_unsigned(reach)
        };
        self.goal = Some(counts);
        Some(LimitedGoal {
            counts,
            limited: counts != target,
        })
    }
}

/// How far this speed, counts per second, gets in this time; one count at least, so that the slowest joint gets on.
fn reach(velocity: u32, since: Duration) -> u32 {
    let micros = u64::try_from(since.min(LONGEST_STEP).as_micros()).unwrap_or(0);
    let reach = u64::from(velocity).saturating_mul(micros) / 1_000_000;
    u32::try_from(reach).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: JointLimits = JointLimits {
        low: 1000,
        high: 3000,
        step: 50,
        velocity: 4000,
        current: None,
        celsius: None,
    };
    const CYCLE: Duration = Duration::from_millis(4);

    #[test]
    fn a_far_target_is_approached_at_the_limit() {
        let mut joint = Limiter::at(Some(2000));
        assert_eq!(joint.next(&LIMITS, CYCLE), None);
        joint.want(Some(9000));
        let first = joint.next(&LIMITS, CYCLE).unwrap();
        assert_eq!((first.counts, first.limited), (2016, true));
        let mut last = first;
        for _ in 0..200 {
            last = joint.next(&LIMITS, CYCLE).unwrap();
        }
        assert_eq!((last.counts, last.limited), (3000, true));
        joint.want(Some(2995));
        let near = joint.next(&LIMITS, CYCLE).unwrap();
        assert_eq!((near.counts, near.limited), (2995, false));
    }

    #[test]
    fn a_joint_of_unknown_place_gets_no_goal() {
        let mut joint = Limiter::at(None);
        joint.want(Some(2000));
        assert_eq!(joint.next(&LIMITS, CYCLE), None);
    }

    #[test]
    fn what_is_too_much_is_named() {
        let mut joint = Limiter::at(Some(2000));
        let excess = |joint: &Limiter, target| joint.excess(&LIMITS, target, CYCLE);
        assert_eq!(excess(&joint, 3001), Some(TripReason::Position));
        assert_eq!(excess(&joint, 2051), Some(TripReason::Step));
        assert_eq!(excess(&joint, 2030), Some(TripReason::Velocity));
        assert_eq!(excess(&joint, 1990), None);
        joint.want(Some(1990));
        assert_eq!(excess(&joint, 1970), Some(TripReason::Velocity));
    }

    proptest! {
        #[test]
        fn no_goal_leaves_its_limits(
            here in 1000..=3000i32,
            targets in proptest::collection::vec((any::<i32>(), 0u64..200_000), 1..50),
            low in 1000..2000i32,
            room in 0..2000i32,
            step in 1..=u32::MAX,
            velocity in 1..=u32::MAX,
        ) {
            let limits = JointLimits { low, high: low + room, step, velocity, ..LIMITS };
            let here = here.clamp(limits.low, limits.high);
            let (mut joint, mut before) = (Limiter::at(Some(here)), here);
            for (target, micros) in targets {
                let since = Duration::from_micros(micros);
                joint.want(Some(target));
                let goal = joint.next(&limits, since).unwrap();
                prop_assert!((limits.low..=limits.high).contains(&goal.counts));
                let moved = u64::from(goal.counts.abs_diff(before));
                let allowed = (u64::from(velocity) * micros.min(50_000) / 1_000_000).max(1);
                prop_assert!(moved <= allowed.min(step.into()));
                before = goal.counts;
            }
        }
    }
}
