//! The two executors of a session: a control loop and a list of named machines, on real threads or in lockstep.
//!
//! Both take the same [`NamedMachine`]s and the same control loop, so what belongs to a session is listed once. In real time each task
//! and the control loop have a thread of their own; under the virtual clock all share the caller's thread. A task that panics
//! ends alone on either: the control loop goes on and brings the arm to rest, and [`Executed::panicked`] names the task.

mod outcome;
mod task;
mod threads;

use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::lockstep::LockstepScheduler;
use crate::machine::{Machine, Pacer};
use crate::priority::Grant;
use crate::real::RealClock;

pub use outcome::{Executed, ExecutorError};
pub use task::{NamedMachine, Priority};

/// Where a control loop and its tasks run.
#[derive(Debug)]
pub enum Executor {
    /// On the caller's thread, under a virtual clock that starts at its epoch.
    Lockstep,
    /// In real time, on a thread each.
    Threads {
        /// The clock of all of them.
        clock: RealClock,
        /// The descriptors whose readability is the control loop's input.
        inputs: Vec<OwnedFd>,
    },
}

impl Executor {
    /// Runs `control` to its end with the tasks around it, then until the awaited tasks are finished, and returns what `control`
    /// returned.
    ///
    /// * `control` gets its pacer, and what the operating system granted its thread (absent in lockstep).
    /// * `watch` is called on the caller's thread about ten times a second in real time, and never in lockstep.
    /// * `ended` is called on the caller's thread once the control loop is over and before the awaited tasks are waited for: it
    ///   must cause them to finish. A control loop that panicked has no outcome.
    ///
    /// # Errors
    /// If the operating system gives no thread, in which case neither `control` nor `ended` has run, or if `control` panics.
    pub fn run<'a, T: Send + 'a>(
        self,
        tasks: Vec<NamedMachine<'a>>,
        control: impl FnOnce(&mut dyn Pacer, Option<Grant>) -> T + Send,
        watch: impl FnMut(),
        ended: impl FnOnce(Option<&T>),
    ) -> Result<Executed<T>, ExecutorError> {
        match self {
            Self::Lockstep => in_lockstep(tasks, |pacer| control(pacer, None), ended),
            Self::Threads { clock, inputs } => {
                threads::run(clock, inputs, tasks, control, watch, ended)
            }
        }
    }
}

fn in_lockstep<T>(
    tasks: Vec<NamedMachine<'_>>,
    control: impl FnOnce(&mut dyn Pacer) -> T,
    ended: impl FnOnce(Option<&T>),
) -> Result<Executed<T>, ExecutorError> {
    let mut names = Vec::with_capacity(tasks.len());
    let mut awaited = Vec::new();
    let machines = tasks.into_iter().enumerate().map(|(index, task)| {
        names.push(task.name);
        awaited.extend(task.awaited.then_some(index));
        task.machine as &mut dyn Machine
    });
    let mut scheduler = LockstepScheduler::new(machines);
    // As in real time, where a panic ends the control thread only: what `control` broke is not looked at again.
    let outcome = catch_unwind(AssertUnwindSafe(|| control(&mut scheduler))).ok();
    ended(outcome.as_ref());
    for index in awaited {
        scheduler.run_until_finished(index);
    }
    let panicked = scheduler.panicked().map(|index| names[index].clone());
    let panicked = panicked.collect();
    match outcome {
        Some(outcome) => Ok(Executed { outcome, panicked }),
        None => Err(ExecutorError::ControlPanicked),
    }
}

#[cfg(test)]
mod tests;
