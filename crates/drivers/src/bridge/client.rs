//! The host's end of a bridge link: commands out, answers in.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use ulna_bridge::frame::{self, FrameReader, MAX_FRAME};
use ulna_bridge::message::{
    BoardAnswer, BoardInfo, BoardRefusal, BoardStatus, Command, CycleState, JointRecovery, Mode,
    VERSION,
};
use ulna_rt::Pacer;

use super::clock::BoardClock;
use super::error::BridgeError;
use crate::port::Port;

/// How long an answer may take: a board answers within a millisecond, an emulated one on a busy computer within a hundred.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a board is greeted: one that has just been plugged in, or an emulated one whose terminal was just closed, takes a second to be there.
const GREETING: Duration = Duration::from_millis(2500);
/// A hello is repeated after this, as a board that has just started, or is in the middle of a frame, may have missed it.
const AGAIN: Duration = Duration::from_millis(250);
/// States that wait to be taken at most; the oldest give way.
const STATES: usize = 8;
/// Raw bytes that wait to be taken at most.
const RAW: usize = 1 << 16;

/// A board at the other end of a port.
pub struct BridgeClient {
    port: Box<dyn Port>,
    name: String,
    info: BoardInfo,
    reader: FrameReader,
    seq: u16,
    raw: VecDeque<u8>,
    states: VecDeque<CycleState>,
    /// The newest answer that is neither a state nor raw bytes, with the number of its command.
    answer: Option<(u16, BoardAnswer)>,
    /// The number of the command whose answer is waited for.
    awaited: Option<u16>,
    /// The first refusal of something that was sent without waiting: what follows from it is refused for other reasons.
    refusal: Option<BoardRefusal>,
    clock: BoardClock,
    pinged: Option<(u32, Duration)>,
    /// A good frame has come since that was looked at.
    received: bool,
    recovery: Recovery,
}

/// What came of the step of a servo on its way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recovery {
    None,
    /// The number of its command.
    Asked(u16),
    Answered(Option<i32>),
}

impl std::fmt::Debug for BridgeClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BridgeClient")
            .field("port", &self.name)
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

impl BridgeClient {
    /// Says hello at a board's framed port, which people call `name`.
    ///
    /// # Errors
    /// [`BridgeError`], if no board answers or its version is another.
    pub fn greet(
        port: Box<dyn Port>,
        name: &str,
        pacer: &mut dyn Pacer,
    ) -> Result<Self, BridgeError> {
        let info = BoardInfo {
            version: 0,
            name: heapless::String::new(),
            firmware: [0; 3],
            joints: 0,
            capabilities: 0,
            board_us: 0,
        };
        let mut client = Self {
            port,
            name: name.to_owned(),
            info,
            reader: FrameReader::new(),
            seq: 0,
            raw: VecDeque::with_capacity(RAW),
            states: VecDeque::with_capacity(STATES),
            answer: None,
            awaited: None,
            refusal: None,
            clock: BoardClock::default(),
            pinged: None,
            received: false,
            recovery: Recovery::None,
        };
        let end = pacer.now() + GREETING;
        while pacer.now() < end {
            // A zero ends whatever frame the board has the beginning of.
            client.port.write(pacer.now(), &[0])?;
            let hello = Command::Hello { version: VERSION };
            let again = (pacer.now() + AGAIN).min(end);
            let Some(BoardAnswer::Hello(info)) = client.ask_until(pacer, &hello, again)? else {
                continue;
            };
            if info.version != VERSION {
                return Err(BridgeError::Version {
                    port: client.name,
                    board: info.version,
                    host: VERSION,
                });
            }
            client.info = info;
            return Ok(client);
        }
        Err(BridgeError::NoAnswer { port: client.name })
    }

    /// What the board is.
    pub fn info(&self) -> &BoardInfo {
        &self.info
    }

    /// What people call its port.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the board is.
    ///
    /// # Errors
    /// [`BridgeError`]
    pub fn status(&mut self, pacer: &mut dyn Pacer) -> Result<BoardStatus, BridgeError> {
        match self.ask(pacer, &Command::Status)? {
            BoardAnswer::Status(status) => Ok(status),
            _ => Err(self.no_answer()),
        }
    }

    /// Ends cyclic mode, if the board is in it.
    ///
    /// # Errors
    /// [`BridgeError`]
    pub fn stop(&mut self, pacer: &mut dyn Pacer) -> Result<(), BridgeError> {
        self.ask(pacer, &Command::Stop)?;
        self.states.clear();
        self.raw.clear();
        Ok(())
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// [`BridgeError`], also if the board refuses.
    pub fn ask(
        &mut self,
        pacer: &mut dyn Pacer,
        command: &Command,
    ) -> Result<BoardAnswer, BridgeError> {
        let end = pacer.now() + PATIENCE;
        match self.ask_until(pacer, command, end)? {
            Some(BoardAnswer::Refused(refusal)) => Err(self.refused(refusal)),
            Some(answer) => Ok(answer),
            None => Err(self.no_answer()),
        }
    }

    fn ask_until(
        &mut self,
        pacer: &mut dyn Pacer,
        command: &Command,
        end: Duration,
    ) -> Result<Option<BoardAnswer>, BridgeError> {
        let seq = self.send(pacer.now(), command)?;
        self.awaited = Some(seq);
        loop {
            self.poll(pacer.now())?;
            if let Some((_, answer)) = self.answer.take_if(|(number, _)| *number == seq) {
                return Ok(Some(answer));
            }
            if pacer.now() >= end {
                return Ok(None);
            }
            let arrival = self.port.next_arrival().unwrap_or(Duration::MAX);
            pacer.wait_for_input(end.min(arrival));
        }
    }

    /// Sends a command; its number.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn send(&mut self, now: Duration, command: &Command) -> io::Result<u16> {
        self.seq = self.seq.wrapping_add(1);
        let mut out = [0; MAX_FRAME];
        let frame = frame::encode(self.seq, command, &mut out).map_err(io::Error::other)?;
        if let Command::Ping { token } = command {
            self.pinged = Some((*token, now));
        }
        self.port.write(now, frame)?;
        Ok(self.seq)
    }

    /// Takes in what has come.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn poll(&mut self, now: Duration) -> io::Result<()> {
        let mut bytes = [0; 512];
        loop {
            let count = self.port.read(now, &mut bytes)?;
            let mut rest = &bytes[..count];
            while let Some(answer) = self.reader.next(&mut rest) {
                // A damaged frame is a lost one: states come again, and what is asked is asked with patience.
                if let Ok((seq, answer)) = answer {
                    self.take(seq, answer, now);
                }
            }
            if count < bytes.len() {
                return Ok(());
            }
        }
    }

    fn take(&mut self, seq: u16, answer: BoardAnswer, now: Duration) {
        self.received = true;
        match answer {
            BoardAnswer::State(state) => {
                if self.states.len() == STATES {
                    self.states.pop_front();
                }
                self.states.push_back(state);
            }
            BoardAnswer::Raw(bytes) => {
                let room = RAW - self.raw.len();
                self.raw.extend(bytes.iter().take(room));
            }
            BoardAnswer::Pong { token, board_us } => {
                if let Some((_, sent)) = self.pinged.take_if(|(asked, _)| *asked == token) {
                    self.clock.measured(sent, now, board_us);
                }
                self.answer = Some((seq, answer));
            }
            BoardAnswer::Recovered { value, .. } if self.recovery == Recovery::Asked(seq) => {
                self.recovery = Recovery::Answered(value);
            }
            // The servo has torque again, or the board has it already: that is found out by asking.
            BoardAnswer::Refused(BoardRefusal::Recovery)
                if self.recovery == Recovery::Asked(seq) =>
            {
                self.recovery = Recovery::Answered(None);
            }
            BoardAnswer::Refused(refusal) if self.awaited != Some(seq) => {
                self.refusal.get_or_insert(refusal);
            }
            _ => self.answer = Some((seq, answer)),
        }
    }

    /// Asks for a step of a servo on its way back; an answer to an earlier one is none any more.
    pub(super) fn recover(&mut self, now: Duration, step: JointRecovery) -> io::Result<()> {
        self.recovery = Recovery::Asked(self.send(now, &Command::Recover(step))?);
        Ok(())
    }

    /// What came of it; taken once.
    pub(super) fn recovered(&mut self) -> Option<Option<i32>> {
        let Recovery::Answered(value) = self.recovery else {
            return None;
        };
        self.recovery = Recovery::None;
        Some(value)
    }

    /// The refusal of something that was sent without waiting; taken once.
    pub(super) fn take_refusal(&mut self) -> Option<BoardRefusal> {
        self.refusal.take()
    }

    /// Whether a good frame has come since this was asked last.
    pub(super) fn take_received(&mut self) -> bool {
        std::mem::take(&mut self.received)
    }

    /// The oldest state that has come.
    pub(super) fn take_state(&mut self) -> Option<CycleState> {
        self.states.pop_front()
    }

    /// Raw bytes that have come.
    pub(super) fn take_raw(&mut self, into: &mut [u8]) -> usize {
        let count = self.raw.len().min(into.len());
        for (place, byte) in into.iter_mut().zip(self.raw.drain(..count)) {
            *place = byte;
        }
        count
    }

    /// The relation of the two clocks.
    pub fn clock(&self) -> &BoardClock {
        &self.clock
    }

    /// What the port names as the time of its next byte, and what can be waited on.
    pub(super) fn next_arrival(&self) -> Option<Duration> {
        match self.raw.is_empty() && self.states.is_empty() {
            true => self.port.next_arrival(),
            false => Some(Duration::ZERO),
        }
    }

    pub(super) fn input(&self) -> Option<OwnedFd> {
        self.port.input()
    }

    pub(super) fn refused(&self, refusal: BoardRefusal) -> BridgeError {
        let port = self.name.clone();
        match refusal {
            BoardRefusal::Tripped(reason) => BridgeError::Tripped {
                port,
                reason,
                joint: None,
            },
            refusal => BridgeError::Refused { port, refusal },
        }
    }

    fn no_answer(&self) -> BridgeError {
        BridgeError::NoAnswer {
            port: self.name.clone(),
        }
    }

    /// Ends what a host before us has left, and refuses a board that has stopped its arm.
    pub(super) fn take_over(&mut self, pacer: &mut dyn Pacer) -> Result<(), BridgeError> {
        let status = self.status(pacer)?;
        if status.mode == Mode::Cyclic {
            self.stop(pacer)?;
        }
        match self.status(pacer)?.trip {
            None => Ok(()),
            Some(trip) => Err(BridgeError::Tripped {
                port: self.name.clone(),
                reason: trip.reason,
                joint: trip.joint,
            }),
        }
    }
}
