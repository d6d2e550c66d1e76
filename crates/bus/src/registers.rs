//! What a register is. The tables themselves are plain data, one module per family of servos.

use crate::encoding::{Encoding, OutOfRange};

pub mod sts3215;

/// Who may write a register, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Measured or fixed by the servo.
    ReadOnly,
    /// Writable at any time, forgotten without power.
    Ram,
    /// Kept without power and worn by writing; the servo ignores writes unless its register `Lock` is 0.
    Eeprom,
    /// The maker's tuning; whether `Lock` guards it is not documented.
    Factory,
}

/// A register of a servo: one to four consecutive bytes with a name and a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Register {
    /// LeRobot's name of it.
    pub name: &'static str,
    /// Address of its first byte.
    pub address: u8,
    /// Its size in bytes.
    pub width: u8,
    /// Who may write it, and when.
    pub access: Access,
    /// What its bits mean.
    pub encoding: Encoding,
}

/// The bytes of one register, as they travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterBytes {
    bytes: [u8; 4],
    width: u8,
}

impl RegisterBytes {
    /// Lowest byte first.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        let width = usize::from(self.width).min(self.bytes.len());
        &self.bytes[..width]
    }

    /// All four bytes; those beyond the register's width are zero.
    #[must_use]
    pub const fn padded(&self) -> [u8; 4] {
        self.bytes
    }
}

impl Register {
    /// Address of the first byte after it.
    #[must_use]
    pub const fn end(&self) -> u8 {
        self.address.saturating_add(self.width)
    }

    /// The bytes that hold `value`.
    pub fn encode(&self, value: i32) -> Result<RegisterBytes, OutOfRange> {
        let bits = self.encoding.to_bits(value, self.width)?;
        Ok(RegisterBytes {
            bytes: bits.to_le_bytes(),
            width: self.width,
        })
    }

    /// The value in the register's own bytes; `None` when there are fewer or more than its width.
    #[must_use]
    pub fn decode(&self, bytes: &[u8]) -> Option<i32> {
        if bytes.len() != usize::from(self.width) {
            return None;
        }
        let mut word = [0; 4];
        word.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(self.encoding.from_bits(u32::from_le_bytes(word)))
    }

    /// The value inside a block of registers that was read from `start` on; `None` when the block does not hold all of it.
    #[must_use]
    pub fn decode_in_block(&self, start: u8, block: &[u8]) -> Option<i32> {
        let from = usize::from(self.address.checked_sub(start)?);
        self.decode(block.get(from..from + usize::from(self.width))?)
    }
}

#[cfg(test)]
mod tests {
    use super::sts3215::{GOAL_POSITION, PRESENT_LOAD, PRESENT_POSITION, PRESENT_VELOCITY};

    #[test]
    fn values_travel_low_byte_first() {
        let bytes = GOAL_POSITION.encode(2048).unwrap();
        assert_eq!(bytes.as_slice(), [0x00, 0x08]);
        assert_eq!(bytes.padded(), [0x00, 0x08, 0, 0]);
        assert_eq!(GOAL_POSITION.decode(&[0x02, 0x80]), Some(-2));
        assert_eq!(GOAL_POSITION.decode(&[0x02]), None);
    }

    #[test]
    fn a_block_holds_several_registers() {
        let block = [0x00, 0x08, 0x05, 0x80, 0x03, 0x04];
        let start = PRESENT_POSITION.address;
        assert_eq!(PRESENT_POSITION.decode_in_block(start, &block), Some(2048));
        assert_eq!(PRESENT_VELOCITY.decode_in_block(start, &block), Some(-5));
        assert_eq!(PRESENT_LOAD.decode_in_block(start, &block), Some(-3));
        assert_eq!(PRESENT_LOAD.decode_in_block(start, &block[..5]), None);
        assert_eq!(GOAL_POSITION.decode_in_block(start, &block), None);
    }
}
