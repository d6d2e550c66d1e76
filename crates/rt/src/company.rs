//! The virtual clock for code that waits, in the company of machines.
//!
//! A session is sequential code: connect, tick, park. Cameras and a recorder have to be stepped meanwhile, whatever it waits
//! for, and always in the same order. So waiting is where they get their turn.

use std::fmt;
use std::time::Duration;

use crate::machine::{Machine, Next, Pacer};

/// A virtual clock whose waits step other machines: those whose deadlines lie before the end of the wait, in order of
/// (deadline, position in the list). At equal times, whoever waits comes first, as the first machine of a
/// [`Lockstep`](crate::Lockstep) does.
pub struct Company<'a> {
    now: Duration,
    machines: Vec<(&'a mut dyn Machine, Option<Duration>)>,
}

impl fmt::Debug for Company<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Company")
            .field("now", &self.now)
            .field("machines", &self.machines.len())
            .finish()
    }
}

impl<'a> Company<'a> {
    /// A clock at its epoch, and who is to be stepped; each is first due at the epoch.
    pub fn new(machines: impl IntoIterator<Item = &'a mut dyn Machine>) -> Self {
        let machines = machines
            .into_iter()
            .map(|machine| (machine, Some(Duration::ZERO)));
        Self {
            now: Duration::ZERO,
            machines: machines.collect(),
        }
    }

    /// Goes on until the machine at `index` is finished.
    pub fn run_out(&mut self, index: usize) {
        while self
            .machines
            .get(index)
            .is_some_and(|(_, due)| due.is_some())
        {
            if !self.step_before(None) {
                return;
            }
        }
    }

    /// Steps the machine that is due first, if that is before `until`.
    fn step_before(&mut self, until: Option<Duration>) -> bool {
        let first = self
            .machines
            .iter()
            .enumerate()
            .filter_map(|(index, (_, due))| due.map(|due| (due, index)))
            .filter(|(due, _)| until.is_none_or(|until| *due < until))
            .min();
        let Some((due, index)) = first else {
            return false;
        };
        self.now = self.now.max(due);
        let (machine, due) = &mut self.machines[index];
        *due = match machine.step(self.now) {
            Next::At(until) | Next::InputOr(until) => Some(until),
            Next::Finished => None,
        };
        true
    }
}

impl Pacer for Company<'_> {
    fn now(&self) -> Duration {
        self.now
    }

    fn wait(&mut self, until: Duration) {
        while self.step_before(Some(until)) {}
        self.now = self.now.max(until);
    }

    fn wait_for_input(&mut self, until: Duration) {
        self.wait(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Distribution, Lockstep, run};
    use std::cell::RefCell;

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
    fn the_order_is_that_of_lockstep() {
        let (one, two) = (RefCell::new(String::new()), RefCell::new(String::new()));
        let machines = |log| {
            [
                Every('a', 4, 4, log),
                Every('b', 2, 99, log),
                Every('c', 3, 99, log),
            ]
        };
        let [mut a, mut b, mut c] = machines(&one);
        Lockstep::new().run(&mut [&mut a, &mut b, &mut c]);
        let [mut a, mut b, mut c] = machines(&two);
        let mut company = Company::new([&mut b as &mut dyn Machine, &mut c]);
        run(&mut a, &mut company, &mut Distribution::new());
        // Before a has had its first turn nobody has waited yet, so the others come one turn later; after that all is the same.
        assert_eq!(*two.borrow(), *one.borrow());
        assert_eq!(company.now(), Duration::from_millis(12));
    }

    #[test]
    fn it_goes_on_until_the_one_that_matters_is_finished() {
        let log = RefCell::new(String::new());
        let (mut a, mut b) = (Every('a', 5, 3, &log), Every('b', 4, 99, &log));
        let mut company = Company::new([&mut a as &mut dyn Machine, &mut b]);
        company.wait(Duration::from_millis(6));
        company.run_out(0);
        assert_eq!(*log.borrow(), "abbaba");
    }
}
