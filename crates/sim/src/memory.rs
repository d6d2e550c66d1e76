//! A simulated servo bus in memory, as a port: the same bytes as on a cable, on the virtual clock.

use std::io;
use std::time::Duration;

use ulna_drivers::Port;

use crate::bus::ServoBus;
use crate::plant::Plant;

/// The host's end of a bus, and the bus.
#[derive(Debug)]
pub struct MemoryPort<P>(pub ServoBus<P>);

impl<P: Plant + Send> Port for MemoryPort<P> {
    fn write(&mut self, now: Duration, bytes: &[u8]) -> io::Result<()> {
        self.0.host_writes(now, bytes);
        Ok(())
    }

    fn read(&mut self, now: Duration, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.0.host_reads(now, into))
    }

    fn set_baud(&mut self, now: Duration, baud: u32) -> io::Result<()> {
        self.0.set_baud(now, baud);
        Ok(())
    }

    fn next_arrival(&self) -> Option<Duration> {
        // The last byte that comes with the next one, not that one itself: one wake-up for each packet, as an adapter gives.
        let on_their_way = self.0.deliveries().map(|deliveries| deliveries.together);
        on_their_way
            .or(Some(self.0.deadline()))
            .filter(|&at| at < Duration::MAX)
    }

    fn name(&self) -> &str {
        "simulated wire"
    }
}
