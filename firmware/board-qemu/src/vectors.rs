//! The interrupts of this chip: UART0 is number 5, UART1 6, UART2 33 (LM3S6965 data sheet, table 2-9).

#![allow(unsafe_code)] // a table of handlers at a place that the processor knows

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;

use crate::uart::{HOST, RAW, SERVOS};

/// How many there are.
const COUNT: usize = 44;

#[derive(Clone, Copy)]
struct Number(u16);

// SAFETY: the numbers are those of the data sheet, below `COUNT`.
unsafe impl InterruptNumber for Number {
    fn number(self) -> u16 {
        self.0
    }
}

const UARTS: [Number; 3] = [Number(5), Number(6), Number(33)];

/// Lets the UARTs interrupt.
pub(crate) fn unmask() {
    for number in UARTS {
        // SAFETY: no critical section relies on these being masked.
        unsafe { NVIC::unmask(number) };
    }
}

extern "C" fn host() {
    HOST.receive();
}

extern "C" fn servos() {
    SERVOS.receive();
}

extern "C" fn raw() {
    RAW.receive();
}

extern "C" fn nothing() {}

const fn table() -> [extern "C" fn(); COUNT] {
    let mut table: [extern "C" fn(); COUNT] = [nothing; COUNT];
    table[5] = host;
    table[6] = servos;
    table[33] = raw;
    table
}

#[unsafe(no_mangle)]
#[unsafe(link_section = ".vector_table.interrupts")]
static __INTERRUPTS: [extern "C" fn(); COUNT] = table();
