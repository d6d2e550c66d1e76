//! One register: where it stands, who may write it, and what its bits mean.

use crate::encoding::{ByteOrder, Encoding, OutOfRange};

/// Who may write a register, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Measured or fixed by the servo.
    ReadOnly,
    /// Writable at any time, forgotten without power.
    Ram,
    /// The same, and it commands where the motor goes, how fast or how hard: under torque, or as soon as the torque comes, writing it moves
    /// the servo. No [`Setting`](crate::setting::Setting) is made of it.
    Goal,
    /// Kept without power and worn by writing. With `Lock` not 0, what is written to a Feetech servo holds until power is
    /// lost; a Dynamixel refuses writes while its torque is on.
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
    /// Which byte comes first.
    pub order: ByteOrder,
}

/// The bytes of one register, as they travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterBytes {
    bytes: [u8; 4],
    width: u8,
}

impl RegisterBytes {
    /// First byte first.
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
    /// One that counts from zero up, lowest byte first: what most are.
    #[must_use]
    pub const fn unsigned(name: &'static str, address: u8, width: u8, access: Access) -> Self {
        Self {
            name,
            address,
            width,
            access,
            encoding: Encoding::Unsigned,
            order: ByteOrder::Little,
        }
    }

    /// The same with another meaning of its bits.
    #[must_use]
    pub const fn with_encoding(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    /// The same with its highest byte first.
    #[must_use]
    pub const fn with_high_byte_first(self) -> Self {
        Self {
            order: ByteOrder::Big,
            ..self
        }
    }

    /// Address of the first byte after it.
    #[must_use]
    pub const fn end(&self) -> u8 {
        self.address.saturating_add(self.width)
    }

    /// The bytes that hold `value`.
    pub fn encode(&self, value: i32) -> Result<RegisterBytes, OutOfRange> {
        let bits = self.encoding.to_bits(value, self.width)?;
        let mut bytes = bits.to_le_bytes();
        if self.order == ByteOrder::Big {
            bytes[..usize::from(self.width).min(4)].reverse();
        }
        Ok(RegisterBytes {
            bytes,
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
        let used = word.get_mut(..bytes.len())?;
        used.copy_from_slice(bytes);
        if self.order == ByteOrder::Big {
            used.reverse();
        }
        Some(
            self.encoding
                .from_bits(u32::from_le_bytes(word), self.width),
        )
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
    use crate::families::scs0009;
    use crate::families::sts3215::{
        GOAL_POSITION, PRESENT_LOAD, PRESENT_POSITION, PRESENT_VELOCITY,
    };

    #[test]
    fn values_travel_low_byte_first() {
        let bytes = GOAL_POSITION.encode(2048).unwrap();
        assert_eq!(bytes.as_slice(), [0x00, 0x08]);
        assert_eq!(bytes.padded(), [0x00, 0x08, 0, 0]);
        assert_eq!(GOAL_POSITION.decode(&[0x02, 0x80]), Some(-2));
        assert_eq!(GOAL_POSITION.decode(&[0x02]), None);
    }

    #[test]
    fn values_of_protocol_1_travel_high_byte_first() {
        let bytes = scs0009::GOAL_POSITION.encode(0x0123).unwrap();
        assert_eq!(bytes.as_slice(), [0x01, 0x23]);
        assert_eq!(bytes.padded(), [0x01, 0x23, 0, 0]);
        assert_eq!(scs0009::GOAL_POSITION.decode(&[0x01, 0x23]), Some(0x0123));
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
