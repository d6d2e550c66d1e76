//! What the thread of a bus on a pseudo-terminal has done.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

/// What the thread has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PtyStats {
    /// Times that the line was busy: from a client's first byte until nothing was on its way any more.
    pub exchanges: u64,
    /// Wall time of these together. On an instant bus this is what the simulation itself costs a client.
    pub busy: Duration,
    /// Time that the thread has computed, mechanics included.
    pub cpu: Duration,
    /// Bytes from clients.
    pub bytes_in: u64,
    /// Bytes to clients.
    pub bytes_out: u64,
    /// Bytes for clients that read none of them.
    pub bytes_lost: u64,
}

/// The thread's figures, where everyone can read them.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) exchanges: AtomicU64,
    pub(super) busy_ns: AtomicU64,
    pub(super) cpu_ns: AtomicU64,
    pub(super) bytes_in: AtomicU64,
    pub(super) bytes_out: AtomicU64,
    pub(super) bytes_lost: AtomicU64,
}

impl Shared {
    /// The figures at this moment.
    pub(super) fn stats(&self) -> PtyStats {
        let count = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        PtyStats {
            exchanges: count(&self.exchanges),
            busy: Duration::from_nanos(count(&self.busy_ns)),
            cpu: Duration::from_nanos(count(&self.cpu_ns)),
            bytes_in: count(&self.bytes_in),
            bytes_out: count(&self.bytes_out),
            bytes_lost: count(&self.bytes_lost),
        }
    }
}
