//! The bytes of one servo: what is stored where, and who may change it.

use ulna_bus::feetech::Model;
use ulna_bus::registers::sts3215 as reg;
use ulna_bus::registers::{Access, Register};

/// Every address that a packet can name.
const SIZE: usize = 256;

/// What an STS3215 holds when it is new. Model, id and rate are the caller's; the numbers are those that Feetech's
/// debugger shows for a servo of firmware 3.10. LeRobot 0.6.2 reports the return delay of 250 (0.5 ms).
const FACTORY: [(Register, i32); 25] = [
    (reg::FIRMWARE_MAJOR, 3),
    (reg::FIRMWARE_MINOR, 10),
    (reg::RETURN_DELAY_TIME, 250),
    (reg::RESPONSE_STATUS_LEVEL, 1),
    (reg::MAX_POSITION_LIMIT, 4095),
    (reg::MAX_TEMPERATURE_LIMIT, 70),
    (reg::MAX_VOLTAGE_LIMIT, 140),
    (reg::MIN_VOLTAGE_LIMIT, 40),
    (reg::MAX_TORQUE_LIMIT, 1000),
    (reg::PHASE, 12),
    (reg::UNLOADING_CONDITION, 44),
    (reg::LED_ALARM_CONDITION, 47),
    (reg::P_COEFFICIENT, 32),
    (reg::D_COEFFICIENT, 32),
    (reg::MINIMUM_STARTUP_FORCE, 16),
    (reg::CW_DEAD_ZONE, 1),
    (reg::CCW_DEAD_ZONE, 1),
    (reg::PROTECTION_CURRENT, 500),
    (reg::ANGULAR_RESOLUTION, 1),
    (reg::PROTECTIVE_TORQUE, 20),
    (reg::PROTECTION_TIME, 200),
    (reg::OVERLOAD_TORQUE, 80),
    (reg::VELOCITY_P, 10),
    (reg::OVER_CURRENT_PROTECTION_TIME, 200),
    (reg::VELOCITY_I, 10),
];

#[derive(Debug, Clone)]
pub(super) struct Memory {
    bytes: [u8; SIZE],
}

impl Memory {
    pub(super) fn factory(id: u8, model: Model) -> Self {
        let mut memory = Self { bytes: [0; SIZE] };
        for (register, value) in FACTORY {
            memory.set(register, value);
        }
        memory.set(reg::MODEL_NUMBER, i32::from(model.number));
        memory.set(reg::ID, i32::from(id));
        memory.forget_volatile();
        memory
    }

    /// What losing power does: RAM is cleared, and what starts from the EEPROM is copied.
    pub(super) fn forget_volatile(&mut self) {
        for register in reg::REGISTERS {
            if matches!(register.access, Access::Ram) {
                self.set(register, 0);
            }
        }
        let strongest = self.get(reg::MAX_TORQUE_LIMIT);
        self.set(reg::TORQUE_LIMIT, strongest);
        self.set(reg::LOCK, 1);
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

    pub(super) fn read(&self, address: u8, out: &mut [u8]) {
        let stored = self.bytes[usize::from(address)..]
            .iter()
            .chain(core::iter::repeat(&0));
        for (target, byte) in out.iter_mut().zip(stored) {
            *target = *byte;
        }
    }

    pub(super) fn write(&mut self, address: u8, data: &[u8]) {
        let locked = self.byte(reg::LOCK) != 0;
        for (address, &byte) in (address..=u8::MAX).zip(data) {
            let writable = match access(address) {
                Some(Access::Ram | Access::Factory) => true,
                Some(Access::Eeprom) => !locked,
                Some(Access::ReadOnly) | None => false,
            };
            if writable {
                self.bytes[usize::from(address)] = byte;
            }
        }
    }
}

/// Who may write the byte at this address; `None` between the registers.
fn access(address: u8) -> Option<Access> {
    let after = reg::REGISTERS.partition_point(|register| register.address <= address);
    let register = reg::REGISTERS.get(after.checked_sub(1)?)?;
    (address < register.end()).then_some(register.access)
}
