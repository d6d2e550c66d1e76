//! One open port that two drivers use in turns.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ulna_drivers::Port;

/// A handle of an open port. Service tools work on single registers, a wiggle runs the arm's own driver; both are on one thread and take
/// turns, so the lock is never waited for.
#[derive(Clone)]
pub(crate) struct SharedPort {
    port: Arc<Mutex<Box<dyn Port>>>,
    name: String,
}

impl SharedPort {
    pub(crate) fn new(port: Box<dyn Port>) -> Self {
        let name = port.name().to_owned();
        Self {
            port: Arc::new(Mutex::new(port)),
            name,
        }
    }

    /// The port, also after a panic of its last user: a port has no state that a panic could leave half changed, and the way out of a
    /// panic needs it.
    fn port(&self) -> MutexGuard<'_, Box<dyn Port>> {
        self.port.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Port for SharedPort {
    fn write(&mut self, now: Duration, bytes: &[u8]) -> io::Result<()> {
        self.port().write(now, bytes)
    }

    fn read(&mut self, now: Duration, into: &mut [u8]) -> io::Result<usize> {
        self.port().read(now, into)
    }

    fn set_baud(&mut self, now: Duration, baud: u32) -> io::Result<()> {
        self.port().set_baud(now, baud)
    }

    fn next_arrival(&self) -> Option<Duration> {
        self.port().next_arrival()
    }

    fn input(&self) -> Option<OwnedFd> {
        self.port().input()
    }

    fn name(&self) -> &str {
        &self.name
    }
}
