//! The checksum of Protocol 2.0.
//!
//! It is our own, thirty lines, so that this crate depends on no other; the crate `crc` calls it `CRC_16_UMTS`.

/// CRC-16 with polynomial 0x8005, start value 0, no reflection and no final inversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Crc16(u16);

const POLYNOMIAL: u16 = 0x8005;

const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < table.len() {
        let mut crc = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            let carry = crc & 0x8000 != 0;
            crc <<= 1;
            if carry {
                crc ^= POLYNOMIAL;
            }
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

impl Crc16 {
    /// Of no bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut crc = Self::new();
        crc.update(bytes);
        crc
    }

    /// Takes in the bytes that follow.
    pub fn update(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let [high, low] = self.0.to_be_bytes();
            self.0 = u16::from_be_bytes([low, 0]) ^ TABLE[usize::from(high ^ byte)];
        }
    }

    /// As it travels, low byte first.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_le_bytes()
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_polynomials() {
        assert_eq!(TABLE[..4], [0, 0x8005, 0x800F, 0x000A]);
        assert_eq!(TABLE[255], 0x0202);
    }

    #[test]
    fn known_check_values() {
        // The catalogue of parametrised CRC algorithms lists this one as CRC-16/UMTS.
        assert_eq!(Crc16::of(b"123456789").value(), 0xFEE8);
        let ping = [0xFF, 0xFF, 0xFD, 0x00, 0x01, 0x03, 0x00, 0x01];
        assert_eq!(Crc16::of(&ping).to_bytes(), [0x19, 0x4E]);
    }
}
