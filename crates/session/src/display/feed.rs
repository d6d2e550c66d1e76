//! The control thread's end of the way to a display.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rtrb::{Consumer, Producer, RingBuffer};
use ulna_core::TickRecord;

use super::counts::Counts;

/// How long the display may be held up before ticks are dropped.
const RING_SECONDS: f64 = 5.0;

/// How many pictures of one camera may wait for the display.
pub(super) const PICTURES_WAITING: usize = 8;

/// A ring for the ticks of a session at `rate_hz`.
pub(super) fn tick_feed(rate_hz: f64, counts: &Arc<Counts>) -> (TickFeed, Consumer<TickRecord>) {
    let capacity = (rate_hz * RING_SECONDS).ceil().clamp(16.0, 100_000.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let (ring, ticks) = RingBuffer::new(capacity as usize);
    let feed = TickFeed {
        ring,
        counts: Arc::clone(counts),
    };
    (feed, ticks)
}

/// The end for ticks: wait-free, and without a heap.
#[derive(Debug)]
pub struct TickFeed {
    ring: Producer<TickRecord>,
    counts: Arc<Counts>,
}

impl TickFeed {
    /// Offers a tick; one that finds no room is dropped.
    pub fn push(&mut self, tick: &TickRecord) {
        self.counts.ticks_offered.fetch_add(1, Ordering::Relaxed);
        // A tick that was offered and not shown is counted as dropped in the end.
        let _ = self.ring.push(*tick);
    }
}
