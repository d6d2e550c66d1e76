//! Virtual time: a clock whose waits are jumps, and the scheduler that steps machines during those jumps.
//!
//! A session is sequential code: connect, tick, park. Under the virtual clock its cameras and its recorder run on the same
//! thread, so they get their turns while the session waits, always in the same order.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::machine::{Machine, Next, Pacer};

/// The virtual clock alone: waiting is jumping. For sequential work with no machines around it.
#[derive(Debug, Default)]
pub struct VirtualClock {
    now: Duration,
}

impl VirtualClock {
    /// A clock at its epoch.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Pacer for VirtualClock {
    fn now(&self) -> Duration {
        self.now
    }

    fn wait(&mut self, until: Duration) {
        self.now = self.now.max(until);
    }

    fn wait_for_input(&mut self, until: Duration) {
        self.wait(until);
    }
}

/// Steps machines on the caller's thread, in order of (deadline, position in the list); time jumps from one deadline to the next.
///
/// It is the [`Pacer`] of the code that waits: a wait steps every machine whose deadline lies before the end of the wait. At equal
/// times the caller comes first. Nothing depends on how fast the computer is, so a run is bit-identical each time. A machine that
/// waits for input names, as its deadline, the virtual time at which its simulated wire delivers the next byte.
///
/// A machine that panics is not stepped again, just as its thread would be over in real time; see [`panicked`](Self::panicked).
pub struct LockstepScheduler<'a> {
    clock: VirtualClock,
    machines: Vec<Scheduled<'a>>,
}

/// A machine and what the scheduler knows of it.
struct Scheduled<'a> {
    machine: &'a mut dyn Machine,
    /// When it is to be stepped next; absent once it is finished.
    deadline: Option<Duration>,
    panicked: bool,
}

impl fmt::Debug for LockstepScheduler<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockstepScheduler")
            .field("clock", &self.clock)
            .field("machines", &self.machines.len())
            .finish()
    }
}

impl<'a> LockstepScheduler<'a> {
    /// A clock at its epoch and the machines to step; each is first due at the epoch.
    pub fn new(machines: impl IntoIterator<Item = &'a mut dyn Machine>) -> Self {
        let machines = machines.into_iter().map(|machine| Scheduled {
            machine,
            deadline: Some(Duration::ZERO),
            panicked: false,
        });
        Self {
            clock: VirtualClock::new(),
            machines: machines.collect(),
        }
    }

    /// Steps the machines until the one at `index` of the list is finished, and returns the time. An index beyond the list
    /// counts as finished.
    pub fn run_until_finished(&mut self, index: usize) -> Duration {
        while self
            .machines
            .get(index)
            .is_some_and(|scheduled| scheduled.deadline.is_some())
        {
            if !self.step_before(None) {
                break;
            }
        }
        self.now()
    }

    /// The positions of the machines that have panicked.
    pub fn panicked(&self) -> impl Iterator<Item = usize> {
        let all = self.machines.iter().enumerate();
        all.filter_map(|(index, scheduled)| scheduled.panicked.then_some(index))
    }

    /// Steps the machine that is due first, if that is before `until`.
    fn step_before(&mut self, until: Option<Duration>) -> bool {
        let first = self
            .machines
            .iter()
            .enumerate()
            .filter_map(|(index, scheduled)| scheduled.deadline.map(|due| (due, index)))
            .filter(|(due, _)| until.is_none_or(|until| *due < until))
            .min();
        let Some((due, index)) = first else {
            return false;
        };
        self.clock.wait(due);
        let now = self.clock.now();
        let scheduled = &mut self.machines[index];
        // After a panic the machine is never touched again, so no broken invariant of it can be seen.
        let stepped = catch_unwind(AssertUnwindSafe(|| scheduled.machine.step(now)));
        scheduled.panicked = stepped.is_err();
        scheduled.deadline = match stepped {
            Ok(Next::At(until) | Next::InputOr(until)) => Some(until),
            Ok(Next::Finished) | Err(_) => None,
        };
        true
    }
}

impl Pacer for LockstepScheduler<'_> {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn wait(&mut self, until: Duration) {
        while self.step_before(Some(until)) {}
        self.clock.wait(until);
    }

    fn wait_for_input(&mut self, until: Duration) {
        self.wait(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Distribution, run};
    use std::cell::RefCell;

    /// Logs its name every so many milliseconds, so many times.
    struct Every<'a>(char, u64, u32, &'a RefCell<String>);

    impl Machine for Every<'_> {
        fn step(&mut self, now: Duration) -> Next {
            self.3.borrow_mut().push(self.0);
            self.2 -= 1;
            match self.2 {
                0 => Next::Finished,
                _ => Next::At(now + Duration::from_millis(self.1)),
            }
        }
    }

    #[test]
    fn order_is_deadline_then_position() {
        let log = RefCell::new(String::new());
        let (mut slow, mut fast) = (Every('a', 4, 3, &log), Every('b', 2, 100, &log));
        let end = LockstepScheduler::new([&mut slow as &mut dyn Machine, &mut fast])
            .run_until_finished(0);
        assert_eq!(end, Duration::from_millis(8));
        // 0: a b · 2: b · 4: a b, in this order although b's deadline was set first · 6: b · 8: a ends the run
        assert_eq!(*log.borrow(), "abbabba");
    }

    #[test]
    fn a_caller_that_waits_is_in_step_like_the_first_machine_of_the_list() {
        let (listed, waiting) = (RefCell::new(String::new()), RefCell::new(String::new()));
        let machines = |log| {
            [
                Every('a', 4, 4, log),
                Every('b', 2, 99, log),
                Every('c', 3, 99, log),
            ]
        };
        let [mut a, mut b, mut c] = machines(&listed);
        LockstepScheduler::new([&mut a as &mut dyn Machine, &mut b, &mut c]).run_until_finished(0);
        let [mut a, mut b, mut c] = machines(&waiting);
        let mut scheduler = LockstepScheduler::new([&mut b as &mut dyn Machine, &mut c]);
        run(&mut a, &mut scheduler, &mut Distribution::new());
        assert_eq!(*waiting.borrow(), *listed.borrow());
        assert_eq!(scheduler.now(), Duration::from_millis(12));
    }

    #[test]
    fn it_goes_on_until_the_machine_asked_for_is_finished() {
        let log = RefCell::new(String::new());
        let (mut a, mut b) = (Every('a', 5, 3, &log), Every('b', 4, 99, &log));
        let mut scheduler = LockstepScheduler::new([&mut a as &mut dyn Machine, &mut b]);
        scheduler.wait(Duration::from_millis(6));
        scheduler.run_until_finished(0);
        assert_eq!(*log.borrow(), "abbaba");
    }

    #[test]
    fn a_machine_that_asks_for_the_past_gets_now() {
        struct Late(u32);
        impl Machine for Late {
            fn step(&mut self, now: Duration) -> Next {
                assert!(now >= Duration::from_millis(u64::from(self.0.min(1)) * 3));
                self.0 += 1;
                match self.0 {
                    1 => Next::At(Duration::from_millis(3)),
                    2 => Next::InputOr(Duration::ZERO),
                    _ => Next::Finished,
                }
            }
        }
        let mut late = Late(0);
        let mut scheduler = LockstepScheduler::new([&mut late as &mut dyn Machine]);
        assert_eq!(scheduler.run_until_finished(0), Duration::from_millis(3));
        assert_eq!(scheduler.panicked().count(), 0);
    }
}
