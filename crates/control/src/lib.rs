//! The control tick: what happens, several hundred times a second, between a source of actions and a robot.
//!
//! This crate knows the traits of `ulna-core` and nothing else: no device, no file, no thread, no clock.
//!
//! Reading order: [`tick`] is the heart; [`replay`] and [`motion`] are sources of actions that need no device.
#![forbid(unsafe_code)]

pub mod motion;
pub mod replay;
pub mod tick;

pub use motion::Move;
pub use replay::{Approach, Playing, Replay};
pub use tick::{Counters, End, Observer, Tick, TickPlan};
