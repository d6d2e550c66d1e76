//! Bytes that were received and not understood yet, in which the decoders of both protocols look for packets.

/// Totals since a decoder was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DecoderCounters {
    /// Packets with a correct checksum or CRC; each block of a fast answer counts as one.
    pub packets: u32,
    /// Bytes that belong to no packet.
    pub skipped_bytes: u32,
    /// Candidates with a wrong checksum or CRC.
    pub checksum_errors: u32,
}

/// Received bytes in their order, and what became of those before them.
#[derive(Debug, Clone)]
pub(crate) struct Unread<const CAPACITY: usize> {
    buffer: [u8; CAPACITY],
    /// The unread bytes are `buffer[start..end]`.
    start: usize,
    end: usize,
    counters: DecoderCounters,
}

impl<const CAPACITY: usize> Unread<CAPACITY> {
    pub(crate) const fn new() -> Self {
        Self {
            buffer: [0; CAPACITY],
            start: 0,
            end: 0,
            counters: DecoderCounters {
                packets: 0,
                skipped_bytes: 0,
                checksum_errors: 0,
            },
        }
    }

    pub(crate) const fn counters(&self) -> DecoderCounters {
        self.counters
    }

    /// Forgets the bytes, but not the totals.
    pub(crate) fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Takes as many of `bytes` as there is room for and returns how many that were.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> usize {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let room = &mut self.buffer[self.end..];
        let taken = bytes.len().min(room.len());
        room[..taken].copy_from_slice(&bytes[..taken]);
        self.end += taken;
        taken
    }

    /// The next `count` bytes are read.
    pub(crate) fn advance(&mut self, count: usize) {
        self.start += count;
    }

    /// The next `count` bytes are a packet, or a block of one.
    pub(crate) fn packet(&mut self, count: usize) -> &mut [u8] {
        let begin = self.start;
        self.advance(count);
        self.counters.packets = self.counters.packets.saturating_add(1);
        &mut self.buffer[begin..self.start]
    }

    /// The bytes look like a packet and are none: the search goes on within them.
    pub(crate) fn corrupt(&mut self) {
        self.skip(1);
        self.counters.checksum_errors = self.counters.checksum_errors.saturating_add(1);
    }

    /// The next `count` bytes belong to no packet.
    pub(crate) fn skip(&mut self, count: usize) {
        self.advance(count);
        self.count_skipped(count);
    }

    /// Bytes that were read belong to no packet after all.
    pub(crate) fn count_skipped(&mut self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.counters.skipped_bytes = self.counters.skipped_bytes.saturating_add(count);
    }

    /// Drops bytes until the unread ones begin with a header, or with as much of one as there is at the very end.
    pub(crate) fn skip_to(&mut self, header: &[u8]) {
        let unread = self.bytes();
        let begins = |rest: &[u8]| header.iter().zip(rest).all(|(header, byte)| header == byte);
        let garbage = (0..unread.len())
            .find(|&at| begins(&unread[at..]))
            .unwrap_or(unread.len());
        self.skip(garbage);
    }

    /// No more will come, so a candidate that is not finished never will be. False when nothing is left unread.
    pub(crate) fn give_up_unfinished(&mut self) -> bool {
        let unread = self.end > self.start;
        if unread {
            self.skip(1);
        }
        unread
    }
}
