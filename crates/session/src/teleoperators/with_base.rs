//! Two teleoperators as one: what moves the arm, and what drives the base that it stands on.

use std::os::fd::OwnedFd;

use ulna_core::{Action, ActionSource, Joints, LinkLost, Progress, Stamp};
use ulna_rt::Pacer;

use crate::device::{DeviceError, Helpers, LostPort, Start, Teleoperator, TeleoperatorReport};

/// The arm's joints come from `arm`, the three speeds of the base behind them from `base`: m/s forward and to the left, degrees/s
/// anticlockwise. A base without an action stands still.
#[derive(Debug)]
pub struct WithBase {
    arm: Box<dyn Teleoperator>,
    base: Box<dyn Teleoperator>,
}

impl WithBase {
    /// `arm` and `base` as one teleoperator.
    pub fn new(arm: Box<dyn Teleoperator>, base: Box<dyn Teleoperator>) -> Self {
        Self { arm, base }
    }
}

/// The speeds of a base.
const SPEEDS: usize = 3;

impl ActionSource for WithBase {
    fn begin(&mut self, now: Stamp, deadline: Stamp) -> Result<(), LinkLost> {
        self.arm.begin(now, deadline)?;
        self.base.begin(now, deadline)
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        Ok(self.arm.step(now)?.and(self.base.step(now)?))
    }

    /// As old as the arm's action; a base never makes it older, since its speeds are zero once they are stale.
    fn action(&mut self, now: Stamp) -> Option<Action> {
        let Action { stamp, target } = self.arm.action(now)?;
        let base = self.base.action(now).map(|action| action.target);
        let base = base.filter(|speeds| speeds.len() == SPEEDS);
        let speeds = base.unwrap_or_else(|| Joints::filled(SPEEDS, 0.0));
        let arm = target.len();
        let target = Joints::from_fn(arm + SPEEDS, |value| match value.checked_sub(arm) {
            Some(speed) => speeds[speed],
            None => target[value],
        });
        Some(Action { stamp, target })
    }
}

impl Teleoperator for WithBase {
    fn connect(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        self.arm.connect(pacer)?;
        self.base.connect(pacer)
    }

    fn first_goal(&mut self, now: Stamp) -> Option<Joints<f64>> {
        let arm = self.arm.first_goal(now)?;
        let whole = |value| arm.get(value).copied().unwrap_or(0.0);
        Some(Joints::from_fn(arm.len() + SPEEDS, whole))
    }

    fn start(&mut self, start: &Start<'_>) {
        self.arm.start(start);
        self.base.start(start);
    }

    fn release(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        let (arm, base) = (self.arm.release(pacer), self.base.release(pacer));
        arm.and(base)
    }

    fn helpers(&mut self) -> Helpers {
        let mut helpers = self.arm.helpers();
        let base = self.base.helpers();
        helpers.machines.extend(base.machines);
        helpers.observers.extend(base.observers);
        helpers.news.extend(base.news);
        helpers
    }

    fn lost(&self) -> Vec<LostPort> {
        let mut lost = self.arm.lost();
        lost.extend(self.base.lost());
        lost
    }

    fn wait_handles(&self) -> Vec<OwnedFd> {
        let mut handles = self.arm.wait_handles();
        handles.extend(self.base.wait_handles());
        handles
    }

    fn report(&self) -> TeleoperatorReport {
        self.arm.report()
    }
}
