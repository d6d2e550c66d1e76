//! The buses of a rig are independent of each other: what takes long on each is done on all at the same time.

use std::sync::{Mutex, PoisonError};
use std::thread;

use ulna_rt::Pacer;

use super::{Arms, Segment};

impl Arms {
    /// Does `what` with each arm, and returns what came of it in the order of the arms. Where the clock allows it, each arm has a thread
    /// of its own; under a virtual clock they follow one another.
    pub(super) fn at_once<T: Send>(
        &mut self,
        pacer: &mut dyn Pacer,
        what: impl Fn(&mut Segment, &mut dyn Pacer) -> T + Sync,
    ) -> Vec<T> {
        let pacers = self.arms.iter().map(|segment| {
            let input = segment.arm.input();
            pacer.fork(input.into_iter().collect())
        });
        let pacers: Option<Vec<_>> = pacers.collect();
        let Some(pacers) = pacers.filter(|pacers| pacers.len() > 1) else {
            let arms = self.arms.iter_mut();
            return arms.map(|segment| what(segment, pacer)).collect();
        };
        let count = self.arms.len();
        // A thread that is free takes the next arm: where the system allows no more threads, this one does the work of all.
        let work = Mutex::new(self.arms.iter_mut().zip(pacers).enumerate());
        let done = Mutex::new(Vec::with_capacity(count));
        let worker = || {
            loop {
                let next = work.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((index, (segment, mut pacer))) = next else {
                    return;
                };
                let outcome = what(segment, &mut *pacer);
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.push((index, outcome));
            }
        };
        thread::scope(|scope| {
            for _ in 1..count {
                // Refused: see above.
                let _ = thread::Builder::new().spawn_scoped(scope, worker);
            }
            worker();
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, outcome)| outcome).collect()
    }
}
