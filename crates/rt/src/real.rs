//! The real clock, and waiting on it and on file descriptors at once.

use std::array;
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

/// So many descriptors are polled without touching the heap: twice the buses of a pair of leaders and followers.
pub const INPUTS_WITHOUT_HEAP: usize = 8;

/// Paces one thread by the real clock. Deadlines are absolute, so lateness never adds up; waiting is always in the kernel.
#[derive(Debug)]
pub struct RealPacer {
    clock: RealClock,
    inputs: Vec<OwnedFd>,
}

impl RealPacer {
    /// A pacer for the current thread; `inputs` are the descriptors whose readability counts as input. There may be any number:
    /// with more than [`INPUTS_WITHOUT_HEAP`] each wait for input allocates.
    pub fn new(clock: RealClock, inputs: Vec<OwnedFd>) -> Self {
        // By default Linux may wake a thread 50 µs late to save power. Refusal leaves just that, so it needs no handling. Other systems have
        // no such setting.
        #[cfg(target_os = "linux")]
        let _ = rustix::thread::set_current_timer_slack(core::num::NonZeroU64::new(1));
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
        let inputs = self.inputs.as_slice();
        let Some(last) = inputs.len().checked_sub(1) else {
            return poll_for(&mut [], left);
        };
        if inputs.len() > INPUTS_WITHOUT_HEAP {
            return poll_for(&mut inputs.iter().map(readable).collect::<Vec<_>>(), left);
        }
        // The array is filled up with the last descriptor; only as many as there are get polled.
        let mut fds: [_; INPUTS_WITHOUT_HEAP] =
            array::from_fn(|index| readable(&inputs[index.min(last)]));
        poll_for(&mut fds[..=last], left);
    }

    fn fork(&self, inputs: Vec<OwnedFd>) -> Option<Box<dyn Pacer + Send>> {
        // A new thread has the timer slack of the one that starts it.
        let clock = self.clock;
        Some(Box::new(Self { clock, inputs }))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{PipeReader, PipeWriter, Write, pipe};
    use std::thread;

    /// How long a wait takes if only the input at `index` of `count` becomes readable, 50 ms after it began.
    fn wait_for(index: usize, count: usize) -> Duration {
        let pipes = (0..count).map(|_| pipe().unwrap());
        let (readers, mut writers): (Vec<PipeReader>, Vec<PipeWriter>) = pipes.unzip();
        let clock = RealClock::start();
        let inputs = readers.into_iter().map(OwnedFd::from).collect();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(50));
                writers[index].write_all(b"x").unwrap();
            });
            RealPacer::new(clock, inputs).wait_for_input(DEADLINE);
            clock.now()
        })
    }

    /// Far off, so that a loaded computer cannot make a wait that was ended by input look like one that was not.
    const DEADLINE: Duration = Duration::from_secs(20);

    #[test]
    fn every_input_ends_a_wait_also_the_fourth_bus_of_a_pair() {
        for (index, count) in [(0, 1), (3, 4), (7, 8), (9, 10)] {
            let waited = wait_for(index, count);
            assert!(
                waited < DEADLINE / 2,
                "{waited:?} for input {index} of {count}"
            );
        }
    }

    #[test]
    fn without_input_a_wait_ends_at_its_deadline() {
        let clock = RealClock::start();
        let (reader, _writer) = pipe().unwrap();
        for inputs in [vec![], vec![OwnedFd::from(reader)]] {
            let deadline = clock.now() + Duration::from_millis(5);
            RealPacer::new(clock, inputs).wait_for_input(deadline);
            assert!(clock.now() >= deadline);
        }
    }
}
