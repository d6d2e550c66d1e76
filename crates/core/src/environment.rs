//! What stands around a robot, as values.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::stamp::Stamp;

/// The part of the surroundings that is measured or known, such as where a target is: LeRobot's
/// `observation.environment_state`.
pub trait Environment: fmt::Debug + Send + Sync {
    /// The name of each value; their number never changes.
    fn names(&self) -> Vec<String>;

    /// Writes the values at this moment into `values`, which has room for one per name.
    ///
    /// It may be called on the control thread: it must not block or allocate.
    fn read(&self, at: Stamp, values: &mut [f64]);
}
