//! The two parties of a control loop: a robot that moves and a source of actions.
//!
//! Both are poll-style: `begin` starts the exchange of one tick, `step` carries it on whenever bytes or time have
//! arrived, and says until when it can wait. Neither sleeps, reads a clock or blocks.

use crate::gate::SafeGoals;
use crate::joints::Joints;
use crate::stamp::Stamp;
use crate::state::{Action, Health, State};

/// How far the exchange of a tick has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Call `step` again when bytes arrive, at `until` at the latest.
    Waiting {
        /// The moment after which waiting longer is useless.
        until: Stamp,
    },
    /// What this tick needs is there, and more is under way: call `step` again when bytes arrive, at `until` at the latest, until the next
    /// tick begins.
    Ready {
        /// The moment after which waiting longer is useless.
        until: Stamp,
    },
    /// Nothing is under way.
    Done,
}

impl Progress {
    /// How far two exchanges have come that belong to one tick.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let until = match (self.until(), other.until()) {
            (Some(a), Some(b)) => a.min(b),
            (Some(until), None) | (None, Some(until)) => until,
            (None, None) => return Self::Done,
        };
        if matches!(self, Self::Waiting { .. }) || matches!(other, Self::Waiting { .. }) {
            Self::Waiting { until }
        } else {
            Self::Ready { until }
        }
    }

    /// When `step` is to be called next if no bytes arrive, if it is.
    #[must_use]
    pub fn until(self) -> Option<Stamp> {
        match self {
            Self::Waiting { until } | Self::Ready { until } => Some(until),
            Self::Done => None,
        }
    }
}

/// The port is gone (unplugged, closed by its other end): no later tick can succeed.
///
/// It carries no text, because the control thread formats none; the driver keeps the details for the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkLost;

/// An arm that takes goals and measures its state: a follower, real or simulated.
pub trait Robot {
    /// Starts a tick's exchange: `goals`, if any, go out first, then positions are asked for, unless an earlier question is still open.
    /// The next tick begins at `next`, whether everything has answered by then or not.
    ///
    /// # Errors
    /// [`LinkLost`] if the port is gone.
    fn begin(&mut self, now: Stamp, goals: Option<&SafeGoals>, next: Stamp)
    -> Result<(), LinkLost>;

    /// Carries the exchange on with whatever has arrived.
    ///
    /// # Errors
    /// [`LinkLost`] if the port is gone.
    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost>;

    /// What is known now; joints that did not answer keep their last value and stamp.
    fn state(&self) -> &State;

    /// What the servos feel, joint by joint, as last read; nothing from a robot that does not report it.
    fn health(&self) -> Option<&Joints<Health>> {
        None
    }
}

/// Where actions come from: a leader arm, a replayed episode, a policy, a park trajectory.
pub trait ActionSource {
    /// Starts a tick's exchange, and the next tick begins at `next`; sources without a bus have nothing to do.
    ///
    /// # Errors
    /// [`LinkLost`] if the source's port is gone.
    fn begin(&mut self, _now: Stamp, _next: Stamp) -> Result<(), LinkLost> {
        Ok(())
    }

    /// Carries the exchange on with whatever has arrived.
    ///
    /// # Errors
    /// [`LinkLost`] if the source's port is gone.
    fn step(&mut self, _now: Stamp) -> Result<Progress, LinkLost> {
        Ok(Progress::Done)
    }

    /// The action in force at `now`, stamped with the moment it was chosen or measured; `None` before the first.
    ///
    /// A source whose input has gone silent keeps returning its last action with its old stamp: the gate judges the age.
    fn action(&mut self, now: Stamp) -> Option<Action>;

    /// True once a source that ends (a replay, a park trajectory) has nothing more to give at `now`.
    fn finished(&self, _now: Stamp) -> bool {
        false
    }
}

impl<T: ActionSource + ?Sized> ActionSource for &mut T {
    fn begin(&mut self, now: Stamp, next: Stamp) -> Result<(), LinkLost> {
        (**self).begin(now, next)
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        (**self).step(now)
    }

    fn action(&mut self, now: Stamp) -> Option<Action> {
        (**self).action(now)
    }

    fn finished(&self, now: Stamp) -> bool {
        (**self).finished(now)
    }
}
