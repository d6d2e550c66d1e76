//! Totals that say which servo, or the whole line, is getting worse.

use crate::feetech::MAX_ID;
use crate::flags::ErrorFlags;

/// Totals of one servo since the engine was made. They stop at their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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

/// One entry for each possible id: a scan meets more servos than one group holds.
#[derive(Debug, Clone)]
pub(super) struct CounterTable([ServoCounters; MAX_ID as usize + 1]);

impl CounterTable {
    pub(super) fn new() -> Self {
        Self([ServoCounters::default(); MAX_ID as usize + 1])
    }

    pub(super) fn get(&self, id: u8) -> ServoCounters {
        self.0.get(usize::from(id)).copied().unwrap_or_default()
    }

    pub(super) fn update(&mut self, id: u8, change: impl FnOnce(&mut ServoCounters)) {
        if let Some(counters) = self.0.get_mut(usize::from(id)) {
            change(counters);
        }
    }
}

/// One more, up to the maximum.
pub(super) fn bump(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}
