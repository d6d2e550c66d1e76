//! The numbers of the packet layout, and the refusals in a status.

/// The bytes that open a packet, the last of them reserved.
pub const HEADER: [u8; 4] = [0xFF, 0xFF, 0xFD, 0x00];
/// Every servo obeys a packet with this id; a status with this id is the answer of several servos to a fast read.
pub const BROADCAST: u8 = 0xFE;
/// Largest id that a servo can have.
pub const MAX_ID: u8 = 0xFC;
/// Largest number of bytes in one packet, header and CRC included (`dynamixel-sdk` 4.1.0).
pub const MAX_PACKET: usize = 1024;
/// Bytes of an instruction that are not parameters: header, id, length, instruction, CRC.
pub const INSTRUCTION_OVERHEAD: usize = 10;
/// Bytes of a status that are not parameters; its error byte is one more.
pub const STATUS_OVERHEAD: usize = 11;
/// Bytes of a fast read's status in addition to its blocks: header, id, length, instruction.
pub const FAST_OVERHEAD: usize = 8;
/// Bytes of a fast read's block that are not data: error, id, CRC.
pub const BLOCK_OVERHEAD: usize = 4;
/// Rate at which Koch and OMX buses run, in bits per second.
pub const DEFAULT_BAUD: u32 = 1_000_000;
/// Rate of a servo from the factory, in bits per second; its id is then 1 (e-manual).
pub const FACTORY_BAUD: u32 = 57_600;

/// Rates in bits per second, indexed by the value of the register `Baud_Rate` (LeRobot 0.6.2).
pub const BAUD_RATES: [u32; 7] = [
    9_600, 57_600, 115_200, 1_000_000, 2_000_000, 3_000_000, 4_000_000,
];

/// The error byte's bit that asks for a look at the register `Hardware_Error_Status`. The data of such a status are good.
pub const ALERT: u8 = 0x80;

/// What stands in a status whose instruction was not carried out: the lower seven bits of the error byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Refusal {
    /// The servo could not process the packet.
    ResultFail = 1,
    /// It does not know the instruction.
    Instruction = 2,
    /// It received a wrong CRC.
    Crc = 3,
    /// A value is outside the register's range.
    DataRange = 4,
    /// Fewer bytes than the register has.
    DataLength = 5,
    /// A value is beyond a limit set in the servo.
    DataLimit = 6,
    /// The register cannot be read or written, or not now: the EEPROM is closed while the torque is on.
    Access = 7,
}

impl Refusal {
    /// The refusal in an error byte, or `None` if the instruction was carried out. Unknown codes count as
    /// [`Refusal::ResultFail`].
    #[must_use]
    pub const fn from_error(error: u8) -> Option<Self> {
        Some(match error & !ALERT {
            0 => return None,
            2 => Self::Instruction,
            3 => Self::Crc,
            4 => Self::DataRange,
            5 => Self::DataLength,
            6 => Self::DataLimit,
            7 => Self::Access,
            _ => Self::ResultFail,
        })
    }

    /// The error byte, without the alert bit.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::ResultFail => "it could not carry it out",
            Self::Instruction => "it does not know the instruction",
            Self::Crc => "it received damaged bytes",
            Self::DataRange => "a value is outside the register's range",
            Self::DataLength => "the register has more bytes",
            Self::DataLimit => "a value is beyond a limit set in the servo",
            Self::Access => "the register is closed; settings need the torque off",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alert_is_no_refusal() {
        assert_eq!(Refusal::from_error(0), None);
        assert_eq!(Refusal::from_error(ALERT), None);
        assert_eq!(Refusal::from_error(ALERT | 7), Some(Refusal::Access));
        assert_eq!(Refusal::from_error(0x55), Some(Refusal::ResultFail));
        for code in 1..=7 {
            assert_eq!(Refusal::from_error(code).map(Refusal::code), Some(code));
        }
    }
}
