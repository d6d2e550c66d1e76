//! The real clock, and waiting on it and on file descriptors at once.

use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::machine::Pacer;

/// The monotonic clock, counted from a run's epoch. All threads of a run share one.
#[derive(Debug, Clone, Copy)]
pub struct RealClock {
    epoch: Instant,
}

impl RealClock {
    /// A clock whose epoch is now.
    pub fn start() -> Self {
        Self {
            epoch: Instant::now(),
        }
    }

    /// Time since the epoch.
    pub fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// The epoch itself, for code that keeps its own clock.
    pub fn epoch(&self) -> Instant {
        self.epoch
    }
}

/// Paces one thread by the real clock. Deadlines are absolute, so lateness never adds up; waiting is always in the kernel.
#[derive(Debug)]
pub struct RealPacer {
    clock: RealClock,
    inputs: Vec<OwnedFd>,
}

impl RealPacer {
    /// A pacer for the current thread; `inputs` are the descriptors whose readability counts as input.
    pub fn new(clock: RealClock, inputs: Vec<OwnedFd>) -> Self {
        // By default Linux may wake a thread 50 µs late to save power. Refusal leaves just that, so it needs no handling.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        Self { clock, inputs }
    }
}

impl Pacer for RealPacer {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn wait(&mut self, until: Duration) {
        while let Some(left) = until.checked_sub(self.now()).filter(|left| !left.is_zero()) {
            poll_for(&mut [], left);
        }
    }

    fn wait_for_input(&mut self, until: Duration) {
        let Some(left) = until.checked_sub(self.now()).filter(|left| !left.is_zero()) else {
            return;
        };
        // No rig has more buses than this; an array keeps the control thread off the heap.
        match self.inputs.as_slice() {
            [] => poll_for(&mut [], left),
            [a] => poll_for(&mut [readable(a)], left),
            [a, b] => poll_for(&mut [readable(a), readable(b)], left),
            [a, b, c, ..] => poll_for(&mut [readable(a), readable(b), readable(c)], left),
        }
    }
}

fn readable(input: &OwnedFd) -> PollFd<'_> {
    PollFd::new(input, PollFlags::IN)
}

fn poll_for(fds: &mut [PollFd<'_>], left: Duration) {
    // An interrupted or refused wait returns early, which callers expect anyway.
    let timeout = Timespec::try_from(left.min(Duration::from_secs(3600))).ok();
    let _ = poll(fds, timeout.as_ref());
}
