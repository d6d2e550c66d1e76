//! The two executors of a session: a control loop and a list of named machines, on real threads or in lockstep.
//!
//! Both take the same [`Task`]s and the same control loop, so what belongs to a session is listed once. In real time each task
//! and the control loop have a thread of their own; under the virtual clock all share the caller's thread. A task that panics
//! ends alone on either: the control loop goes on and brings the arm to rest, and [`Executed::panicked`] names the task.

mod threads;

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::lockstep::LockstepScheduler;
use crate::machine::{Machine, Pacer};
use crate::priority::{self, Grant};
use crate::real::RealClock;

/// How a task's thread shares the processor with the rest; without meaning in lockstep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Priority {
    /// As an ordinary thread.
    Ordinary,
    /// Behind the other threads of the session ([`priority::step_back`]).
    StepBack,
    /// Behind everything on the computer ([`priority::give_way`]).
    #[default]
    GiveWay,
}

impl Priority {
    /// Applies it to the current thread.
    fn apply(self) {
        match self {
            Self::Ordinary => {}
            Self::StepBack => priority::step_back(),
            Self::GiveWay => priority::give_way(),
        }
    }
}

/// A named machine that runs alongside a control loop.
pub struct Task<'a> {
    /// The name of its thread; Linux shows the first 15 bytes.
    pub name: String,
    /// What is stepped.
    pub machine: &'a mut (dyn Machine + Send),
    /// How its thread shares the processor.
    pub priority: Priority,
    /// Descriptors whose readability ends a wait for [`Next::InputOr`](crate::Next::InputOr) early; without meaning in lockstep.
    pub inputs: Vec<OwnedFd>,
    /// Once the control loop is over, the executor waits until this machine is finished (a recorder that saves its last episode).
    /// The other tasks are stepped until then and no longer.
    pub awaited: bool,
}

impl<'a> Task<'a> {
    /// A task that gives way to everything and ends with the session.
    pub fn new(name: impl Into<String>, machine: &'a mut (dyn Machine + Send)) -> Self {
        Self {
            name: name.into(),
            machine,
            priority: Priority::default(),
            inputs: Vec::new(),
            awaited: false,
        }
    }

    /// With this priority.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// With descriptors that end its waits for input.
    #[must_use]
    pub fn inputs(mut self, inputs: Vec<OwnedFd>) -> Self {
        self.inputs = inputs;
        self
    }

    /// A task that has to finish by itself; see [`awaited`](Self::awaited).
    #[must_use]
    pub fn awaited(mut self) -> Self {
        self.awaited = true;
        self
    }
}

impl fmt::Debug for Task<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.name)
            .field("priority", &self.priority)
            .field("inputs", &self.inputs)
            .field("awaited", &self.awaited)
            .finish_non_exhaustive()
    }
}

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

/// What a run came to.
#[derive(Debug)]
pub struct Executed<T> {
    /// What the control loop returned.
    pub outcome: T,
    /// The names of the tasks that panicked, in the order of the list. What they panicked with is on stderr.
    pub panicked: Vec<String>,
}

/// Why there is no outcome.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExecutorError {
    /// The operating system gave no thread; nothing has run on the control thread.
    NoThread {
        /// The thread's name.
        name: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The control loop panicked, and its message is on stderr. The awaited tasks have finished all the same.
    ControlPanicked,
}

impl fmt::Display for ExecutorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoThread { name, source } => {
                write!(f, "cannot start the thread {name}: {source}")
            }
            Self::ControlPanicked => f.write_str("the control thread failed (see above)"),
        }
    }
}

impl std::error::Error for ExecutorError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoThread { source, .. } => Some(source),
            Self::ControlPanicked => None,
        }
    }
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
        tasks: Vec<Task<'a>>,
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
    tasks: Vec<Task<'_>>,
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
