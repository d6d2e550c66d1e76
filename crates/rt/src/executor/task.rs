//! A named machine of a session.

use std::fmt;
use std::os::fd::OwnedFd;

use crate::machine::Machine;
use crate::priority;

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
    pub(super) fn apply(self) {
        match self {
            Self::Ordinary => {}
            Self::StepBack => priority::step_back(),
            Self::GiveWay => priority::give_way(),
        }
    }
}

/// A named machine that runs alongside a control loop.
#[non_exhaustive]
pub struct NamedMachine<'a> {
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

impl<'a> NamedMachine<'a> {
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

impl fmt::Debug for NamedMachine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedMachine")
            .field("name", &self.name)
            .field("priority", &self.priority)
            .field("inputs", &self.inputs)
            .field("awaited", &self.awaited)
            .finish_non_exhaustive()
    }
}
