//! What stands around a robot, as numbers.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::stamp::Stamp;

/// What the surroundings tell of themselves, such as where a target is: LeRobot's `observation.environment_state`.
pub trait Environment: fmt::Debug + Send + Sync {
    /// A name for each number; there are as many numbers at all times.
    fn names(&self) -> Vec<String>;

    /// Puts the numbers at this moment into `numbers`, which has room for as many as there are names. It may be asked on the control
    /// thread: it must not block or allocate.
    fn tell(&self, at: Stamp, numbers: &mut [f64]);
}
