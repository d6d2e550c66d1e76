//! A bridge board in software: the state machine that the firmware runs ([`ulna_bridge::Board`]), in front of a simulated bus.
//!
//! What is simulated is the hardware around it: the UART to the servos is the bus' port, the two USB ports are queues of bytes. In memory, on the
//! virtual clock, it is a [`Port`] itself ([`SoftBoard`]); in real time [`PtyBoard`] serves both USB ports as pseudo-terminals. Unlike a USB
//! link, the queues take no time.

mod pty;

use core::time::Duration;
use std::collections::VecDeque;
use std::io;

use ulna_bridge::message::capability;
use ulna_bridge::{Board, BoardActions, BoardEvent};
use ulna_drivers::Port;

pub use pty::PtyBoard;

/// A USB packet at full speed: the firmware is handed so many bytes at once.
const PACKET: usize = 64;
/// Bytes that wait for a host at most; a host that reads nothing loses the rest.
const QUEUE: usize = 1 << 16;
/// More steps at one moment are a fault of the board's, which would never come to an end.
const STUCK: u32 = 1000;

/// A board, the bus behind it, and what waits at its USB ports.
#[derive(Debug)]
pub struct SoftBoard<B> {
    board: Board,
    bus: B,
    /// When the board started.
    started: Duration,
    wake: Duration,
    to_host: VecDeque<u8>,
    to_raw: VecDeque<u8>,
    lost: Option<io::ErrorKind>,
}

impl<B: Port> SoftBoard<B> {
    /// A board that starts when the run's clock does.
    pub fn new(bus: B) -> Self {
        Self {
            board: new_board(),
            bus,
            started: Duration::ZERO,
            wake: Duration::MAX,
            to_host: VecDeque::with_capacity(QUEUE),
            to_raw: VecDeque::with_capacity(QUEUE),
            lost: None,
        }
    }

    /// The board's state machine.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The bus behind it.
    pub fn bus(&mut self) -> &mut B {
        &mut self.bus
    }

    /// The board starts again, as after a loss of power or by its watchdog. The servos keep theirs.
    pub fn restart(&mut self, now: Duration) {
        self.advance(now);
        self.board = new_board();
        self.started = now;
        self.wake = Duration::MAX;
    }

    /// Bytes from the host at the framed port.
    pub fn host_writes(&mut self, now: Duration, bytes: &[u8]) {
        self.advance(now);
        for packet in bytes.chunks(PACKET) {
            self.step(now, &BoardEvent::Host(packet));
        }
    }

    /// Bytes at the raw port.
    pub fn raw_writes(&mut self, now: Duration, bytes: &[u8]) {
        self.advance(now);
        for packet in bytes.chunks(PACKET) {
            self.step(now, &BoardEvent::RawPort(packet));
        }
    }

    /// The raw port's user has set this rate, bits per second.
    pub fn raw_sets_baud(&mut self, now: Duration, baud: u32) {
        self.advance(now);
        self.step(now, &BoardEvent::RawBaud(baud));
    }

    /// Fills `out` with what the board has sent to the host by `now`.
    pub fn host_reads(&mut self, now: Duration, out: &mut [u8]) -> usize {
        self.advance(now);
        take(&mut self.to_host, out)
    }

    /// The same at the raw port.
    pub fn raw_reads(&mut self, now: Duration, out: &mut [u8]) -> usize {
        self.advance(now);
        take(&mut self.to_raw, out)
    }

    /// When something happens by itself.
    pub fn deadline(&self) -> Duration {
        self.wake
            .min(self.bus.next_arrival().unwrap_or(Duration::MAX))
    }

    /// Lets everything happen that is due by `now`.
    pub fn advance(&mut self, now: Duration) {
        let (mut last, mut again) = (Duration::ZERO, 0);
        while self.lost.is_none() {
            let at = self.deadline().max(last);
            if at > now {
                return;
            }
            again = if at == last { again + 1 } else { 0 };
            debug_assert!(again < STUCK, "the board asks for the same moment for ever");
            if again == STUCK {
                return;
            }
            last = at;
            let mut bytes = [0; PACKET];
            match self.bus.read(at, &mut bytes) {
                Ok(0) => self.step(at, &BoardEvent::Time),
                Ok(count) => self.step(at, &BoardEvent::Bus(&bytes[..count])),
                Err(error) => self.lost = Some(error.kind()),
            }
        }
    }

    fn step(&mut self, now: Duration, event: &BoardEvent<'_>) {
        let board_time = now.saturating_sub(self.started);
        let actions = self.board.step(board_time, *event);
        let BoardActions {
            to_host,
            to_raw,
            to_bus,
            baud,
            wake,
        } = actions;
        self.wake = wake.saturating_add(self.started);
        for (queue, bytes) in [(&mut self.to_host, to_host), (&mut self.to_raw, to_raw)] {
            if queue.len() + bytes.len() <= QUEUE {
                queue.extend(bytes);
            }
        }
        let set = baud.map_or(Ok(()), |baud| self.bus.set_baud(now, baud));
        let sent = match to_bus {
            [] => Ok(()),
            bytes => self.bus.write(now, bytes),
        };
        if let Err(error) = set.and(sent) {
            self.lost = Some(error.kind());
        }
    }
}

fn new_board() -> Board {
    Board::new("software").with_capabilities(capability::RAW_PORT)
}

fn take(queue: &mut VecDeque<u8>, out: &mut [u8]) -> usize {
    let count = queue.len().min(out.len());
    for (target, byte) in out.iter_mut().zip(queue.drain(..count)) {
        *target = byte;
    }
    count
}

/// The board's framed port.
impl<B: Port> Port for SoftBoard<B> {
    fn write(&mut self, now: Duration, bytes: &[u8]) -> io::Result<()> {
        self.host_writes(now, bytes);
        self.lost.map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn read(&mut self, now: Duration, into: &mut [u8]) -> io::Result<usize> {
        let count = self.host_reads(now, into);
        match (count, self.lost) {
            (0, Some(kind)) => Err(kind.into()),
            (count, _) => Ok(count),
        }
    }

    /// A USB port has no rate; the servos' wire gets its own in frames.
    fn set_baud(&mut self, _now: Duration, _baud: u32) -> io::Result<()> {
        Ok(())
    }

    fn next_arrival(&self) -> Option<Duration> {
        match self.to_host.is_empty() {
            true => Some(self.deadline()).filter(|&at| at < Duration::MAX),
            false => Some(Duration::ZERO),
        }
    }

    fn name(&self) -> &str {
        "simulated bridge"
    }
}
