//! Bytes into packets, whatever the line does to them.
//!
//! The decoder never trusts a header. A candidate that turns out wrong costs its first byte only, and the search
//! goes on *inside* it, so that a real packet that a glitch has glued to a false header is still found.

use super::format::{BROADCAST, HEADER, OVERHEAD, checksum};

/// Largest value of the length byte that the decoder believes (the Feetech SDK's limit).
const LONGEST: u8 = 250;
/// Room for the longest packet and about as much again, so that feeding is done in large pieces.
const CAPACITY: usize = 512;
/// Bytes needed before a candidate's size is known: header, id, length.
const PREFIX: usize = 4;

/// A packet with a correct checksum. Nothing in the packet distinguishes instructions from answers: the reader knows which it awaits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The servo addressed (instruction) or answering (status).
    pub id: u8,
    /// The instruction code, or the error byte of a status.
    pub kind: u8,
    /// Everything between `kind` and the checksum.
    pub params: &'a [u8],
}

impl Packet<'_> {
    /// `bytes` are exactly this packet on the wire.
    #[must_use]
    pub fn is_on_the_wire(&self, bytes: &[u8]) -> bool {
        let Some((body, _checksum)) = bytes
            .strip_prefix(&HEADER)
            .and_then(<[u8]>::split_last_chunk::<1>)
        else {
            return false;
        };
        matches!(body, [id, _length, kind, params @ ..] if (*id, *kind, params) == (self.id, self.kind, self.params))
    }
}

/// What the decoder found next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// A packet whose checksum is right.
    Packet(Packet<'a>),
    /// Something that looked like a packet of servo `id`, with a wrong checksum.
    Corrupt {
        /// The id as received; it may itself be what got damaged.
        id: u8,
    },
}

/// Totals since the decoder was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DecoderCounters {
    /// Packets with a correct checksum.
    pub packets: u32,
    /// Bytes that belong to no packet.
    pub skipped_bytes: u32,
    /// Candidates with a wrong checksum.
    pub checksum_errors: u32,
}

/// Finds packets in a stream of bytes. Serves hosts, which await status packets, and servos, which await instructions.
#[derive(Debug, Clone)]
pub struct Decoder {
    buffer: [u8; CAPACITY],
    /// The unread bytes are `buffer[start..end]`.
    start: usize,
    end: usize,
    longest: u8,
    counters: DecoderCounters,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder with nothing in it.
    #[must_use]
    pub const fn new() -> Self {
        let counters = DecoderCounters {
            packets: 0,
            skipped_bytes: 0,
            checksum_errors: 0,
        };
        Self {
            buffer: [0; CAPACITY],
            start: 0,
            end: 0,
            longest: LONGEST,
            counters,
        }
    }

    /// Forgets received bytes, but not the totals.
    pub fn reset(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Believe no packet with more than `params` parameters. A reader that knows what it asked for
    /// then need not wait for the rest of a packet that a damaged length byte made long.
    pub fn set_max_params(&mut self, params: usize) {
        self.longest =
            u8::try_from(params.saturating_add(2)).map_or(LONGEST, |longest| longest.min(LONGEST));
    }

    /// The totals.
    #[must_use]
    pub const fn counters(&self) -> DecoderCounters {
        self.counters
    }

    /// Takes as many of `bytes` as there is room for and returns how many that were. There is always room for at
    /// least 256 once [`Decoder::next`] has returned `None`.
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let room = &mut self.buffer[self.end..];
        let taken = bytes.len().min(room.len());
        room[..taken].copy_from_slice(&bytes[..taken]);
        self.end += taken;
        taken
    }

    /// The next finding in what was pushed, or `None` when more bytes are needed.
    #[allow(clippy::should_implement_trait)] // what it lends lives in the buffer, which an Iterator cannot express
    pub fn next(&mut self) -> Option<Decoded<'_>> {
        loop {
            self.skip_to_header();
            let unread = &self.buffer[self.start..self.end];
            let &[_, _, id, length, ..] = unread else {
                return None;
            };
            // A third FF means that the header starts one byte later.
            if id > BROADCAST || !(2..=self.longest).contains(&length) {
                self.skip(1);
                continue;
            }
            let size = PREFIX + usize::from(length);
            let packet = unread.get(..size)?;
            if checksum(&packet[HEADER.len()..size - 1]) != packet[size - 1] {
                self.skip(1);
                self.counters.checksum_errors = self.counters.checksum_errors.saturating_add(1);
                return Some(Decoded::Corrupt { id });
            }
            let begin = self.start;
            self.start += size;
            self.counters.packets = self.counters.packets.saturating_add(1);
            let packet = &self.buffer[begin..self.start];
            let params = &packet[OVERHEAD - 1..size - 1];
            return Some(Decoded::Packet(Packet {
                id,
                kind: packet[PREFIX],
                params,
            }));
        }
    }

    /// Hands every packet that `bytes` complete to `found`; the simple way for readers that ignore corrupt ones.
    pub fn feed(&mut self, mut bytes: &[u8], mut found: impl FnMut(Packet<'_>)) {
        while !bytes.is_empty() {
            let taken = self.push(bytes);
            bytes = &bytes[taken..];
            while let Some(decoded) = self.next() {
                if let Decoded::Packet(packet) = decoded {
                    found(packet);
                }
            }
        }
    }

    /// The line has fallen silent, so an unfinished candidate will never be finished: gives it up, so that
    /// [`Decoder::next`] searches inside it. Returns false when nothing was left unread.
    pub fn give_up_unfinished(&mut self) -> bool {
        let unread = self.end > self.start;
        if unread {
            self.skip(1);
        }
        unread
    }

    /// Drops bytes until the unread ones begin with a header, or with its first half at the very end.
    fn skip_to_header(&mut self) {
        let unread = &self.buffer[self.start..self.end];
        let mut pairs = unread.windows(HEADER.len());
        let garbage = pairs.position(|pair| pair == HEADER).unwrap_or_else(|| {
            let half_header = usize::from(unread.last() == Some(&HEADER[0]));
            unread.len() - half_header
        });
        self.skip(garbage);
    }

    fn skip(&mut self, count: usize) {
        self.start += count;
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.counters.skipped_bytes = self.counters.skipped_bytes.saturating_add(count);
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
