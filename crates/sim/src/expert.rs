//! Experts: scripted operators who show how a task is done.

pub(crate) mod aim;
