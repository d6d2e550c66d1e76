//! Bytes into packets, whatever the line does to them.
//!
//! The decoder never trusts a header. A candidate that turns out wrong costs its first byte only, and the search
//! goes on *inside* it, so that a real packet that a glitch has glued to a false header is still found.

use super::crc::Crc16;
use super::format::{
    ALERT, BLOCK_OVERHEAD, BROADCAST, FAST_OVERHEAD, HEADER, INSTRUCTION_OVERHEAD, MAX_ID,
    MAX_PACKET, Refusal,
};
use super::instruction::Instruction;
use super::parse::Parsed;
use crate::unread::{DecoderCounters, Unread};

/// Largest value of the length field that the decoder believes.
const LONGEST: usize = MAX_PACKET - PREFIX;
/// Smallest value of the length field: instruction and CRC.
const SHORTEST: usize = 3;
/// Room for the longest packet and half as much again, so that feeding is done in large pieces.
const CAPACITY: usize = 1536;
/// Bytes needed before a candidate's size is known: header, id, length.
const PREFIX: usize = 7;
/// Bytes of CRC.
const CRC: usize = 2;

/// A packet with a correct CRC, its stuffing taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The servo addressed (instruction) or answering (status).
    pub id: u8,
    /// The instruction byte; [`Instruction::Status`] marks an answer.
    pub instruction: u8,
    /// Everything between the instruction and the CRC. The first of a status is the error byte.
    pub params: &'a [u8],
}

impl<'a> Packet<'a> {
    /// What the packet says, or `None` if its parameters do not fit its instruction.
    #[must_use]
    pub fn parse(&self) -> Option<Parsed<'a>> {
        Parsed::of(self.instruction, self.params)
    }
}

/// One servo's part of the common answer to a fast read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// The servo.
    pub id: u8,
    /// Its error byte.
    pub error: u8,
    /// The bytes asked for.
    pub data: &'a [u8],
}

impl Block<'_> {
    /// The servo wants its register `Hardware_Error_Status` looked at.
    #[must_use]
    pub const fn has_alert(&self) -> bool {
        self.error & ALERT != 0
    }

    /// Why there are no data, if so.
    #[must_use]
    pub const fn refusal(&self) -> Option<Refusal> {
        Refusal::from_error(self.error)
    }
}

/// What the decoder found next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// A packet whose CRC is right.
    Packet(Packet<'a>),
    /// A block of the fast answer that [`Decoder::expect_blocks`] announced; its CRC, which vouches for the whole packet up to
    /// here, is right.
    Block(Block<'a>),
    /// Something that looked like a packet of servo `id`, or of several if that is [`BROADCAST`], with a wrong CRC.
    Corrupt {
        /// The id as received; it may itself be what got damaged.
        id: u8,
    },
}

/// The answer to a fast read, as far as it has come.
#[derive(Debug, Clone, Copy)]
struct Chain {
    crc: Crc16,
    blocks_left: usize,
}

/// Finds packets in a stream of bytes. Serves hosts, which await status packets, and servos, which await instructions.
#[derive(Debug, Clone)]
pub struct Decoder {
    unread: Unread<CAPACITY>,
    longest: usize,
    /// Data bytes of each block, and number of blocks, of the fast answer that is awaited.
    awaited: Option<(usize, usize)>,
    chain: Option<Chain>,
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
            awaited: None,
            chain: None,
        }
    }

    /// Forgets received bytes and awaited blocks, but not the totals.
    pub fn reset(&mut self) {
        self.unread.clear();
        self.awaited = None;
        self.chain = None;
    }

    /// Believe no packet with more than `params` parameters, a status' error byte among them, awaited blocks apart. A
    /// reader that knows what it asked for then need not wait for the rest of a packet that a damaged length made long.
    pub fn set_max_params(&mut self, params: usize) {
        // Stuffing adds one byte to three.
        let stuffed = params.saturating_add(params / 3).saturating_add(1);
        self.longest = stuffed.saturating_add(SHORTEST).min(LONGEST);
    }

    /// A fast answer of `count` blocks with `len` data bytes each is awaited, or none. Its blocks then come one by one, so
    /// that those before a gap count. A fast answer that was not announced comes as one packet of id [`BROADCAST`].
    pub fn expect_blocks(&mut self, blocks: Option<(usize, usize)>) {
        self.awaited = blocks.filter(|&(_, count)| count > 0);
    }

    /// The totals.
    #[must_use]
    pub const fn counters(&self) -> DecoderCounters {
        self.unread.counters()
    }

    /// Takes as many of `bytes` as there is room for and returns how many that were. There is always room for at
    /// least 512 once [`Decoder::next`] has returned `None`.
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        self.unread.push(bytes)
    }

    /// The next finding in what was pushed, or `None` when more bytes are needed.
    #[allow(clippy::should_implement_trait)] // what it lends lives in the buffer, which an Iterator cannot express
    pub fn next(&mut self) -> Option<Decoded<'_>> {
        loop {
            if let Some(chain) = self.chain {
                return self.next_block(chain);
            }
            self.unread.skip_to(&HEADER);
            let unread = self.unread.bytes();
            let &[_, _, _, _, id, low, high, ..] = unread else {
                return None;
            };
            let length = usize::from(u16::from_le_bytes([low, high]));
            if id == BROADCAST && self.is_awaited(length) {
                match unread.get(PREFIX) {
                    None => return None,
                    Some(&kind) if kind == Instruction::Status.code() => {
                        self.begin_chain();
                        continue;
                    }
                    Some(_) => {}
                }
            }
            if (id > MAX_ID && id != BROADCAST) || !(SHORTEST..=self.longest).contains(&length) {
                self.unread.skip(1);
                continue;
            }
            let size = PREFIX + length;
            let packet = unread.get(..size)?;
            if !has_right_crc(packet) {
                self.unread.corrupt();
                return Some(Decoded::Corrupt { id });
            }
            let body = &mut self.unread.packet(size)[PREFIX..size - CRC];
            let instruction = body[0];
            let is_fast_answer = id == BROADCAST && instruction == Instruction::Status.code();
            let len = if is_fast_answer {
                body.len()
            } else {
                take_out_stuffing(body)
            };
            return Some(Decoded::Packet(Packet {
                id,
                instruction,
                params: &body[1..len],
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
        self.chain = None;
        self.unread.give_up_unfinished()
    }

    fn is_awaited(&self, length: usize) -> bool {
        self.awaited
            .is_some_and(|(len, count)| length == 1 + count * (len + BLOCK_OVERHEAD))
    }

    /// The unread bytes begin with the header of the awaited answer.
    fn begin_chain(&mut self) {
        let header = &self.unread.bytes()[..FAST_OVERHEAD];
        self.chain = Some(Chain {
            crc: Crc16::of(header),
            blocks_left: self.awaited.map_or(0, |(_, count)| count),
        });
        self.unread.advance(FAST_OVERHEAD);
    }

    fn next_block(&mut self, mut chain: Chain) -> Option<Decoded<'_>> {
        let (len, count) = self.awaited?;
        let size = len + BLOCK_OVERHEAD;
        let (block, crc) = self.unread.bytes().get(..size)?.split_at(size - CRC);
        chain.crc.update(block);
        if chain.crc.to_bytes() != crc || block[1] > MAX_ID {
            self.chain = None;
            let lost_header = if chain.blocks_left == count {
                FAST_OVERHEAD
            } else {
                0
            };
            self.unread.count_skipped(lost_header);
            self.unread.corrupt();
            return Some(Decoded::Corrupt { id: BROADCAST });
        }
        chain.crc.update(crc);
        chain.blocks_left -= 1;
        self.chain = (chain.blocks_left > 0).then_some(chain);
        let block = self.unread.packet(size);
        Some(Decoded::Block(Block {
            error: block[0],
            id: block[1],
            data: &block[2..2 + len],
        }))
    }
}

fn has_right_crc(packet: &[u8]) -> bool {
    packet
        .split_last_chunk::<CRC>()
        .is_some_and(|(body, crc)| Crc16::of(body).to_bytes() == *crc)
}

/// Moves what follows a stuffed byte over it and returns how many bytes remain.
fn take_out_stuffing(body: &mut [u8]) -> usize {
    let (mut len, mut matched, mut drop_next) = (0, 0, false);
    for at in 0..body.len() {
        let byte = body[at];
        if core::mem::take(&mut drop_next) && byte == 0xFD {
            continue;
        }
        body[len] = byte;
        len += 1;
        matched = match (matched, byte) {
            (0, 0xFF) => 1,
            (1 | 2, 0xFF) => 2,
            (2, 0xFD) => {
                drop_next = true;
                0
            }
            _ => 0,
        };
    }
    len
}

const _: () = assert!(INSTRUCTION_OVERHEAD == PREFIX + SHORTEST);

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
