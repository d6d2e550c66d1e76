//! What an instruction packet asks for.

/// The instruction byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Instruction {
    /// Are you there? Answered by model number and firmware version.
    Ping = 0x01,
    /// Answered by the bytes of consecutive registers.
    Read = 0x02,
    /// Write consecutive registers; answered by a status without parameters.
    Write = 0x03,
    /// Like `Write`, but carried out when `Action` arrives.
    RegWrite = 0x04,
    /// Carry out what `RegWrite` left waiting.
    Action = 0x05,
    /// Back to the factory's settings. Servos on a bus would all have the same id afterwards, so this crate sends none.
    FactoryReset = 0x06,
    /// Start again: torque off, volatile registers at their defaults, latched hardware errors gone.
    Reboot = 0x08,
    /// Forget the full turns counted in extended position mode.
    Clear = 0x10,
    /// Not an instruction but the mark of a servo's answer.
    Status = 0x55,
    /// Several servos answer one after the other, in the order of their ids in the packet.
    SyncRead = 0x82,
    /// The same registers of several servos, in one packet without an answer.
    SyncWrite = 0x83,
    /// Like `SyncRead`, but all answers are one packet.
    FastSyncRead = 0x8A,
    /// Several servos, each with registers of its own, answer one after the other.
    BulkRead = 0x92,
    /// Several servos, each with registers of its own, in one packet without an answer.
    BulkWrite = 0x93,
    /// Like `BulkRead`, but all answers are one packet.
    FastBulkRead = 0x9A,
}

impl Instruction {
    /// The byte on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The instruction behind a byte on the wire, if there is one.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0x01 => Self::Ping,
            0x02 => Self::Read,
            0x03 => Self::Write,
            0x04 => Self::RegWrite,
            0x05 => Self::Action,
            0x06 => Self::FactoryReset,
            0x08 => Self::Reboot,
            0x10 => Self::Clear,
            0x55 => Self::Status,
            0x82 => Self::SyncRead,
            0x83 => Self::SyncWrite,
            0x8A => Self::FastSyncRead,
            0x92 => Self::BulkRead,
            0x93 => Self::BulkWrite,
            0x9A => Self::FastBulkRead,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_survive_the_wire() {
        let known = (0..=u8::MAX).filter_map(|code| Some((code, Instruction::from_code(code)?)));
        assert_eq!(
            known
                .inspect(|(code, instruction)| assert_eq!(instruction.code(), *code))
                .count(),
            15
        );
    }
}
