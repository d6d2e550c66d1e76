//! How numbers become register bytes.

use core::fmt;

/// Which byte of a register comes first, on the wire and in the servo's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ByteOrder {
    /// The lowest.
    #[default]
    Little,
    /// The highest.
    Big,
}

/// The meaning of a register's bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Counts from zero up.
    Unsigned,
    /// A magnitude in the bits below `sign_bit`, and that bit set for negative values. Bits above it have no meaning.
    SignMagnitude {
        /// Index of the sign's bit, lowest is 0.
        sign_bit: u8,
    },
    /// The register's highest bit is the sign, and negative values count down from all ones.
    TwosComplement,
}

/// A number that does not fit into its register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutOfRange {
    /// The number.
    pub value: i32,
    /// Smallest number that fits.
    pub min: i32,
    /// Largest number that fits.
    pub max: i32,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, min, max } = self;
        write!(
            f,
            "{value} does not fit into the register, which holds {min} to {max}"
        )
    }
}

impl core::error::Error for OutOfRange {}

/// Largest number in the lowest `bits` bits, as far as an `i32` can hold it.
const fn mask(bits: u8) -> i32 {
    if bits >= 31 {
        i32::MAX
    } else {
        (1 << bits) - 1
    }
}

impl Encoding {
    /// Smallest and largest number that `width` bytes of this encoding hold. A sign bit beyond them is no sign at all.
    #[must_use]
    pub const fn range(self, width: u8) -> (i32, i32) {
        let bits = if width < 4 { width * 8 } else { 32 };
        match self {
            Self::SignMagnitude { sign_bit } if sign_bit < bits => {
                (-mask(sign_bit), mask(sign_bit))
            }
            Self::TwosComplement if bits > 0 => (-mask(bits - 1) - 1, mask(bits - 1)),
            _ => (0, mask(bits)),
        }
    }

    /// The bits for `value`, in the lowest `width` bytes.
    pub const fn to_bits(self, value: i32, width: u8) -> Result<u32, OutOfRange> {
        let (min, max) = self.range(width);
        if value < min || value > max {
            return Err(OutOfRange { value, min, max });
        }
        Ok(match self {
            Self::SignMagnitude { sign_bit } if value < 0 && sign_bit < 32 => {
                value.unsigned_abs() | 1 << sign_bit
            }
            Self::TwosComplement if width < 4 => value as u32 & mask(width * 8) as u32,
            Self::TwosComplement => value as u32,
            _ => value.unsigned_abs(),
        })
    }

    /// The number behind the lowest `width` bytes of `bits`, the others being zero. Unsigned numbers above `i32::MAX`, which
    /// no servo has, become `i32::MAX`.
    #[must_use]
    pub const fn from_bits(self, bits: u32, width: u8) -> i32 {
        match self {
            Self::TwosComplement if width == 0 => 0,
            Self::TwosComplement if width < 4 => {
                let unused = 32 - 8 * width as u32;
                (bits << unused) as i32 >> unused
            }
            Self::TwosComplement => bits as i32,
            Self::Unsigned if bits > i32::MAX as u32 => i32::MAX,
            Self::Unsigned => bits as i32,
            Self::SignMagnitude { sign_bit } => {
                let magnitude = bits as i32 & mask(sign_bit);
                if sign_bit < 32 && bits & 1 << sign_bit != 0 {
                    -magnitude
                } else {
                    magnitude
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POSITION: Encoding = Encoding::SignMagnitude { sign_bit: 15 };
    const OFFSET: Encoding = Encoding::SignMagnitude { sign_bit: 11 };

    #[test]
    fn the_sign_is_a_bit_of_its_own() {
        assert_eq!(OFFSET.to_bits(-1, 2), Ok(0x0801));
        assert_eq!(OFFSET.to_bits(2047, 2), Ok(0x07FF));
        assert_eq!(
            OFFSET.to_bits(2048, 2),
            Err(OutOfRange {
                value: 2048,
                min: -2047,
                max: 2047
            })
        );
        assert_eq!(POSITION.from_bits(0x8002, 2), -2);
        assert_eq!(POSITION.from_bits(0x8000, 2), 0);
        assert_eq!(
            Encoding::SignMagnitude { sign_bit: 10 }.from_bits(0x0405, 2),
            -5
        );
    }

    #[test]
    fn unsigned_numbers_have_the_width_of_the_register() {
        assert_eq!(Encoding::Unsigned.to_bits(255, 1), Ok(255));
        assert!(Encoding::Unsigned.to_bits(256, 1).is_err());
        assert!(Encoding::Unsigned.to_bits(-1, 2).is_err());
        assert_eq!(Encoding::Unsigned.from_bits(u32::MAX, 4), i32::MAX);
    }

    #[test]
    fn twos_complement_has_the_width_of_the_register() {
        let encoding = Encoding::TwosComplement;
        assert_eq!(encoding.to_bits(-1, 2), Ok(0xFFFF));
        assert_eq!(encoding.to_bits(-1, 4), Ok(u32::MAX));
        assert_eq!(encoding.to_bits(i32::MIN, 4), Ok(0x8000_0000));
        assert_eq!(encoding.range(2), (-32_768, 32_767));
        assert_eq!(encoding.range(4), (i32::MIN, i32::MAX));
        assert!(encoding.to_bits(-32_769, 2).is_err());
        assert_eq!(encoding.from_bits(0x8000, 2), -32_768);
        assert_eq!(encoding.from_bits(0x7FFF_FFFF, 4), i32::MAX);
    }

    proptest! {
        #[test]
        fn what_fits_comes_back(value in -40_000i32..40_000, sign_bit in 0u8..40, width in 0u8..8) {
            for encoding in [Encoding::Unsigned, Encoding::SignMagnitude { sign_bit }, Encoding::TwosComplement] {
                if let Ok(bits) = encoding.to_bits(value, width) {
                    prop_assert_eq!(encoding.from_bits(bits, width), value, "{:?}", encoding);
                }
            }
        }
    }
}
