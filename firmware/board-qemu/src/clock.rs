//! The time since the board started, from the SysTick timer.

use core::cell::Cell;
use core::time::Duration;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use critical_section::Mutex;

/// The system clock out of reset as QEMU has it: 12.5 MHz (`hw/arm/stellaris.c`: RCC.SYSDIV is 15, 5 ns each).
const TICKS_PER_MS: u32 = 12_500;
const NS_PER_TICK: u32 = 80;

static MILLISECONDS: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// Starts it.
pub(crate) fn start(timer: &mut SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(TICKS_PER_MS - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

/// The time since it was started.
pub(crate) fn now() -> Duration {
    let milliseconds = || critical_section::with(|cs| MILLISECONDS.borrow(cs).get());
    // Between two readings of the milliseconds that agree, the timer did not begin again.
    loop {
        let before = milliseconds();
        let ticks = TICKS_PER_MS - 1 - SYST::get_current().min(TICKS_PER_MS - 1);
        if milliseconds() == before {
            let nanos = u64::from(ticks) * u64::from(NS_PER_TICK);
            return Duration::from_millis(before) + Duration::from_nanos(nanos);
        }
    }
}

#[exception]
fn SysTick() {
    critical_section::with(|cs| {
        let milliseconds = MILLISECONDS.borrow(cs);
        milliseconds.set(milliseconds.get() + 1);
    });
}
