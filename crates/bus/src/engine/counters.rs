//! Totals that say which servo, or the whole line, is getting worse.

use crate::flags::ErrorFlags;

/// Totals of one servo since the engine was made. They stop at their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ServoCounters {
    /// Good replies.
    pub replies: u32,
    /// Transactions that ended without its reply, for whatever reason.
    pub failures: u32,
    /// Of the failures, those that ended in silence.
    pub timeouts: u32,
    /// Timeouts since its last sign of life.
    pub consecutive_timeouts: u32,
    /// Damaged packets in the place of its reply.
    pub checksum_errors: u32,
    /// Good packets with an unexpected amount of data.
    pub wrong_lengths: u32,
    /// Answers in which it said that it does not do it (Dynamixel).
    pub refusals: u32,
    /// Times that it was asked again within a transaction.
    pub retries: u32,
    /// Good replies with at least one error flag.
    pub flagged: u32,
    /// The flags of its newest reply.
    pub last_flags: ErrorFlags,
}

/// Totals of the whole bus since the engine was made. They stop at their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BusCounters {
    /// Requests begun.
    pub transactions: u32,
    /// Bytes handed out for sending.
    pub bytes_sent: u64,
    /// Bytes handed in.
    pub bytes_received: u64,
    /// Own packets that came back.
    pub echoes: u32,
    /// Good packets that answer no request.
    pub unexpected: u32,
    /// Answers to questions that had been given up.
    pub late: u32,
    /// Received bytes that belong to no packet.
    pub skipped_bytes: u32,
    /// Candidate packets with a wrong checksum.
    pub checksum_errors: u32,
}

/// Totals of the first `IDS` servos that something happened to. A scan from a computer meets every possible id, a microcontroller knows a
/// dozen and has no room for more.
#[derive(Debug, Clone)]
pub(super) struct CounterTable<const IDS: usize> {
    ids: [u8; IDS],
    used: usize,
    counters: [ServoCounters; IDS],
}

impl<const IDS: usize> CounterTable<IDS> {
    pub(super) fn new() -> Self {
        Self {
            ids: [0; IDS],
            used: 0,
            counters: [ServoCounters::default(); IDS],
        }
    }

    fn place(&self, id: u8) -> Option<usize> {
        let used = self.ids.get(..self.used)?;
        used.iter().position(|&known| known == id)
    }

    pub(super) fn get(&self, id: u8) -> ServoCounters {
        let place = self.place(id);
        place
            .and_then(|place| self.counters.get(place))
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn update(&mut self, id: u8, change: impl FnOnce(&mut ServoCounters)) {
        let place = self.place(id).unwrap_or(self.used);
        let (Some(known), Some(counters)) = (self.ids.get_mut(place), self.counters.get_mut(place))
        else {
            return;
        };
        *known = id;
        self.used = self.used.max(place + 1);
        change(counters);
    }

    pub(super) fn note_flags(&mut self, id: u8, flags: ErrorFlags) {
        self.update(id, |counters| counters.last_flags = flags);
    }
}

/// One more, up to the maximum.
pub(super) fn bump(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}
