//! What moves a leader arm.

use core::fmt;
use core::time::Duration;

use ulna_core::joints::Joints;

/// The simulated operator of a leader arm: where its joints are at each moment.
pub trait Operator: fmt::Debug + Send {
    /// The joint angles at the start, rad.
    fn rest(&self) -> &Joints<f64>;

    /// The joint angles at this time since the run's epoch, rad.
    fn angles(&mut self, time: Duration) -> Joints<f64>;
}
