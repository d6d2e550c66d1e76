#![doc = include_str!("../README.md")]
//! Everything that affects motion or data is a [`Machine`]: `step(now)` does what is due and says when it wants to be called
//! again. A machine never reads a clock and never sleeps, so the same one runs in real time ([`RealPacer`]) and, deterministically and
//! as fast as the CPU allows, under the virtual clock ([`LockstepScheduler`]). A session is a list of named machines around a control
//! loop, run by either [`Executor`]. Nothing here knows what a robot is.
//!
//! Reading order: [`machine`], [`lockstep`], [`real`], [`executor`], [`timing`], [`latest`], [`stop`], [`priority`].
#![forbid(unsafe_code)]

pub mod executor;
pub mod latest;
pub mod lockstep;
pub mod machine;
pub mod priority;
pub mod real;
pub mod stop;
pub mod timing;

pub use executor::{Executed, Executor, ExecutorError, NamedMachine, Priority};
pub use lockstep::{LockstepScheduler, VirtualClock};
pub use machine::{Machine, Next, Pacer, run};
pub use real::{RealClock, RealPacer};
pub use stop::{Stop, StopReason};
pub use timing::{Distribution, Summary};
