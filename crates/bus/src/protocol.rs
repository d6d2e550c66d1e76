//! The languages that servos speak.

use crate::{dynamixel, feetech};

/// What a bus speaks. All its servos speak the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Protocol {
    /// Feetech "protocol 0": STS and SMS servos.
    #[default]
    FeetechSts,
    /// Feetech "protocol 1": SCS servos.
    FeetechScs,
    /// Dynamixel Protocol 2.0: X series.
    Dynamixel2,
}

impl Protocol {
    /// Several servos can be asked in one packet. Without it each is asked for itself, one after the other.
    #[must_use]
    pub const fn has_sync_read(self) -> bool {
        !matches!(self, Self::FeetechScs)
    }

    /// All servos can be asked at once who is there.
    #[must_use]
    pub const fn has_broadcast_ping(self) -> bool {
        !matches!(self, Self::FeetechScs)
    }

    /// Largest number of bytes in one packet.
    #[must_use]
    pub const fn max_packet(self) -> usize {
        match self {
            Self::FeetechSts | Self::FeetechScs => feetech::MAX_PACKET,
            Self::Dynamixel2 => dynamixel::MAX_PACKET,
        }
    }

    /// Data bytes in the answer to a ping: none, or model number and firmware version.
    #[must_use]
    pub const fn ping_data(self) -> u8 {
        match self {
            Self::FeetechSts | Self::FeetechScs => 0,
            Self::Dynamixel2 => 3,
        }
    }

    /// The register `Model_Number`, which is the same in all models of a protocol: (address, bytes).
    #[must_use]
    pub const fn model_number(self) -> (u8, u8) {
        match self {
            Self::FeetechSts | Self::FeetechScs => (3, 2),
            Self::Dynamixel2 => (0, 2),
        }
    }
}
