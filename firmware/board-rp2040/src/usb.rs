//! The two USB ports: the first is framed, the second raw.

use core::cell::Cell;

use embassy_futures::join::{join, join4};
use embassy_rp::Peri;
use embassy_rp::flash::{Blocking, Flash};
use embassy_rp::interrupt::typelevel::Binding;
use embassy_rp::peripherals::{FLASH, USB};
use embassy_rp::usb::{Driver, InterruptHandler};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::channel::Channel;
use embassy_sync::pipe::Pipe;
use embassy_usb::class::cdc_acm::{CdcAcmClass, Receiver, Sender, State};
use embassy_usb::{Builder, Config};
use heapless::Vec;
use static_cell::StaticCell;

/// Bytes of a packet at full speed.
pub(crate) const CHUNK: usize = 64;
/// Packets that wait to be taken in; until there is room the host waits.
const PACKETS: usize = 4;
/// Bytes that wait for a host that does not read; more are lost.
const WAITING: usize = 4096;
/// Bytes of flash, for the chip's own number.
const FLASH_SIZE: usize = 2 * 1024 * 1024;
/// The ids that pid.codes reserves for tests: nothing may be sold under them. `ulna_drivers::ports` knows them.
const IDS: (u16, u16) = (0x1209, 0x0001);

type Packet = Vec<u8, CHUNK>;
type In = Channel<NoopRawMutex, Packet, PACKETS>;
type Out = Pipe<NoopRawMutex, WAITING>;

/// What is on its way between the USB ports and the board.
pub(crate) struct Links {
    pub(crate) host_in: In,
    pub(crate) raw_in: In,
    host_out: Out,
    raw_out: Out,
    raw_baud: Cell<u32>,
}

impl Links {
    pub(crate) const fn new() -> Self {
        Self {
            host_in: Channel::new(),
            raw_in: Channel::new(),
            host_out: Pipe::new(),
            raw_out: Pipe::new(),
            raw_baud: Cell::new(0),
        }
    }

    /// The rate that the raw port's user has set; 0 before there was one.
    pub(crate) fn raw_baud(&self) -> u32 {
        self.raw_baud.get()
    }

    /// Hands bytes to both ports. A frame that has no room is lost as a whole: half of one would damage the next as well.
    pub(crate) fn send(&self, host: &[u8], raw: &[u8]) {
        for (pipe, bytes) in [(&self.host_out, host), (&self.raw_out, raw)] {
            if pipe.free_capacity() >= bytes.len() {
                // Cannot fail: there is room.
                let _ = pipe.try_write(bytes);
            }
        }
    }
}

/// The chip's own number as text: the port keeps its name wherever it is plugged in.
pub(crate) fn serial_number(flash: Peri<'static, FLASH>) -> &'static str {
    static TEXT: StaticCell<[u8; 16]> = StaticCell::new();
    let mut number = [0; 8];
    let mut flash = Flash::<_, Blocking, FLASH_SIZE>::new_blocking(flash);
    // Without it every board has the same number, and only its socket says which it is.
    let _ = flash.blocking_unique_id(&mut number);
    let text = TEXT.init([b'0'; 16]);
    for (digits, byte) in text.chunks_exact_mut(2).zip(number) {
        for (digit, half) in digits.iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = b"0123456789ABCDEF"[usize::from(half)];
        }
    }
    core::str::from_utf8(text).unwrap_or("0")
}

/// Serves both ports for ever.
pub(crate) async fn run(
    usb: Peri<'static, USB>,
    interrupts: impl Binding<embassy_rp::interrupt::typelevel::USBCTRL_IRQ, InterruptHandler<USB>>,
    serial: &'static str,
    links: &Links,
) {
    let mut config = Config::new(IDS.0, IDS.1);
    config.manufacturer = Some("ulna");
    config.product = Some("ulna bridge");
    config.serial_number = Some(serial);
    config.max_packet_size_0 = 64;
    static DESCRIPTOR: StaticCell<[u8; 256]> = StaticCell::new();
    static BOS: StaticCell<[u8; 64]> = StaticCell::new();
    static CONTROL: StaticCell<[u8; 64]> = StaticCell::new();
    static FRAMED: StaticCell<State<'static>> = StaticCell::new();
    static RAW: StaticCell<State<'static>> = StaticCell::new();
    let driver = Driver::new(usb, interrupts);
    let mut builder = Builder::new(
        driver,
        config,
        DESCRIPTOR.init([0; 256]),
        BOS.init([0; 64]),
        &mut [],
        CONTROL.init([0; 64]),
    );
    let packet = 64;
    let framed = CdcAcmClass::new(&mut builder, FRAMED.init(State::new()), packet);
    let raw = CdcAcmClass::new(&mut builder, RAW.init(State::new()), packet);
    let mut device = builder.build();
    let (framed_out, framed_in) = framed.split();
    let (raw_out, raw_in) = raw.split();
    join(
        device.run(),
        join4(
            take_in(framed_in, &links.host_in, None),
            send(framed_out, &links.host_out),
            take_in(raw_in, &links.raw_in, Some(&links.raw_baud)),
            send(raw_out, &links.raw_out),
        ),
    )
    .await;
}

async fn take_in(
    mut port: Receiver<'static, Driver<'static, USB>>,
    into: &In,
    baud: Option<&Cell<u32>>,
) {
    loop {
        port.wait_connection().await;
        let mut bytes = [0; CHUNK];
        while let Ok(count) = port.read_packet(&mut bytes).await {
            if let Some(baud) = baud {
                baud.set(port.line_coding().data_rate());
            }
            if let Ok(packet) = Packet::from_slice(bytes.get(..count).unwrap_or_default()) {
                into.send(packet).await;
            }
        }
    }
}

async fn send(mut port: Sender<'static, Driver<'static, USB>>, from: &Out) {
    loop {
        port.wait_connection().await;
        loop {
            let mut bytes = [0; CHUNK];
            let count = from.read(&mut bytes).await;
            let packet = bytes.get(..count).unwrap_or_default();
            if port.write_packet(packet).await.is_err() {
                break;
            }
            // A packet that is full says that there is more: an empty one says that there is not.
            if count == CHUNK && from.is_empty() && port.write_packet(&[]).await.is_err() {
                break;
            }
        }
    }
}
