//! The board's state machine: an event in, bytes for each wire out. It reads no clock and waits for nothing.
//!
//! * [`Board::step`] here: frames in, answers out, who may use the servos' wire.
//! * `commands`: what each command does. `cyclic`: the exchange with the servos, `cycle`: its state, `goals`, `feelings` and `recovery`: parts of it. `stopping`: how the arm is stopped. `outbox`: bytes on their way.

mod commands;
mod cycle;
mod cyclic;
mod feelings;
mod goals;
mod outbox;
mod recovery;
mod stopping;

use core::time::Duration;

use heapless::String;
use ulna_bus::engine::{EchoMode, Engine, EngineConfig, LinkTiming};

use crate::frame::{self, FrameReader, MAX_FRAME};
use crate::message::{
    BoardAnswer, BoardCounters, BoardInfo, BoardRefusal, BoardStatus, Command, MAX_JOINTS, MAX_RAW,
    Mode, RawBytes, Trip, TripReason, VERSION, capability,
};
use crate::setup::SoundSetup;
use cycle::Cyclic;
use outbox::Outbox;

/// Bytes for the host in one step: a state and the answers to a few commands.
const HOST_ROOM: usize = 2 * MAX_FRAME;
/// Bytes for the raw port in one step.
const RAW_ROOM: usize = 512;
/// Bytes for the servos in one step.
const BUS_ROOM: usize = 512;

/// What happens to a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoardEvent<'a> {
    /// Bytes from the host's framed port.
    Host(&'a [u8]),
    /// Bytes from the raw port, if there is one.
    RawPort(&'a [u8]),
    /// The rate that the raw port's user has set, bits per second.
    RawBaud(u32),
    /// Bytes from the servos' wire.
    Bus(&'a [u8]),
    /// Nothing but time.
    Time,
}

/// What a board does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoardActions<'a> {
    /// Bytes for the host's framed port.
    pub to_host: &'a [u8],
    /// Bytes for the raw port.
    pub to_raw: &'a [u8],
    /// Bytes for the servos, to be sent at once.
    pub to_bus: &'a [u8],
    /// The servos' wire is to run at this rate from now on, bits per second; to be set before `to_bus` is sent.
    pub baud: Option<u32>,
    /// When to step again if nothing happens before.
    pub wake: Duration,
}

/// A board. About 12 kB.
#[derive(Debug, Clone)]
pub struct Board {
    name: String<16>,
    capabilities: u32,
    reader: FrameReader,
    to_host: Outbox<HOST_ROOM>,
    to_raw: Outbox<RAW_ROOM>,
    to_bus: Outbox<BUS_ROOM>,
    new_baud: Option<u32>,
    now: Duration,
    /// A host of our version has said hello.
    greeted: bool,
    /// The number of the newest good frame.
    last_seq: u16,
    /// When it came.
    last_frame: Duration,
    mode: Mode,
    locked: bool,
    /// The host's framed port has sent raw bytes last, not the raw port.
    raw_to_host: bool,
    trip: Option<Trip>,
    setup: Option<SoundSetup>,
    turnaround: Duration,
    engine: Engine<MAX_JOINTS>,
    cyclic: Cyclic,
    counters: BoardCounters,
}

/// What an answer may take beyond its time on the board's own wire: servos begin to answer within their return delay, 500 µs from the factory.
const TURNAROUND: Duration = Duration::from_millis(1);

/// How the engine meets servos that hang on the board's own wire.
fn engine_config(protocol: ulna_bus::Protocol, baud: u32, turnaround: Duration) -> EngineConfig {
    let mut link = LinkTiming::UNKNOWN.with_turnaround(turnaround);
    link.typical = Duration::from_micros(100);
    link.spread = Duration::ZERO;
    EngineConfig::with_protocol(protocol, baud)
        .with_max_attempts(2)
        .with_link(link)
        .with_quiet(Duration::from_micros(200))
        .with_echo(EchoMode::Detect)
}

impl Board {
    /// A board of this name (16 bytes of it are kept) that has just started.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut kept = String::new();
        for letter in name.chars() {
            if kept.push(letter).is_err() {
                break;
            }
        }
        Self {
            name: kept,
            capabilities: capability::CYCLIC | capability::RAW,
            reader: FrameReader::new(),
            to_host: Outbox::new(),
            to_raw: Outbox::new(),
            to_bus: Outbox::new(),
            new_baud: None,
            now: Duration::ZERO,
            greeted: false,
            last_seq: 0,
            last_frame: Duration::ZERO,
            mode: Mode::Idle,
            locked: false,
            raw_to_host: false,
            trip: None,
            setup: None,
            turnaround: TURNAROUND,
            engine: Engine::with_totals(engine_config(
                ulna_bus::Protocol::default(),
                1_000_000,
                TURNAROUND,
            )),
            cyclic: Cyclic::NONE,
            counters: BoardCounters::default(),
        }
    }

    /// The same with more [`capability`] bits.
    #[must_use]
    pub fn with_capabilities(mut self, more: u32) -> Self {
        self.capabilities |= more;
        self
    }

    /// The same for a wire that is slower than its rate, as an emulated one: what an answer may take beyond its time on it.
    #[must_use]
    pub fn with_turnaround(mut self, turnaround: Duration) -> Self {
        self.turnaround = turnaround;
        self
    }

    /// Takes in what has happened, and says what to do. `now` is the board's time since it started; it must not go backwards.
    pub fn step(&mut self, now: Duration, event: BoardEvent<'_>) -> BoardActions<'_> {
        self.now = self.now.max(now);
        self.to_host.clear();
        self.to_raw.clear();
        self.to_bus.clear();
        self.new_baud = None;
        // A frame that comes too late does not save the arm from the dead-man.
        self.watch_host();
        match event {
            BoardEvent::Host(bytes) => self.take_frames(bytes),
            BoardEvent::RawPort(bytes) => {
                self.raw_to_host = false;
                self.pass_raw(bytes);
            }
            BoardEvent::RawBaud(baud) => {
                if self.mode == Mode::Idle && !self.locked {
                    self.new_baud = Some(baud);
                }
            }
            BoardEvent::Bus(bytes) => match self.mode {
                Mode::Cyclic => self.hand_to_engine(bytes),
                Mode::Idle => self.pass_back(bytes),
            },
            BoardEvent::Time => {}
        }
        let wake = match self.mode {
            Mode::Cyclic => self.go_on(),
            Mode::Idle => Duration::MAX,
        };
        BoardActions {
            to_host: self.to_host.bytes(),
            to_raw: self.to_raw.bytes(),
            to_bus: self.to_bus.bytes(),
            baud: self.new_baud,
            wake,
        }
    }

    /// What it does.
    #[must_use]
    pub fn status(&self) -> BoardStatus {
        BoardStatus {
            mode: self.mode,
            locked: self.locked,
            trip: self.trip,
            counters: BoardCounters {
                bad_frames: self
                    .counters
                    .bad_frames
                    .saturating_add(self.reader.dropped()),
                ..self.counters
            },
        }
    }

    fn info(&self) -> BoardInfo {
        BoardInfo {
            version: VERSION,
            name: self.name.clone(),
            firmware: firmware_version(),
            joints: u8::try_from(MAX_JOINTS).unwrap_or(u8::MAX),
            capabilities: self.capabilities,
            board_us: micros(self.now),
        }
    }

    fn take_frames(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(message) = self.reader.next(&mut rest) {
            match message {
                Err(_) => bump(&mut self.counters.bad_frames),
                Ok((seq, command)) => self.take_frame(seq, command),
            }
        }
    }

    /// A frame counts if its number is newer than the last one; with a hello, numbers begin.
    fn take_frame(&mut self, seq: u16, command: Command) {
        if !matches!(command, Command::Hello { .. }) && self.greeted {
            let ahead = seq.wrapping_sub(self.last_seq);
            if ahead == 0 || ahead > u16::MAX / 2 {
                bump(&mut self.counters.repeated);
                return;
            }
            let missing = u32::from(ahead - 1);
            self.counters.missing = self.counters.missing.saturating_add(missing);
        }
        bump(&mut self.counters.frames);
        self.last_seq = seq;
        let answer = match self.obey(seq, command) {
            Ok(answer) => answer,
            Err(refusal) => {
                bump(&mut self.counters.refused);
                Some(BoardAnswer::Refused(refusal))
            }
        };
        // Without a hello of our version there is no host that could keep the arm going.
        if self.greeted {
            self.last_frame = self.now;
        }
        if let Some(answer) = answer {
            self.say(seq, &answer);
        }
    }

    fn say(&mut self, seq: u16, answer: &BoardAnswer) {
        let mut out = [0; MAX_FRAME];
        let sent = frame::encode(seq, answer, &mut out);
        if !sent.is_ok_and(|frame| self.to_host.push(frame)) {
            bump(&mut self.counters.answers_dropped);
        }
    }

    /// Raw bytes on their way to the servos.
    fn pass_raw(&mut self, bytes: &[u8]) {
        if self.mode != Mode::Idle || self.locked || !self.to_bus.push(bytes) {
            drop_raw(&mut self.counters, bytes.len());
        }
    }

    /// Raw bytes on their way back.
    fn pass_back(&mut self, bytes: &[u8]) {
        if !self.raw_to_host {
            if !self.to_raw.push(bytes) {
                drop_raw(&mut self.counters, bytes.len());
            }
            return;
        }
        for part in bytes.chunks(MAX_RAW) {
            if let Ok(raw) = RawBytes::from_slice(part) {
                self.say(0, &BoardAnswer::Raw(raw));
            }
        }
    }

    /// The dead-man's switch.
    fn watch_host(&mut self) {
        if self.dead_man_at().is_some_and(|at| self.now >= at) {
            self.trip_because(TripReason::DeadMan, None);
        }
    }

    /// When the dead-man's time is up, if it runs.
    fn dead_man_at(&self) -> Option<Duration> {
        let setup = self.setup.as_ref()?;
        let runs = self.mode == Mode::Cyclic && self.trip.is_none();
        runs.then(|| self.last_frame.saturating_add(setup.dead_man()))
    }

    fn idle_only(&self) -> Result<(), BoardRefusal> {
        match self.mode {
            Mode::Idle => Ok(()),
            Mode::Cyclic => Err(BoardRefusal::NotIdle),
        }
    }
}

fn drop_raw(counters: &mut BoardCounters, count: usize) {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    counters.raw_dropped = counters.raw_dropped.saturating_add(count);
}

/// One more, up to the maximum.
fn bump(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The version of this crate, which is that of the firmware.
fn firmware_version() -> [u8; 3] {
    let mut numbers = env!("CARGO_PKG_VERSION").split('.');
    core::array::from_fn(|_| {
        numbers
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or(0)
    })
}

#[cfg(test)]
mod tests;
