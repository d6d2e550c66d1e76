//! A simulated bus on a pseudo-terminal, in real time, so that any program that speaks to these servos through a serial port
//! can drive the simulated arm. Unix only.
//!
//! A thread of its own owns the [`ServoBus`]. It sleeps until a client writes, until the next byte is due, or until the
//! mechanics want to move on; it never spins. Bytes come in groups of about 100 µs of wire time, and the last byte of an
//! answer is never earlier than on the real wire (how much later is up to the scheduler). The rate that a client sets
//! on the terminal is the rate of the host's port: at the wrong one, servos stay silent.
//!
//! A client that reads nothing loses bytes, as a serial port's does once its buffer is full. Clients may come and go: the bus
//! keeps the terminal open itself.

mod error;
mod line;
mod stats;
mod terminal;

use std::io::{self, PipeWriter};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use crate::bus::ServoBus;
use crate::plant::Plant;
pub use error::PtyError;
use line::BusThread;
pub use stats::PtyStats;
use stats::Shared;
pub(crate) use terminal::Terminal;

/// A [`ServoBus`] that clients reach through a terminal device. Dropping it ends the thread.
#[derive(Debug)]
pub struct PtyBus<P> {
    name: String,
    path: PathBuf,
    /// Holds the terminal open while there is no client.
    _terminal: OwnedFd,
    shared: Arc<Shared>,
    /// The thread ends when this is closed.
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<Result<ServoBus<P>, PtyError>>>,
}

impl<P: Plant + Send + 'static> PtyBus<P> {
    /// Puts `bus` on a new terminal. Its times count from `epoch`, so that they agree with the run's other clocks. The
    /// thread is called `name` (systems show 15 bytes of it).
    pub fn spawn(bus: ServoBus<P>, name: &str, epoch: Instant) -> Result<Self, PtyError> {
        let Terminal {
            controller,
            terminal,
            path,
            follow_rate,
        } = Terminal::open(name, bus.options().baud)?;
        let no_thread = |source| PtyError::Thread {
            name: name.into(),
            source,
        };
        let (stopped, stop) = io::pipe().map_err(no_thread)?;
        let shared = Arc::new(Shared::default());
        let thread = BusThread {
            name: name.into(),
            bus,
            controller,
            stopped,
            epoch,
            follow_rate,
            shared: Arc::clone(&shared),
        };
        let builder = std::thread::Builder::new().name(name.into());
        let thread = builder.spawn(move || thread.run()).map_err(no_thread)?;
        Ok(Self {
            name: name.into(),
            path,
            _terminal: terminal,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl<P> PtyBus<P> {
    /// The device that clients open, such as `/dev/pts/3`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the thread has done so far.
    #[must_use]
    pub fn stats(&self) -> PtyStats {
        self.shared.stats()
    }

    /// Whether the thread still serves clients. When it does not, [`PtyBus::stop`] gives the reason.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }

    /// Ends the thread and gives the bus back, or the error that ended it before.
    pub fn stop(mut self) -> Result<ServoBus<P>, PtyError> {
        let panicked = || PtyError::Panicked {
            name: self.name.clone(),
        };
        drop(self.stop.take());
        let thread = self.thread.take().ok_or_else(panicked)?;
        thread.join().map_err(|_| panicked())?
    }
}

impl<P> Drop for PtyBus<P> {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // `stop` returns the thread's error; dropping discards it.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
