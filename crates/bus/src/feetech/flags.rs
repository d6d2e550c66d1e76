//! The error byte of a status packet.

use core::fmt;

/// The servo's own complaints, sent with every status packet. The data of such a packet are still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct ErrorFlags(pub u8);

/// Each flag with the word for it, lowest bit first.
const WORDS: [(ErrorFlags, &str); 5] = [
    (ErrorFlags::VOLTAGE, "voltage"),
    (ErrorFlags::ANGLE, "angle sensor"),
    (ErrorFlags::OVERHEAT, "overheat"),
    (ErrorFlags::OVER_CURRENT, "over-current"),
    (ErrorFlags::OVERLOAD, "overload"),
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
    /// More load than `Overload_Torque` for too long; the servo has let go.
    pub const OVERLOAD: Self = Self(32);

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
        assert!(ErrorFlags(33).contains(ErrorFlags::OVERLOAD));
        assert_eq!(
            ErrorFlags::VOLTAGE.union(ErrorFlags::OVERHEAT),
            ErrorFlags(5)
        );
    }
}
