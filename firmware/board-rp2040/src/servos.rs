//! The servos' wire: UART0, half duplex by wiring.

use embassy_rp::Peri;
use embassy_rp::gpio::Output;
use embassy_rp::interrupt::typelevel::Binding;
use embassy_rp::peripherals::{PIN_0, PIN_1, UART0};
use embassy_rp::uart::{BufferedInterruptHandler, BufferedUart, Config};
use embedded_io_async::ReadReady;
use static_cell::StaticCell;

/// Bytes that wait in each direction at most. The board hands out 512 at once.
const BUFFER: usize = 1024;
/// The rate until a host says another one, bits per second.
const BAUD: u32 = 1_000_000;

static OUT: StaticCell<[u8; BUFFER]> = StaticCell::new();
static IN: StaticCell<[u8; BUFFER]> = StaticCell::new();

/// The UART, and the pin that says when it sends.
pub(crate) struct Servos {
    uart: BufferedUart,
    sends: Output<'static>,
}

impl Servos {
    /// The wire at the usual rate, with nothing sent.
    pub(crate) fn new(
        uart: Peri<'static, UART0>,
        out: Peri<'static, PIN_0>,
        into: Peri<'static, PIN_1>,
        sends: Output<'static>,
        interrupts: impl Binding<
            embassy_rp::interrupt::typelevel::UART0_IRQ,
            BufferedInterruptHandler<UART0>,
        >,
    ) -> Self {
        let mut config = Config::default();
        config.baudrate = BAUD;
        let uart = BufferedUart::new(
            uart,
            out,
            into,
            interrupts,
            OUT.init([0; BUFFER]),
            IN.init([0; BUFFER]),
            config,
        );
        Self { uart, sends }
    }

    /// Another rate; what is being sent goes out before.
    pub(crate) fn set_baud(&mut self, baud: u32) {
        // It cannot fail: flushing waits.
        let _ = self.uart.blocking_flush();
        self.uart.set_baudrate(baud);
    }

    /// Hands bytes to the wire.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.sends.set_high();
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.uart.blocking_write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(_) => return,
            }
        }
    }

    /// Gives the wire to the servos as soon as the last byte has gone out. A servo waits 2 µs and more before it answers.
    pub(crate) fn listen(&mut self) {
        if self.sends.is_set_high() && !self.uart.busy() {
            self.sends.set_low();
        }
    }

    /// Takes what has come; 0 if nothing has. A byte that was damaged is left out, and what it belongs to fails its checksum.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> usize {
        match self.uart.read_ready() {
            Ok(true) => self.uart.blocking_read(into).unwrap_or(0),
            _ => 0,
        }
    }
}
