//! Time and threads: clocks, the lockstep scheduler, deadline pacing, timing statistics and shutdown.
//!
//! Everything that affects motion or data is a [`Machine`]: `step(now)` does what is due and says when it wants to be called
//! again. A machine never reads a clock and never sleeps, so the same one runs in real time ([`RealPacer`]) and, deterministically and
//! as fast as the CPU allows, under the virtual clock ([`Lockstep`]). Nothing here knows what a robot is.
//!
//! Reading order: [`machine`], [`lockstep`], [`company`], [`real`], [`timing`], [`latest`], [`stop`], [`priority`].
//!
//! ```
//! use std::time::Duration;
//! use ulna_rt::{Lockstep, Machine, Next};
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
//! let end = Lockstep::new().run(&mut [&mut counter]);
//! assert_eq!(end, Duration::from_millis(4995));
//! ```
#![forbid(unsafe_code)]

pub mod company;
pub mod latest;
pub mod lockstep;
pub mod machine;
pub mod priority;
pub mod real;
pub mod stop;
pub mod timing;

pub use company::Company;
pub use lockstep::Lockstep;
pub use machine::{Machine, Next, Pacer, run};
pub use real::{RealClock, RealPacer};
pub use stop::{Stop, StopReason};
pub use timing::{Distribution, Summary};
