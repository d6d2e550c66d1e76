//! The bytes of one servo: what is stored where.
//!
//! Electronics are written with the registers of one table, their **native** one. A servo of another family with the same electronics has its
//! own: it is found by LeRobot's name, and one that it lacks reads 0 and keeps nothing.
//!
//! What is in force and what outlasts the power are two things: a Feetech servo obeys a setting that was written under its lock, and has
//! forgotten it when the power comes back.

use ulna_bus::registers::{Access, Register, Table};

/// Every address that a register can have.
pub(super) const SIZE: usize = 256;

/// A table of registers and what they hold.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    table: &'static Table,
    /// Index in `table` of the register of the same name as the native one at each address; absent if the table is the native one.
    translation: Option<[u8; SIZE]>,
    /// What is in force.
    bytes: [u8; SIZE],
    /// What the EEPROM holds; only the bytes of its registers count.
    lasting: [u8; SIZE],
}

/// In a translation: the servo has no such register.
const LACKING: u8 = u8::MAX;

impl Memory {
    /// Zeros.
    pub(super) fn new(table: &'static Table) -> Self {
        Self {
            table,
            translation: None,
            bytes: [0; SIZE],
            lasting: [0; SIZE],
        }
    }

    /// The same for electronics whose native table is another one.
    pub(super) fn translating(table: &'static Table, native: &'static Table) -> Self {
        if core::ptr::eq(table, native) {
            return Self::new(table);
        }
        let mut translation = [LACKING; SIZE];
        for register in native.registers {
            let own = |own: &Register| own.name == register.name;
            let index = table.registers.iter().position(own);
            let index = index.and_then(|index| u8::try_from(index).ok());
            translation[usize::from(register.address)] = index.unwrap_or(LACKING);
        }
        Self {
            translation: Some(translation),
            ..Self::new(table)
        }
    }

    /// The servo's own register for a native one.
    pub(super) fn own(&self, native: Register) -> Option<Register> {
        let Some(translation) = &self.translation else {
            return Some(native);
        };
        let index = translation[usize::from(native.address)];
        self.table.registers.get(usize::from(index)).copied()
    }

    /// What losing power does: volatile registers are cleared, the others are what the EEPROM holds.
    pub(super) fn forget_volatile(&mut self) {
        for register in self.table.registers {
            let place = usize::from(register.address)..usize::from(register.end());
            let (Some(bytes), Some(lasting)) =
                (self.bytes.get_mut(place.clone()), self.lasting.get(place))
            else {
                continue;
            };
            match register.access {
                Access::Ram | Access::Goal => bytes.fill(0),
                Access::Eeprom | Access::Factory => bytes.copy_from_slice(lasting),
                Access::ReadOnly => {}
            }
        }
    }

    /// The value of a native register.
    pub(super) fn get(&self, native: Register) -> i32 {
        self.own(native)
            .map_or(0, |register| self.get_own(register))
    }

    /// The value of a register of the servo's own table.
    pub(super) fn get_own(&self, register: Register) -> i32 {
        register.decode_in_block(0, &self.bytes).unwrap_or_default()
    }

    /// The first byte of a native register, which for most is the whole.
    pub(super) fn byte(&self, native: Register) -> u8 {
        let own = self.own(native);
        own.map_or(0, |register| self.bytes[usize::from(register.address)])
    }

    /// Stores `value` in a native register, or the nearest one that it can hold, lastingly where there is an EEPROM for it.
    pub(super) fn set(&mut self, native: Register, value: i32) {
        if let Some(register) = self.own(native) {
            self.set_own(register, value);
        }
    }

    /// The same in a register of the servo's own table.
    pub(super) fn set_own(&mut self, register: Register, value: i32) {
        let (min, max) = register.encoding.range(register.width);
        let at = usize::from(register.address);
        if let Ok(encoded) = register.encode(value.clamp(min, max)) {
            let source = encoded.as_slice();
            for memory in [&mut self.bytes, &mut self.lasting] {
                if let Some(target) = memory.get_mut(at..at + source.len()) {
                    target.copy_from_slice(source);
                }
            }
        }
    }

    /// Copies bytes from `address` on; what lies beyond the table reads 0.
    pub(super) fn read(&self, address: usize, out: &mut [u8]) {
        let stored = self.bytes.get(address..).unwrap_or_default();
        let stored = stored.iter().chain(core::iter::repeat(&0));
        for (target, byte) in out.iter_mut().zip(stored) {
            *target = *byte;
        }
    }

    /// Writes bytes from `address` on, to where `effect` allows it.
    pub(super) fn write(&mut self, address: u8, data: &[u8], effect: impl Fn(&Register) -> Effect) {
        for (address, &byte) in (address..=u8::MAX).zip(data) {
            let effect = self.table.holding(address).map_or(Effect::None, &effect);
            if effect != Effect::None {
                self.bytes[usize::from(address)] = byte;
            }
            if effect == Effect::Lasting {
                self.lasting[usize::from(address)] = byte;
            }
        }
    }
}

/// What becomes of a byte that is written to a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    None,
    /// It holds until the power is lost.
    UntilPowerIsLost,
    /// It holds, and the EEPROM has it if it is a register of that.
    Lasting,
}

/// What a reg write left for the action.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    address: u8,
    data: [u8; SIZE],
    len: usize,
}

impl Waiting {
    /// Keeps this; what is more than a servo's whole memory is lost.
    pub(super) fn keep(address: u8, data: &[u8]) -> Self {
        let mut waiting = Self {
            address,
            data: [0; SIZE],
            len: data.len().min(SIZE),
        };
        waiting.data[..waiting.len].copy_from_slice(&data[..waiting.len]);
        waiting
    }

    /// Address and bytes.
    pub(super) fn write(&self) -> (u8, &[u8]) {
        (self.address, &self.data[..self.len])
    }
}
