//! Bytes into packets, whatever the line does to them.
//!
//! The decoder never trusts a header. A candidate that turns out wrong costs its first byte only, and the search
//! goes on *inside* it, so that a real packet that a glitch has glued to a false header is still found.

use super::format::{BROADCAST, HEADER, OVERHEAD, checksum};
use crate::unread::{DecoderCounters, Unread};

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

/// Finds packets in a stream of bytes. Serves hosts, which await status packets, and servos, which await instructions.
#[derive(Debug, Clone)]
pub struct Decoder {
    unread: Unread<CAPACITY>,
    longest: u8,
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
        Self {
            unread: Unread::new(),
            longest: LONGEST,
        }
    }

    /// Forgets received bytes, but not the totals.
    pub fn reset(&mut self) {
        self.unread.clear();
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
        self.unread.counters()
    }

    /// Takes as many of `bytes` as there is room for and returns how many that were. There is always room for at
    /// least 256 once [`Decoder::next`] has returned `None`.
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        self.unread.push(bytes)
    }

    /// The next finding in what was pushed, or `None` when more bytes are needed.
    #[allow(clippy::should_implement_trait)] // what it lends lives in the buffer, which an Iterator cannot express
    pub fn next(&mut self) -> Option<Decoded<'_>> {
        loop {
            self.unread.skip_to(&HEADER);
            let unread = self.unread.bytes();
            let &[_, _, id, length, ..] = unread else {
                return None;
            };
            // A third FF means that the header starts one byte later.
            if id > BROADCAST || !(2..=self.longest).contains(&length) {
                self.unread.skip(1);
                continue;
            }
            let size = PREFIX + usize::from(length);
            let packet = unread.get(..size)?;
            if checksum(&packet[HEADER.len()..size - 1]) != packet[size - 1] {
                self.unread.corrupt();
                return Some(Decoded::Corrupt { id });
            }
            let packet = self.unread.packet(size);
            return Some(Decoded::Packet(Packet {
                id,
                kind: packet[PREFIX],
                params: &packet[OVERHEAD - 1..size - 1],
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
        self.unread.give_up_unfinished()
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
