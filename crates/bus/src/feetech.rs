//! The Feetech serial-bus protocols: of STS and SMS servos ("protocol 0") and of SCS servos ("protocol 1").
//!
//! Both have the same packets. In protocol 1, registers of two bytes have their high byte first, which is a matter of the
//! register tables ([`crate::registers::scs0009`]), and there is neither a sync read nor a usable broadcast ping, which is a
//! matter of the engine ([`crate::Protocol`]).
//!
//! Half-duplex UART, 8 data bits, no parity, 1 stop bit. Every packet has one of two shapes:
//!
//! ```text
//! instruction   FF FF  id  length  instruction  params…  checksum
//! status        FF FF  id  length  error        params…  checksum
//! ```
//!
//! `length` counts the parameters plus 2; `checksum` is the inverted low byte of the sum of everything between
//! the header and itself. (Layouts: Feetech servo SDK.)

mod decode;
pub mod packet;

pub use crate::EncodeError;
pub use crate::flags::ErrorFlags;
pub use decode::{Decoded, Decoder, DecoderCounters, Packet};

/// Both bytes that open a packet.
pub const HEADER: [u8; 2] = [0xFF, 0xFF];
/// Every servo obeys a packet with this id, and only a sync read is answered.
pub const BROADCAST: u8 = 0xFE;
/// Largest id that a servo can have.
pub const MAX_ID: u8 = 0xFC;
/// Largest number of bytes in one packet, header and checksum included (Feetech SDK).
pub const MAX_PACKET: usize = 250;
/// Bytes of a packet that are not parameters: header, id, length, instruction or error, checksum.
pub const OVERHEAD: usize = 6;
/// Rate at which SO-100, SO-101 and LeKiwi buses run, and the factory setting of the STS3215, in bits per second.
pub const DEFAULT_BAUD: u32 = 1_000_000;

/// What an instruction packet asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Instruction {
    /// Are you there? Answered by a status without parameters.
    Ping = 0x01,
    /// Answered by a status with the bytes of consecutive registers.
    Read = 0x02,
    /// Write consecutive registers; answered by a status without parameters.
    Write = 0x03,
    /// Like `Write`, but carried out when `Action` arrives.
    RegWrite = 0x04,
    /// Carry out what `RegWrite` left waiting.
    Action = 0x05,
    /// Several servos answer one after the other, in the order of their ids in the packet.
    SyncRead = 0x82,
    /// The same registers of several servos, in one packet that nobody answers.
    SyncWrite = 0x83,
}

impl Instruction {
    /// The byte on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The instruction behind a byte on the wire, if it is one of ours.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0x01 => Self::Ping,
            0x02 => Self::Read,
            0x03 => Self::Write,
            0x04 => Self::RegWrite,
            0x05 => Self::Action,
            0x82 => Self::SyncRead,
            0x83 => Self::SyncWrite,
            _ => return None,
        })
    }
}

/// Rates in bits per second, indexed by the value of the register `Baud_Rate` (LeRobot 0.6.2).
pub const BAUD_RATES: [u32; 8] = [
    1_000_000, 500_000, 250_000, 128_000, 115_200, 57_600, 38_400, 19_200,
];

/// The value of the register `Baud_Rate` that selects `baud` bits per second.
#[must_use]
pub fn baud_code(baud: u32) -> Option<u8> {
    let index = BAUD_RATES.iter().position(|&rate| rate == baud)?;
    u8::try_from(index).ok()
}

pub use crate::models::{Model, SM8512BL, STS3215, STS3250};

/// The models of protocol 0 that LeRobot 0.6.2 knows. All share the register table [`crate::registers::sts3215`].
/// All families' models are in [`crate::models`].
pub const MODELS: [Model; 3] = [STS3215, STS3250, SM8512BL];

/// The model with this `Model_Number`.
#[must_use]
pub fn model_by_number(number: u16) -> Option<Model> {
    MODELS.into_iter().find(|model| model.number == number)
}

/// The inverted sum over `body`: everything between the header and the checksum.
#[must_use]
pub fn checksum(body: &[u8]) -> u8 {
    !body.iter().fold(0u8, |sum, &byte| sum.wrapping_add(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_survive_the_wire() {
        let known = (0..=u8::MAX).filter_map(|code| Some((code, Instruction::from_code(code)?)));
        let mut count = 0;
        for (code, instruction) in known {
            assert_eq!(instruction.code(), code);
            count += 1;
        }
        assert_eq!(count, 7);
    }

    #[test]
    fn baud_codes_are_the_tables_indices() {
        assert_eq!(baud_code(1_000_000), Some(0));
        assert_eq!(baud_code(115_200), Some(4));
        assert_eq!(baud_code(19_200), Some(7));
        assert_eq!(baud_code(9_600), None);
    }

    #[test]
    fn models_are_found_by_number() {
        assert_eq!(model_by_number(777), Some(STS3215));
        assert_eq!(model_by_number(0), None);
    }
}
