//! Time and threads: clocks, the lockstep scheduler, deadline pacing, timing statistics and shutdown.
//!
//! Everything that affects motion or data is a [`Machine`]: `step(now)` does what is due and says when it wants to be called
//! again. A machine never reads a clock and never sleeps, so the same one runs in real time ([`RealPacer`]) and, deterministically and
//! as fast as the CPU allows, under the virtual clock ([`LockstepScheduler`]). A session is a list of named machines around a control
//! loop, run by either [`Executor`]. Nothing here knows what a robot is.
//!
//! Reading order: [`machine`], [`lockstep`], [`real`], [`executor`], [`timing`], [`latest`], [`stop`], [`priority`].
//!
//! ```
//! use std::time::Duration;
//! use ulna_rt::{LockstepScheduler, Machine, Next};
//!
//! struct Counter(u32);
//! impl Machine for Counter {
//!     fn step(&mut self, now: Duration) -> Next {
//!         self.0 += 1;
//!         if self.0 == 1000 { Next::Finished } else { Next::At(now + Duration::from_millis(5)) }
//!     }
//! }
//!
//! let mut counter = Counter(0);
//! let mut scheduler = LockstepScheduler::new([&mut counter as &mut dyn Machine]);
//! let end = scheduler.run_until_finished(0);
//! assert_eq!(end, Duration::from_millis(4995));
//! ```
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
