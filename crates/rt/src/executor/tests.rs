//! What both executors promise, tried on both.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use super::*;
use crate::machine::Next;

const MS: Duration = Duration::from_millis(1);

/// Steps every millisecond; finishes, if it ever does, once the flag is raised and some steps later.
struct Recorder<'a> {
    last: &'a AtomicBool,
    to_save: u32,
    saved: &'a AtomicU32,
}

impl Machine for Recorder<'_> {
    fn step(&mut self, now: Duration) -> Next {
        if self.last.load(Ordering::Acquire) {
            self.saved.fetch_add(1, Ordering::Relaxed);
            self.to_save -= 1;
            if self.to_save == 0 {
                return Next::Finished;
            }
        }
        Next::At(now + MS)
    }
}

/// Never finishes and waits for long.
struct Idle<'a>(&'a AtomicU32);

impl Machine for Idle<'_> {
    fn step(&mut self, now: Duration) -> Next {
        self.0.fetch_add(1, Ordering::Relaxed);
        Next::At(now + Duration::from_secs(3600))
    }
}

/// Panics at its second step.
struct Broken(u32);

impl Machine for Broken {
    fn step(&mut self, now: Duration) -> Next {
        self.0 += 1;
        assert!(self.0 < 2, "on purpose");
        Next::At(now + MS)
    }
}

fn executors() -> [Executor; 2] {
    let clock = RealClock::start();
    let inputs = Vec::new();
    [Executor::Lockstep, Executor::Threads { clock, inputs }]
}

#[test]
fn the_awaited_task_finishes_after_the_control_loop_and_the_others_end_with_it() {
    for executor in executors() {
        let in_step = matches!(executor, Executor::Lockstep);
        let (last, saved, idle) = Default::default();
        let mut recorder = Recorder {
            last: &last,
            to_save: 5,
            saved: &saved,
        };
        let mut camera = Idle(&idle);
        let tasks = vec![
            NamedMachine::new("recorder", &mut recorder)
                .priority(Priority::Ordinary)
                .awaited(),
            NamedMachine::new("camera", &mut camera),
        ];
        let control = |pacer: &mut dyn Pacer, _: Option<Grant>| {
            pacer.wait(3 * MS);
            assert_eq!(saved.load(Ordering::Relaxed), 0);
            pacer.now()
        };
        let ended = |outcome: Option<&Duration>| {
            assert!(outcome.is_some_and(|now| *now >= 3 * MS));
            last.store(true, Ordering::Release);
        };
        let done = executor.run(tasks, control, || (), ended).unwrap();
        assert!(done.outcome >= 3 * MS);
        assert_eq!(done.panicked, [""; 0]);
        assert_eq!(saved.load(Ordering::Relaxed), 5);
        // On a busy computer its thread may not have had its first turn.
        let steps = idle.load(Ordering::Relaxed);
        assert!(steps == 1 || steps == 0 && !in_step, "{steps}");
    }
}

#[test]
fn a_task_that_panics_ends_alone_and_is_named() {
    for executor in executors() {
        let (last, saved) = Default::default();
        let (mut first, mut second) = (Broken(0), Broken(0));
        let mut recorder = Recorder {
            last: &last,
            to_save: 1,
            saved: &saved,
        };
        let tasks = vec![
            NamedMachine::new("first", &mut first),
            NamedMachine::new("recorder", &mut recorder).awaited(),
            NamedMachine::new("second", &mut second).awaited(),
        ];
        let control = |pacer: &mut dyn Pacer, _: Option<Grant>| pacer.wait(pacer.now() + 5 * MS);
        let done = executor.run(
            tasks,
            control,
            || (),
            |_| last.store(true, Ordering::Release),
        );
        assert_eq!(done.unwrap().panicked, ["first", "second"]);
        assert_eq!(saved.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn a_control_loop_that_panics_still_lets_the_awaited_task_finish() {
    for executor in executors() {
        let (last, saved) = Default::default();
        let mut recorder = Recorder {
            last: &last,
            to_save: 2,
            saved: &saved,
        };
        let tasks = vec![NamedMachine::new("recorder", &mut recorder).awaited()];
        let control = |_: &mut dyn Pacer, _: Option<Grant>| panic!("on purpose");
        let ended = |outcome: Option<&()>| {
            assert_eq!(outcome, None);
            last.store(true, Ordering::Release);
        };
        let done = executor.run(tasks, control, || (), ended);
        assert!(matches!(done, Err(ExecutorError::ControlPanicked)));
        assert_eq!(saved.load(Ordering::Relaxed), 2);
    }
}

#[test]
fn in_real_time_every_task_has_a_thread_by_its_name_and_the_caller_watches() {
    #[derive(Default)]
    struct Named(Option<String>);
    impl Machine for Named {
        fn step(&mut self, _: Duration) -> Next {
            self.0 = std::thread::current().name().map(str::to_owned);
            Next::Finished
        }
    }
    let [_, executor] = executors();
    let mut named = Named::default();
    let mut watched = 0;
    let control = |_: &mut dyn Pacer, granted: Option<Grant>| {
        (
            granted.is_some(),
            std::thread::current().name().map(str::to_owned),
        )
    };
    let tasks = vec![NamedMachine::new("camera-front", &mut named).awaited()];
    let done = executor
        .run(tasks, control, || watched += 1, |_| ())
        .unwrap();
    assert_eq!(done.outcome, (true, Some("ulna-control".to_owned())));
    assert_eq!(named.0.as_deref(), Some("camera-front"));
    assert!(watched > 0);
}

#[test]
fn in_lockstep_all_is_on_the_callers_thread() {
    let [executor, _] = executors();
    let here = std::thread::current().id();
    let control =
        |_: &mut dyn Pacer, granted: Option<Grant>| (std::thread::current().id(), granted);
    let done = executor
        .run(Vec::new(), control, || panic!("never"), |_| ())
        .unwrap();
    assert_eq!(done.outcome, (here, None));
}
