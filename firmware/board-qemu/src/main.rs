//! The bridge on an LM3S6965 (Cortex-M3), which QEMU emulates: UART0 is the host's framed port, UART1 the servos' wire, UART2 the raw port.
//!
//! Everything that decides is [`ulna_bridge::Board`]; here are three UARTs, a clock and the loop between them. QEMU's UARTs take no time for a byte and
//! give no echo, so only order, content and coarse timing can be seen here; there is no watchdog, since a hang is to be seen, not healed.
//!
//! QEMU is to count instructions (`-icount`): else the board's clock goes on while a busy computer gives the emulator no processor.

#![no_std]
#![no_main]

mod clock;
mod uart;
mod vectors;

use core::time::Duration;

use cortex_m::Peripherals;
use cortex_m_rt::entry;
use ulna_bridge::message::capability;
use ulna_bridge::{Board, BoardActions, BoardEvent};

use uart::{HOST, RAW, SERVOS, Uart};

/// The servos at the other end are another program, on a computer that has more to do. With a dead-man that is shorter, the board waits no longer than that.
const SLOWEST: Duration = Duration::from_millis(300);
/// So long before something is due it does not sleep.
const AWAKE: Duration = Duration::from_millis(3);
/// So many bytes are handed on at once.
const CHUNK: usize = 64;

#[entry]
fn main() -> ! {
    let Some(mut core) = Peripherals::take() else {
        // Cannot be: nothing else takes them.
        loop {
            cortex_m::asm::wfi();
        }
    };
    clock::start(&mut core.SYST);
    for uart in [&HOST, &SERVOS, &RAW] {
        uart.enable();
    }
    vectors::unmask();
    let mut board = Board::new("qemu-lm3s6965")
        .with_capabilities(capability::RAW_PORT)
        .with_turnaround(SLOWEST);
    let mut wake = Duration::ZERO;
    loop {
        let mut idle = true;
        let inputs: [(&Uart, fn(&[u8]) -> BoardEvent<'_>); 3] = [
            (&SERVOS, |bytes| BoardEvent::Bus(bytes)),
            (&HOST, |bytes| BoardEvent::Host(bytes)),
            (&RAW, |bytes| BoardEvent::RawPort(bytes)),
        ];
        for (uart, event) in inputs {
            let mut bytes = [0; CHUNK];
            let count = uart.read(&mut bytes);
            if count > 0 {
                idle = false;
                wake = act(&mut board, event(&bytes[..count]));
            }
        }
        if clock::now() >= wake {
            idle = false;
            wake = act(&mut board, BoardEvent::Time);
        }
        // A byte ends the sleep, or the clock's next millisecond, which is too coarse for what is due soon.
        if idle && clock::now() + AWAKE < wake {
            sleep();
        }
    }
}

/// Sleeps until there is an interrupt, unless bytes have come since the loop looked. One that comes in between ends the sleep at once: it waits for the
/// end of the critical section.
fn sleep() {
    critical_section::with(|_| {
        if [&SERVOS, &HOST, &RAW].iter().all(|uart| uart.is_empty()) {
            cortex_m::asm::wfi();
        }
    });
}

/// Hands the board an event and does what it says; when to come again.
fn act(board: &mut Board, event: BoardEvent<'_>) -> Duration {
    let BoardActions {
        to_host,
        to_raw,
        to_bus,
        wake,
        // The emulated UARTs have no rate.
        baud: _,
    } = board.step(clock::now(), event);
    SERVOS.write(to_bus);
    HOST.write(to_host);
    RAW.write(to_raw);
    wake
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // Nothing more is sent, so the servos hold.
    loop {
        cortex_m::asm::wfi();
    }
}
