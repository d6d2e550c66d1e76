//! A simulated servo bus in memory, as a port: the same bytes as on a cable, on the virtual clock.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ulna_drivers::Port;
use ulna_sim::bus::ServoBus;
use ulna_sim::plant::Plant;

/// A bus that its port shares with whoever looks at the mechanics: cameras, tests.
#[derive(Debug)]
pub struct SharedBus<P>(Arc<Mutex<ServoBus<P>>>);

impl<P> Clone for SharedBus<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P> SharedBus<P> {
    /// Shares `bus`.
    pub fn new(bus: ServoBus<P>) -> Self {
        Self(Arc::new(Mutex::new(bus)))
    }

    /// The bus, for as long as the guard lives.
    pub fn lock(&self) -> MutexGuard<'_, ServoBus<P>> {
        // A panic elsewhere leaves the simulation as consistent as a crash leaves a real arm.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The host's end of a [`SharedBus`].
#[derive(Debug)]
pub struct MemoryPort<P>(pub SharedBus<P>);

impl<P: Plant + Send> Port for MemoryPort<P> {
    fn write(&mut self, now: Duration, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().host_writes(now, bytes);
        Ok(())
    }

    fn read(&mut self, now: Duration, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.0.lock().host_reads(now, into))
    }

    fn next_arrival(&self) -> Option<Duration> {
        let bus = self.0.lock();
        // The last byte under way, not the next one: one wake-up for each answer, as an adapter with a buffer gives.
        bus.last_delivery().or(Some(bus.deadline())).filter(|&at| at < Duration::MAX)
    }

    fn name(&self) -> &str {
        "simulated wire"
    }
}
