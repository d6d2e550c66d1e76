//! What every port can do.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::board::BoardLink;

/// A byte stream to a servo bus. Nothing here ever blocks.
///
/// Times are since the run's epoch. A real port ignores them; a simulated wire in memory lives by them.
pub trait Port: Send {
    /// Hands bytes to the line.
    ///
    /// # Errors
    /// Any error means that the port is gone.
    fn write(&mut self, now: Duration, bytes: &[u8]) -> io::Result<()>;

    /// Takes what has arrived by `now`; 0 if nothing has.
    ///
    /// # Errors
    /// Any error means that the port is gone.
    fn read(&mut self, now: Duration, into: &mut [u8]) -> io::Result<usize>;

    /// Changes the rate of the line, bits per second; bytes that are under way may be lost.
    ///
    /// # Errors
    /// If the port cannot run at that rate.
    fn set_baud(&mut self, now: Duration, baud: u32) -> io::Result<()>;

    /// For a simulated wire: when the next byte will arrive, if one is under way.
    fn next_arrival(&self) -> Option<Duration> {
        None
    }

    /// A descriptor that becomes readable when bytes arrive, for waiting on several ports at once.
    fn input(&self) -> Option<OwnedFd> {
        None
    }

    /// The bridge board behind the port, if there is one, for the control loop: the board runs the exchange with the servos by itself.
    fn board(&mut self) -> Option<&mut dyn BoardLink> {
        None
    }

    /// By how much the board's times may be wrong, if there is one and that is known.
    fn board_uncertainty(&self) -> Option<Duration> {
        None
    }

    /// What people call it: `/dev/ttyACM0`, `simulated wire`.
    fn name(&self) -> &str;
}
