//! The bytes of one servo: what is stored where.

use ulna_bus::registers::{Access, Register, Table};

/// Every address that a register can have.
pub(super) const SIZE: usize = 256;

/// A table of registers and what they hold.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    table: &'static Table,
    bytes: [u8; SIZE],
}

impl Memory {
    /// Zeros.
    pub(super) fn new(table: &'static Table) -> Self {
        Self {
            table,
            bytes: [0; SIZE],
        }
    }

    pub(super) fn table(&self) -> &'static Table {
        self.table
    }

    /// What losing power does to the volatile registers.
    pub(super) fn forget_volatile(&mut self) {
        for register in self.table.registers {
            if matches!(register.access, Access::Ram | Access::Goal) {
                self.set(*register, 0);
            }
        }
    }

    pub(super) fn get(&self, register: Register) -> i32 {
        register.decode_in_block(0, &self.bytes).unwrap_or_default()
    }

    /// The first byte of a register, which for most is the whole.
    pub(super) fn byte(&self, register: Register) -> u8 {
        self.bytes[usize::from(register.address)]
    }

    /// Stores `value`, or the nearest one that the register can hold.
    pub(super) fn set(&mut self, register: Register, value: i32) {
        let (min, max) = register.encoding.range(register.width);
        let at = usize::from(register.address);
        if let Ok(encoded) = register.encode(value.clamp(min, max)) {
            let source = encoded.as_slice();
            if let Some(target) = self.bytes.get_mut(at..at + source.len()) {
                target.copy_from_slice(source);
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

    /// Writes bytes from `address` on, where `writable` allows it.
    pub(super) fn write(&mut self, address: u8, data: &[u8], writable: impl Fn(&Register) -> bool) {
        for (address, &byte) in (address..=u8::MAX).zip(data) {
            if self.table.holding(address).is_some_and(&writable) {
                self.bytes[usize::from(address)] = byte;
            }
        }
    }
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
