//! The numbers of the packet layout, and the instructions.

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
    /// The same registers of several servos, in one packet without an answer.
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
}
