//! A servo's own complaints, in one set of words for all families.

use core::fmt;

/// The servo's complaints. Feetech servos send them with every status packet, bit by bit as here. Dynamixel servos send only
/// [`ErrorFlags::ALERT`] and have the rest in a register, see [`ErrorFlags::from_dynamixel_register`]. The data of a packet
/// with complaints are still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct ErrorFlags(pub u8);

/// Each flag with the word for it, lowest bit first.
const WORDS: [(ErrorFlags, &str); 7] = [
    (ErrorFlags::VOLTAGE, "voltage"),
    (ErrorFlags::ANGLE, "angle sensor"),
    (ErrorFlags::OVERHEAT, "overheat"),
    (ErrorFlags::OVER_CURRENT, "over-current"),
    (ErrorFlags::OVERLOAD, "overload"),
    (ErrorFlags::ELECTRIC, "electric shock or weak supply"),
    (ErrorFlags::ALERT, "hardware alert"),
];

/// Bits of a Dynamixel's `Hardware_Error_Status` and what they mean (ROBOTIS e-manual of the X series).
const DYNAMIXEL_BITS: [(u8, ErrorFlags); 5] = [
    (0, ErrorFlags::VOLTAGE),
    (2, ErrorFlags::OVERHEAT),
    (3, ErrorFlags::ANGLE),
    (4, ErrorFlags::ELECTRIC),
    (5, ErrorFlags::OVERLOAD),
];

impl ErrorFlags {
    /// Nothing to complain about.
    pub const NONE: Self = Self(0);
    /// The supply is outside `Min_Voltage_Limit`..`Max_Voltage_Limit`.
    pub const VOLTAGE: Self = Self(1);
    /// The position sensor is faulty or the angle outside its limits.
    pub const ANGLE: Self = Self(2);
    /// Hotter than `Max_Temperature_Limit`.
    pub const OVERHEAT: Self = Self(4);
    /// More current than `Protection_Current` for too long.
    pub const OVER_CURRENT: Self = Self(8);
    /// More load than `Overload_Torque` for too long; the servo has released.
    pub const OVERLOAD: Self = Self(32);

    /// An electric shock, or too little power for the motor. Dynamixel only.
    pub const ELECTRIC: Self = Self(64);
    /// A Dynamixel's register `Hardware_Error_Status` says what is wrong. Until a reboot, the torque stays off.
    pub const ALERT: Self = Self(128);

    /// The complaints in a Dynamixel's register `Hardware_Error_Status`.
    #[must_use]
    pub fn from_dynamixel_register(status: u8) -> Self {
        let set = DYNAMIXEL_BITS
            .iter()
            .filter(|(bit, _)| status >> bit & 1 == 1);
        set.fold(Self::NONE, |flags, (_, flag)| flags.union(*flag))
    }

    /// The register `Hardware_Error_Status` of a Dynamixel with these complaints.
    #[must_use]
    pub fn to_dynamixel_register(self) -> u8 {
        let set = DYNAMIXEL_BITS
            .iter()
            .filter(|(_, flag)| self.contains(*flag));
        set.fold(0, |status, (bit, _)| status | 1 << bit)
    }

    /// No bit is set, known or unknown.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// All bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is named: without [`ALERT`](Self::ALERT) where it is known what that is about.
    #[must_use]
    pub const fn named(self) -> Self {
        match self.0 & !Self::ALERT.0 {
            0 => self,
            rest => Self(rest),
        }
    }

    /// A word for each known flag that is set.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        WORDS
            .into_iter()
            .filter(move |(flag, _)| self.contains(*flag))
            .map(|(_, word)| word)
    }
}

impl fmt::Display for ErrorFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        let mut separator = "";
        for word in self.words() {
            write!(f, "{separator}{word}")?;
            separator = ", ";
        }
        let unknown = WORDS.iter().fold(self.0, |bits, (flag, _)| bits & !flag.0);
        if unknown != 0 {
            write!(f, "{separator}unknown bits {unknown:#04x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn flags_read_as_words() {
        assert_eq!(ErrorFlags::NONE.to_string(), "none");
        assert_eq!(ErrorFlags(1 | 32).to_string(), "voltage, overload");
        assert_eq!(
            ErrorFlags(4 | 16).to_string(),
            "overheat, unknown bits 0x10"
        );
        assert_eq!(ErrorFlags::ALERT.to_string(), "hardware alert");
        assert_eq!(ErrorFlags::ALERT.named(), ErrorFlags::ALERT);
        let explained = ErrorFlags::ALERT.union(ErrorFlags::OVERLOAD);
        assert_eq!(explained.named().to_string(), "overload");
        assert!(ErrorFlags(33).contains(ErrorFlags::OVERLOAD));
        assert_eq!(
            ErrorFlags::VOLTAGE.union(ErrorFlags::OVERHEAT),
            ErrorFlags(5)
        );
    }

    #[test]
    fn a_dynamixel_tells_its_complaints_in_a_register() {
        assert_eq!(
            ErrorFlags::from_dynamixel_register(0b10_0101),
            ErrorFlags(1 | 4 | 32)
        );
        assert_eq!(
            ErrorFlags::from_dynamixel_register(0b1_1000).to_string(),
            "angle sensor, electric shock or weak supply"
        );
        for status in 0..=u8::MAX {
            let known = status & 0b11_1101;
            let flags = ErrorFlags::from_dynamixel_register(status);
            assert_eq!(flags.to_dynamixel_register(), known);
        }
    }
}
