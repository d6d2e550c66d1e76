//! The bridge on a Raspberry Pi Pico: the host at two USB ports, framed and raw, the servos at GP0 (out) and GP1 (in), a watchdog behind it all.
//!
//! Everything that decides is [`ulna_bridge::Board`]; here are USB, a UART, a clock and the loop between them. It polls and never sleeps: a microcontroller has
//! nothing else to do, and what it does not wait for cannot be late.
//!
//! Whatever ends the program (the watchdog, a panic, a loss of power), it begins with a board that is idle and sends nothing, and the servos hold.

#![no_std]
#![no_main]

mod servos;
mod usb;

use core::time::Duration;

use cortex_m_rt::entry;
use embassy_futures::block_on;
use embassy_futures::join::join;
use embassy_futures::yield_now;
use embassy_rp::bind_interrupts;
use embassy_rp::gpio::{Level, Output};
use embassy_rp::peripherals::{UART0, USB};
use embassy_rp::uart::BufferedInterruptHandler;
use embassy_rp::watchdog::Watchdog;
use embassy_time::Instant;
use static_cell::StaticCell;
use ulna_bridge::message::capability;
use ulna_bridge::{Board, BoardActions, BoardEvent};

use servos::Servos;
use usb::{CHUNK, Links};

bind_interrupts!(struct Interrupts {
    UART0_IRQ => BufferedInterruptHandler<UART0>;
    USBCTRL_IRQ => embassy_rp::usb::InterruptHandler<USB>;
});

/// The watchdog restarts a program that has not come round for so long: a hundred thousand turns of its loop.
const HANGS: embassy_time::Duration = embassy_time::Duration::from_millis(500);

static BOARD: StaticCell<Board> = StaticCell::new();
static LINKS: StaticCell<Links> = StaticCell::new();

#[entry]
fn main() -> ! {
    let chip = embassy_rp::init(embassy_rp::config::Config::default());
    let links: &'static Links = LINKS.init(Links::new());
    let board = BOARD
        .init(Board::new("rp2040").with_capabilities(capability::RAW_PORT | capability::WATCHDOG));
    // High while the board sends, for wirings with a buffer; without one the pin stays free.
    let sends = Output::new(chip.PIN_2, Level::Low);
    let servos = Servos::new(chip.UART0, chip.PIN_0, chip.PIN_1, sends, Interrupts);
    let serial = usb::serial_number(chip.FLASH);
    let usb = usb::run(chip.USB, Interrupts, serial, links);
    let mut watchdog = Watchdog::new(chip.WATCHDOG);
    watchdog.start(HANGS);
    block_on(async {
        join(usb, drive(board, servos, links, watchdog)).await;
    });
    // Neither of the two ends.
    loop {
        cortex_m::asm::wfi();
    }
}

fn now() -> Duration {
    Duration::from_micros(Instant::now().as_micros())
}

/// The loop between the wires and the state machine.
async fn drive(board: &mut Board, mut servos: Servos, links: &Links, mut watchdog: Watchdog) {
    let mut wake = Duration::ZERO;
    let mut raw_baud = 0;
    loop {
        watchdog.feed(HANGS);
        servos.listen();
        let mut bytes = [0; CHUNK];
        let count = servos.read(&mut bytes);
        if count > 0 {
            wake = act(board, &mut servos, links, BoardEvent::Bus(&bytes[..count]));
        }
        if let Ok(packet) = links.host_in.try_receive() {
            wake = act(board, &mut servos, links, BoardEvent::Host(&packet));
        }
        let baud = links.raw_baud();
        if baud != raw_baud {
            raw_baud = baud;
            wake = act(board, &mut servos, links, BoardEvent::RawBaud(baud));
        }
        if let Ok(packet) = links.raw_in.try_receive() {
            wake = act(board, &mut servos, links, BoardEvent::RawPort(&packet));
        }
        if now() >= wake {
            wake = act(board, &mut servos, links, BoardEvent::Time);
        }
        yield_now().await;
    }
}

/// Hands the board an event and does what it says; when to come again.
fn act(board: &mut Board, servos: &mut Servos, links: &Links, event: BoardEvent<'_>) -> Duration {
    let BoardActions {
        to_host,
        to_raw,
        to_bus,
        baud,
        wake,
    } = board.step(now(), event);
    if let Some(baud) = baud {
        servos.set_baud(baud);
    }
    servos.write(to_bus);
    links.send(to_host, to_raw);
    wake
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // The watchdog is not fed any more, and restarts the chip.
    loop {
        cortex_m::asm::nop();
    }
}
