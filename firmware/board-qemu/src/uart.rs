//! Arm's PL011, the UART of this chip: received bytes are taken by its interrupt into a ring, and wait there for the loop.
//!
//! Registers: Arm PrimeCell UART (PL011) Technical Reference Manual, chapter 3. The addresses: LM3S6965 data sheet, table 1-1.

#![allow(unsafe_code)] // registers of a peripheral are memory at fixed addresses

use core::cell::RefCell;
use core::ptr::{read_volatile, write_volatile};

use critical_section::Mutex;
use heapless::Deque;

/// Received bytes that wait at most. More are left in QEMU, which waits for room in the UART's own queue.
const RING: usize = 1024;

const DATA: usize = 0x00;
const FLAGS: usize = 0x18;
const LINE: usize = 0x2C;
const CONTROL: usize = 0x30;
const MASK: usize = 0x38;
const CLEAR: usize = 0x44;

const RECEIVE_EMPTY: u32 = 1 << 4;
const TRANSMIT_FULL: u32 = 1 << 5;
/// Eight bits, with queues.
const EIGHT_BITS_QUEUED: u32 = 0b111 << 4;
/// Enabled, in both directions.
const ENABLED: u32 = 0x301;
/// A byte has come, or came a while ago.
const RECEIVED: u32 = 0b101 << 4;

/// One UART.
pub(crate) struct Uart {
    base: usize,
    ring: Mutex<RefCell<Deque<u8, RING>>>,
}

/// The host's framed port.
pub(crate) static HOST: Uart = Uart::at(0x4000_C000);
/// The servos' wire.
pub(crate) static SERVOS: Uart = Uart::at(0x4000_D000);
/// The raw port.
pub(crate) static RAW: Uart = Uart::at(0x4000_E000);

impl Uart {
    const fn at(base: usize) -> Self {
        Self {
            base,
            ring: Mutex::new(RefCell::new(Deque::new())),
        }
    }

    fn get(&self, register: usize) -> u32 {
        // SAFETY: `base` is one of the three UARTs above, and `register` one of its registers.
        unsafe { read_volatile((self.base + register) as *const u32) }
    }

    fn set(&self, register: usize, value: u32) {
        // SAFETY: as in `get`.
        unsafe { write_volatile((self.base + register) as *mut u32, value) }
    }

    /// Switches it on, with its interrupt.
    pub(crate) fn enable(&self) {
        self.set(LINE, EIGHT_BITS_QUEUED);
        self.set(MASK, RECEIVED);
        self.set(CONTROL, ENABLED);
    }

    /// Takes received bytes; 0 if there are none.
    pub(crate) fn read(&self, into: &mut [u8]) -> usize {
        let count = critical_section::with(|cs| {
            let mut ring = self.ring.borrow_ref_mut(cs);
            let mut count = 0;
            while let Some(place) = into.get_mut(count) {
                let Some(byte) = ring.pop_front() else { break };
                *place = byte;
                count += 1;
            }
            count
        });
        if count > 0 {
            // What found no room in the ring.
            self.receive();
        }
        count
    }

    /// Whether nothing waits to be taken.
    pub(crate) fn is_empty(&self) -> bool {
        critical_section::with(|cs| self.ring.borrow_ref(cs).is_empty())
    }

    /// Sends bytes; it waits for room, which QEMU makes at once.
    pub(crate) fn write(&self, bytes: &[u8]) {
        for &byte in bytes {
            while self.get(FLAGS) & TRANSMIT_FULL != 0 {}
            self.set(DATA, byte.into());
        }
    }

    /// Moves what has been received into the ring: the interrupt's work.
    pub(crate) fn receive(&self) {
        critical_section::with(|cs| {
            let mut ring = self.ring.borrow_ref_mut(cs);
            self.set(CLEAR, RECEIVED);
            while !ring.is_full() && self.get(FLAGS) & RECEIVE_EMPTY == 0 {
                let [byte, ..] = self.get(DATA).to_le_bytes();
                // Cannot fail: it is not full.
                let _ = ring.push_back(byte);
            }
        });
    }
}
