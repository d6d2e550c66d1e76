//! What differs between the protocols: how a request is encoded and an answer is decoded.

use crate::dynamixel::{self, Parsed, Refusal};
use crate::encode_error::EncodeError;
use crate::feetech;
use crate::flags::ErrorFlags;
use crate::protocol::Protocol;

use super::request::GroupWrite;

/// A good answer of one servo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    pub(super) id: u8,
    pub(super) flags: ErrorFlags,
    /// Why the servo did not do it, if it says so.
    pub(super) refusal: Option<Refusal>,
    pub(super) data: &'a [u8],
}

/// What came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Received<'a> {
    /// The packet alone does not say whether it is an instruction or an answer.
    Feetech(feetech::Packet<'a>),
    Answer(Answer<'a>),
    /// An instruction: our own, since there is no other host.
    Instruction,
    /// A damaged packet, perhaps of this servo.
    Corrupt {
        id: u8,
    },
}

/// The decoder of the bus' protocol.
#[derive(Debug, Clone)]
pub(super) enum RxDecoder {
    Feetech(feetech::Decoder),
    Dynamixel(dynamixel::Decoder),
}

impl RxDecoder {
    pub(super) const fn new(protocol: Protocol) -> Self {
        match protocol {
            Protocol::FeetechSts | Protocol::FeetechScs => Self::Feetech(feetech::Decoder::new()),
            Protocol::Dynamixel2 => Self::Dynamixel(dynamixel::Decoder::new()),
        }
    }

    pub(super) fn reset(&mut self) {
        match self {
            Self::Feetech(decoder) => decoder.reset(),
            Self::Dynamixel(decoder) => decoder.reset(),
        }
    }

    /// Be ready for packets of at most so much data and, if so, for one answer of several blocks: (bytes each, how many).
    pub(super) fn expect(&mut self, data: usize, blocks: Option<(usize, usize)>) {
        match self {
            Self::Feetech(decoder) => decoder.set_max_params(data),
            Self::Dynamixel(decoder) => {
                decoder.set_max_params(data + 1);
                decoder.expect_blocks(blocks);
            }
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Feetech(decoder) => decoder.push(bytes),
            Self::Dynamixel(decoder) => decoder.push(bytes),
        }
    }

    pub(super) fn next(&mut self) -> Option<Received<'_>> {
        Some(match self {
            Self::Feetech(decoder) => match decoder.next()? {
                feetech::Decoded::Packet(packet) => Received::Feetech(packet),
                feetech::Decoded::Corrupt { id } => Received::Corrupt { id },
            },
            Self::Dynamixel(decoder) => match decoder.next()? {
                dynamixel::Decoded::Packet(packet) => match packet.parse() {
                    Some(Parsed::Status { error, data }) => answer(packet.id, error, data),
                    _ => Received::Instruction,
                },
                dynamixel::Decoded::Block(block) => answer(block.id, block.error, block.data),
                dynamixel::Decoded::Corrupt { id } => Received::Corrupt { id },
            },
        })
    }

    pub(super) fn give_up_unfinished(&mut self) -> bool {
        match self {
            Self::Feetech(decoder) => decoder.give_up_unfinished(),
            Self::Dynamixel(decoder) => decoder.give_up_unfinished(),
        }
    }

    /// Bytes that belong to no packet, and packets with a wrong checksum.
    pub(super) const fn losses(&self) -> (u32, u32) {
        match self {
            Self::Feetech(decoder) => {
                let counters = decoder.counters();
                (counters.skipped_bytes, counters.checksum_errors)
            }
            Self::Dynamixel(decoder) => {
                let counters = decoder.counters();
                (counters.skipped_bytes, counters.checksum_errors)
            }
        }
    }
}

fn answer(id: u8, error: u8, data: &[u8]) -> Received<'_> {
    Received::Answer(Answer {
        id,
        flags: ErrorFlags(error & dynamixel::ALERT),
        refusal: Refusal::from_error(error),
        data,
    })
}

/// Bytes on the line for the common answer to a fast read.
pub(super) const fn fast_answer_bytes(data: usize, servos: usize) -> usize {
    dynamixel::FAST_OVERHEAD + servos * (data + dynamixel::BLOCK_OVERHEAD)
}

pub(super) fn ping(protocol: Protocol, out: &mut [u8], id: u8) -> Result<&[u8], EncodeError> {
    match protocol {
        Protocol::FeetechSts | Protocol::FeetechScs => feetech::packet::ping(out, id),
        Protocol::Dynamixel2 => dynamixel::packet::ping(out, id),
    }
}

pub(super) fn read(
    protocol: Protocol,
    out: &mut [u8],
    id: u8,
    address: u8,
    len: u8,
) -> Result<&[u8], EncodeError> {
    match protocol {
        Protocol::FeetechSts | Protocol::FeetechScs => feetech::packet::read(out, id, address, len),
        Protocol::Dynamixel2 => dynamixel::packet::read(out, id, address.into(), len.into()),
    }
}

pub(super) fn write<'o>(
    protocol: Protocol,
    out: &'o mut [u8],
    id: u8,
    address: u8,
    data: &[u8],
) -> Result<&'o [u8], EncodeError> {
    match protocol {
        Protocol::FeetechSts | Protocol::FeetechScs => {
            feetech::packet::write(out, id, address, data)
        }
        Protocol::Dynamixel2 => dynamixel::packet::write(out, id, address.into(), data),
    }
}

pub(super) fn sync_read(
    protocol: Protocol,
    out: &mut [u8],
    address: u8,
    len: u8,
    ids: impl IntoIterator<Item = u8>,
    fast: bool,
) -> Result<&[u8], EncodeError> {
    let (wide_address, wide_len) = (u16::from(address), u16::from(len));
    match protocol {
        Protocol::FeetechSts | Protocol::FeetechScs => {
            feetech::packet::sync_read(out, address, len, ids)
        }
        Protocol::Dynamixel2 if fast => {
            dynamixel::packet::fast_sync_read(out, wide_address, wide_len, ids)
        }
        Protocol::Dynamixel2 => dynamixel::packet::sync_read(out, wide_address, wide_len, ids),
    }
}

pub(super) fn sync_write<'o>(
    protocol: Protocol,
    out: &'o mut [u8],
    write: &GroupWrite<'_>,
) -> Result<&'o [u8], EncodeError> {
    let entries = write
        .entries
        .iter()
        .map(|entry| (entry.id, entry.bytes(write.width)));
    match protocol {
        Protocol::FeetechSts | Protocol::FeetechScs => {
            feetech::packet::sync_write(out, write.address, write.width, entries)
        }
        Protocol::Dynamixel2 => {
            dynamixel::packet::sync_write(out, write.address.into(), write.width.into(), entries)
        }
    }
}
