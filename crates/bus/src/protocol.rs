//! The packet protocols that servos speak: what each can do, and what its packets cost.

use crate::{dynamixel, feetech};

/// What a bus speaks. All its servos speak the same.
///
/// A control cycle takes the fewest bytes that the protocol allows:
///
/// | group of k servos, d bytes of data, both ways | STS | SCS | Dynamixel |
/// |---|---|---|---|
/// | write | 8 + k(1+d) | 8 + k(1+d) | 14 + k(1+d) |
/// | read, k = 1 | 14 + d | 14 + d | 25 + d |
/// | read, k > 1 | 8 + k(7+d) | k(14+d) | 22 + k(5+d), or 14 + k(12+d) without fast reads |
///
/// (Dynamixel data with FF FF FD in them take a byte more each time.) SCS servos are asked one after the other. To a fast
/// read Dynamixel servos answer with one packet, in which a silent servo cuts off those behind it; these are asked once
/// more with a plain sync read in the same transaction. A servo that says no is not asked again
/// ([`ServoFault::Refused`](crate::engine::ServoFault::Refused)); one that raises its alert bit is read all the same
/// ([`ErrorFlags::ALERT`](crate::ErrorFlags::ALERT) in its flags).
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
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FeetechSts, Self::FeetechScs, Self::Dynamixel2];

    /// What robot files call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FeetechSts => "feetech_sts",
            Self::FeetechScs => "feetech_scs",
            Self::Dynamixel2 => "dynamixel_2",
        }
    }

    /// The protocol that robot files call `name`.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

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

    /// Several servos can answer with one packet.
    #[must_use]
    pub const fn has_fast_read(self) -> bool {
        matches!(self, Self::Dynamixel2)
    }

    /// A servo can be started again by a packet.
    #[must_use]
    pub const fn has_reboot(self) -> bool {
        matches!(self, Self::Dynamixel2)
    }

    /// Each answer names the servo's complaints. Otherwise it says only that there are some.
    #[must_use]
    pub const fn answers_name_complaints(self) -> bool {
        matches!(self, Self::FeetechSts | Self::FeetechScs)
    }

    /// The answer to a ping can be byte for byte the ping itself, so that it passes for the adapter's echo.
    #[must_use]
    pub const fn ping_may_equal_its_answer(self) -> bool {
        matches!(self, Self::FeetechSts | Self::FeetechScs)
    }

    /// Bytes on the line for one servo's answer with so much data, stuffing apart.
    #[must_use]
    pub const fn answer_bytes(self, data: usize) -> usize {
        data + match self {
            Self::FeetechSts | Self::FeetechScs => feetech::OVERHEAD,
            Self::Dynamixel2 => dynamixel::STATUS_OVERHEAD,
        }
    }

    /// Bytes on the line for the question to `servos` servos in a group read.
    #[must_use]
    pub const fn group_question_bytes(self, servos: usize) -> usize {
        match (self, servos) {
            (_, 0) => 0,
            (Self::FeetechScs, _) | (Self::FeetechSts, 1) => 8 * servos,
            (Self::FeetechSts, _) => 8 + servos,
            (Self::Dynamixel2, _) => 14 + servos,
        }
    }

    /// Bytes on the line for one control cycle of `servos` servos, the least that the protocol allows: a group write of `goal` bytes each,
    /// and a group read of `state` bytes each. The table above says what they are made of.
    #[must_use]
    pub const fn least_cycle_bytes(self, servos: usize, goal: usize, state: usize) -> usize {
        match (self, servos) {
            (_, 0) => 0,
            (Self::FeetechSts, 2..) => (8 + servos * (1 + goal)) + (8 + servos * (7 + state)),
            (Self::FeetechSts | Self::FeetechScs, _) => {
                (8 + servos * (1 + goal)) + servos * (14 + state)
            }
            (Self::Dynamixel2, 1) => (14 + 1 + goal) + (25 + state),
            (Self::Dynamixel2, _) => (14 + servos * (1 + goal)) + (22 + servos * (5 + state)),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again() {
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::by_name(protocol.name()), Some(protocol));
        }
        assert_eq!(Protocol::by_name("feetech"), None);
    }

    #[test]
    fn a_cycle_of_six_servos_is_what_the_readme_says() {
        assert_eq!(Protocol::FeetechSts.least_cycle_bytes(6, 2, 2), 88);
        assert_eq!(Protocol::Dynamixel2.least_cycle_bytes(6, 4, 4), 120);
        assert_eq!(Protocol::FeetechScs.least_cycle_bytes(6, 2, 2), 122);
    }
}
