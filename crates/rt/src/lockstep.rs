//! The virtual clock: several machines on one thread, in an order that depends on nothing but their deadlines.

use std::time::Duration;

use crate::machine::{Machine, Next, Pacer};

/// The virtual clock and the scheduler that moves it.
///
/// Machines are stepped in order of (deadline, position in the list); time jumps from one deadline to the next. Nothing
/// depends on how fast the computer is, so a run is bit-identical each time. A machine that waits for input names, as its
/// deadline, the virtual time at which its simulated wire delivers the next byte.
#[derive(Debug, Default)]
pub struct Lockstep {
    now: Duration,
}

impl Lockstep {
    /// A clock at its epoch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Steps the machines until the first of the list, the one that decides how long the run lasts, is finished. Returns the time.
    pub fn run(&mut self, machines: &mut [&mut dyn Machine]) -> Duration {
        let mut deadlines = vec![Some(self.now); machines.len()];
        while deadlines.first().is_some_and(Option::is_some) {
            let due = deadlines
                .iter()
                .enumerate()
                .filter_map(|(index, deadline)| deadline.map(|deadline| (deadline, index)))
                .min();
            let Some((deadline, index)) = due else { break };
            self.now = self.now.max(deadline);
            deadlines[index] = match machines[index].step(self.now) {
                Next::At(until) | Next::InputOr(until) => Some(until),
                Next::Finished => None,
            };
        }
        self.now
    }
}

/// For sequential work under the virtual clock (connecting, parking): waiting is jumping.
impl Pacer for Lockstep {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    struct Every<'a> {
        name: char,
        period: u64,
        left: u32,
        log: &'a RefCell<String>,
    }

    impl Machine for Every<'_> {
        fn step(&mut self, now: Duration) -> Next {
            self.log.borrow_mut().push(self.name);
            self.left -= 1;
            if self.left == 0 {
                Next::Finished
            } else {
                Next::At(now + Duration::from_millis(self.period))
            }
        }
    }

    #[test]
    fn order_is_deadline_then_position() {
        let log = RefCell::new(String::new());
        let mut slow = Every {
            name: 'a',
            period: 4,
            left: 3,
            log: &log,
        };
        let mut fast = Every {
            name: 'b',
            period: 2,
            left: 100,
            log: &log,
        };
        let end = Lockstep::new().run(&mut [&mut slow, &mut fast]);
        assert_eq!(end, Duration::from_millis(8));
        // 0: a b · 2: b · 4: a b, in this order although b's deadline was set first · 6: b · 8: a ends the run
        assert_eq!(*log.borrow(), "abbabba");
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
        assert_eq!(
            Lockstep::new().run(&mut [&mut Late(0)]),
            Duration::from_millis(3)
        );
    }
}
