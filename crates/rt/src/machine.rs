//! Poll-style machines and the pacers that drive one of them.

use std::os::fd::OwnedFd;
use std::time::Duration;

use crate::timing::Distribution;

/// When a machine wants to be stepped again. Times are since the run's epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// At this time, and not before.
    At(Duration),
    /// When input arrives, at this time at the latest.
    InputOr(Duration),
    /// Never: its work is done.
    Finished,
}

/// Something that is stepped through time.
pub trait Machine {
    /// Does what is due at `now`. Being called early or late is normal and must be harmless.
    fn step(&mut self, now: Duration) -> Next;

    /// Called by [`run`] after each period with how long the machine was busy in it.
    fn spent(&mut self, busy: Duration) {
        let _ = busy;
    }
}

/// A clock that can be waited on, real or virtual.
pub trait Pacer {
    /// Time since the run's epoch.
    fn now(&self) -> Duration;

    /// Returns at `until`, or a little later.
    fn wait(&mut self, until: Duration);

    /// Returns when input has arrived, at `until` at the latest; may return early for no reason.
    fn wait_for_input(&mut self, until: Duration);

    /// A pacer of the same clock for another thread, which waits for input on `inputs`. `None` if this clock is kept by one thread alone, as a
    /// virtual one is.
    fn fork(&self, _inputs: Vec<OwnedFd>) -> Option<Box<dyn Pacer + Send>> {
        None
    }
}

/// Drives one machine until it is finished. `work` receives how long it was busy from one [`Next::At`] to the next: for a
/// control tick, the computing time of each period.
pub fn run(machine: &mut dyn Machine, pacer: &mut dyn Pacer, work: &mut Distribution) {
    let mut busy = Duration::ZERO;
    loop {
        let start = pacer.now();
        let next = machine.step(start);
        busy += pacer.now().saturating_sub(start);
        match next {
            Next::At(until) => {
                machine.spent(busy);
                work.record(std::mem::take(&mut busy));
                pacer.wait(until);
            }
            Next::InputOr(until) => pacer.wait_for_input(until),
            Next::Finished => return,
        }
    }
}
