//! What passes over a bus, for a look from outside: the bus itself is at the other end of a port, or in a thread of its own.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

/// Totals since the bus was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WireCounters {
    /// Requests with a correct checksum that the servos received.
    pub requests: u64,
    /// Answers, before faults.
    pub answers: u64,
    /// Requests that arrived with a wrong checksum.
    pub corrupt_requests: u64,
    /// Bytes, in either direction, for which a full buffer had no room.
    pub lost_bytes: u64,
    /// Bytes that another one on the wire destroyed, each of the two counted.
    pub destroyed_bytes: u64,
}

/// What passed over a bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests to which at least one servo answered.
    pub answered: u64,
    /// Requests that none had to answer: goals, for the most part.
    pub unanswered: u64,
    /// Requests that arrived with a wrong checksum.
    pub corrupt: u64,
    /// Bytes that another one on the wire destroyed.
    pub destroyed: u64,
    /// Bytes for which a buffer had no room.
    pub lost: u64,
    /// Longest time between two requests that none had to answer, since this was looked at last.
    pub longest_pause: Duration,
}

/// The figures where everyone can read them.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Figures>);

#[derive(Debug, Default)]
struct Figures {
    answered: AtomicU64,
    unanswered: AtomicU64,
    corrupt: AtomicU64,
    destroyed: AtomicU64,
    lost: AtomicU64,
    /// When the last request was received that none had to answer, ns; 0 if there was none.
    last: AtomicU64,
    longest_pause: AtomicU64,
}

impl Meter {
    /// What has passed so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let figures = &*self.0;
        let count = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        Traffic {
            answered: count(&figures.answered),
            unanswered: count(&figures.unanswered),
            corrupt: count(&figures.corrupt),
            destroyed: count(&figures.destroyed),
            lost: count(&figures.lost),
            longest_pause: Duration::from_nanos(figures.longest_pause.swap(0, Ordering::Relaxed)),
        }
    }

    /// A request was served at `at`.
    pub(super) fn served(&self, at: Duration, was_answered: bool) {
        let figures = &*self.0;
        if was_answered {
            figures.answered.fetch_add(1, Ordering::Relaxed);
            return;
        }
        figures.unanswered.fetch_add(1, Ordering::Relaxed);
        let now = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        let last = figures.last.swap(now, Ordering::Relaxed);
        if last > 0 {
            let pause = now.saturating_sub(last);
            figures.longest_pause.fetch_max(pause, Ordering::Relaxed);
        }
    }

    /// The totals that are counted elsewhere.
    pub(super) fn publish(&self, counters: &WireCounters) {
        let figures = &*self.0;
        let totals = [
            (&figures.corrupt, counters.corrupt_requests),
            (&figures.destroyed, counters.destroyed_bytes),
            (&figures.lost, counters.lost_bytes),
        ];
        for (figure, total) in totals {
            figure.store(total, Ordering::Relaxed);
        }
    }
}
