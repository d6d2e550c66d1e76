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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc;
    use std::time::Duration;

    use ulna_bus::engine::Engine;
    use ulna_robot::files;
    use ulna_rt::{RealClock, RealPacer, VirtualClock};

    use super::*;
    use crate::arm::engine_config;
    use crate::{Port, ServoArm};

    struct NoServos;

    impl Port for NoServos {
        fn write(&mut self, _: Duration, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn read(&mut self, _: Duration, _: &mut [u8]) -> io::Result<usize> {
            Ok(0)
        }

        fn set_baud(&mut self, _: Duration, _: u32) -> io::Result<()> {
            Ok(())
        }

        fn name(&self) -> &str {
            "a cable"
        }
    }

    fn arms(sides: &[&str]) -> Arms {
        let kind = files::find("so101").unwrap();
        let arms = sides.iter().map(|side| {
            let engine = Engine::new(engine_config(&kind));
            let arm = ServoArm::new(
                Box::new(NoServos),
                engine,
                &kind,
                &kind.nominal_calibration(),
            );
            ((*side).to_owned(), arm.unwrap())
        });
        Arms::new(arms.collect())
    }

    #[test]
    fn in_real_time_the_arms_do_not_wait_for_each_other() {
        let mut arms = arms(&["left", "right"]);
        let (to_left, at_left) = mpsc::channel();
        let (to_right, at_right) = mpsc::channel();
        let ends = Mutex::new([Some((to_right, at_left)), Some((to_left, at_right))]);
        let mut pacer = RealPacer::new(RealClock::start(), Vec::new());
        let met = arms.at_once(&mut pacer, |segment, _| {
            let index = usize::from(segment.side == "right");
            let (to_other, from_other) = ends.lock().unwrap()[index].take().unwrap();
            to_other.send(segment.side.clone()).unwrap();
            // Each gets what the other sends, so both are at work.
            from_other.recv_timeout(Duration::from_secs(60)).unwrap()
        });
        assert_eq!(met, ["right", "left"]);
    }

    #[test]
    fn under_a_virtual_clock_they_follow_one_another() {
        let mut arms = arms(&["left", "right", "third"]);
        let order = Mutex::new(Vec::new());
        let mut pacer = VirtualClock::new();
        let times = arms.at_once(&mut pacer, |segment, pacer| {
            order.lock().unwrap().push(segment.side.clone());
            pacer.wait(pacer.now() + Duration::from_secs(1));
            pacer.now().as_secs()
        });
        assert_eq!(times, [1, 2, 3]);
        assert_eq!(*order.lock().unwrap(), ["left", "right", "third"]);
    }
}
