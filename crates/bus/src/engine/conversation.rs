//! What is asked, how it is put, and what each received packet means for it. Knows nothing of time but time stamps.

use core::time::Duration;

use super::MAX_DATA;
use super::asked::Asked;
use super::config::EchoMode;
use super::counters::{CounterTable, bump};
use super::outbox::Outbox;
use super::reply::{ReplyData, ServoFault};
use super::request::{Request, RequestError};
use crate::feetech::{
    BROADCAST, Decoded, EncodeError, ErrorFlags, MAX_ID, OVERHEAD, Packet, packet,
};
use crate::registers::sts3215::MODEL_NUMBER;

/// An error byte has at most seven bits (Feetech SDK); more means that the packet is no status.
const LARGEST_ERROR: u8 = 0x7F;

/// The part of a request that outlives `begin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Nothing,
    Ping { id: u8 },
    PingAll,
    Read,
    Write,
    GroupRead { address: u8 },
}

/// What is known about the adapter's echo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Echo {
    Unknown,
    Present,
    Absent,
}

#[derive(Debug, Clone)]
pub(super) struct Conversation {
    question: Question,
    /// Data bytes that each asked servo owes.
    expected: u8,
    pub(super) asked: Asked,
    pub(super) outbox: Outbox,
    pub(super) totals: CounterTable,
    pub(super) echoes: u32,
    pub(super) unexpected: u32,
    echo: Echo,
    /// The echo may still be learned, or unlearned.
    learning: bool,
    /// Attempts whose echo is still to come. A packet like ours that comes after them is a servo's.
    echoes_due: u8,
    echoes_before: u32,
}

impl Conversation {
    pub(super) fn new(mode: EchoMode) -> Self {
        let echo = match mode {
            EchoMode::Detect => Echo::Unknown,
            EchoMode::Always => Echo::Present,
            EchoMode::Never => Echo::Absent,
        };
        Self {
            question: Question::Nothing,
            expected: 0,
            asked: Asked::new(),
            outbox: Outbox::new(),
            totals: CounterTable::new(),
            echoes: 0,
            unexpected: 0,
            echo,
            learning: mode == EchoMode::Detect,
            echoes_due: 0,
            echoes_before: 0,
        }
    }

    /// Forgets the last request and puts this one into packets.
    pub(super) fn open(&mut self, request: &Request<'_>) -> Result<(), RequestError> {
        self.question = Question::Nothing;
        self.expected = 0;
        self.asked.clear();
        self.outbox.clear();
        self.echoes_due = 0;
        self.echoes_before = self.echoes;
        let opened = request
            .check()
            .and_then(|()| Ok(self.write_question(request)?));
        if opened.is_err() {
            self.asked.clear();
            self.outbox.clear();
        }
        opened
    }

    fn write_question(&mut self, request: &Request<'_>) -> Result<(), EncodeError> {
        match *request {
            Request::Ping { id } => {
                self.question = Question::Ping { id };
                self.asked.add(id);
                self.outbox.append(|out| packet::ping(out, id))
            }
            Request::PingAll => {
                self.question = Question::PingAll;
                self.outbox.append(|out| packet::ping(out, BROADCAST))
            }
            Request::Read { id, address, len } => {
                self.question = Question::Read;
                self.expected = len;
                self.asked.add(id);
                self.outbox
                    .append(|out| packet::read(out, id, address, len))
            }
            Request::Write { id, address, data } => {
                self.question = Question::Write;
                if id != BROADCAST {
                    self.asked.add(id);
                }
                self.outbox
                    .append(|out| packet::write(out, id, address, data))
            }
            Request::Cycle { write, read } => {
                if let Some(write) = write {
                    let entries = write
                        .entries
                        .iter()
                        .map(|entry| (entry.id, entry.bytes(write.width)));
                    self.outbox.append(|out| {
                        packet::sync_write(out, write.address, write.width, entries)
                    })?;
                }
                let Some(read) = read else { return Ok(()) };
                self.question = Question::GroupRead {
                    address: read.address,
                };
                self.expected = read.len;
                for &id in read.ids {
                    self.asked.add(id);
                }
                self.outbox.append(|out| {
                    packet::sync_read(out, read.address, read.len, read.ids.iter().copied())
                })
            }
        }
    }

    /// Makes the outbox ready for this attempt; from the second on it asks only who has not answered.
    pub(super) fn begin_attempt(&mut self, attempt: u8) {
        self.asked.begin_attempt();
        self.echoes_due = self.echoes_due.saturating_add(1);
        if attempt > 1 {
            for id in self.asked.pending_ids() {
                self.totals.update(id, |totals| bump(&mut totals.retries));
            }
            // Neither can fail: every id and length was in a packet of the first attempt.
            let _ = match self.question {
                Question::GroupRead { address } => {
                    self.outbox.clear();
                    let (asked, expected) = (&self.asked, self.expected);
                    self.outbox.append(|out| {
                        packet::sync_read(out, address, expected, asked.pending_ids())
                    })
                }
                Question::Ping { id } if self.echo == Echo::Unknown => {
                    self.outbox.clear();
                    self.outbox
                        .append(|out| packet::read(out, id, MODEL_NUMBER.address, 1))
                }
                _ => Ok(()),
            };
        }
        self.outbox.release();
    }

    /// The largest number of parameters that can come in.
    pub(super) fn max_params(&self) -> usize {
        if self.echo == Echo::Absent {
            MAX_DATA
        } else {
            MAX_DATA.max(self.outbox.max_params())
        }
    }

    /// Bytes of this attempt on the line, in both directions.
    pub(super) fn attempt_bytes(&self) -> usize {
        let answer = OVERHEAD + usize::from(self.expected);
        self.outbox.len() + self.asked.pending_ids().count() * answer
    }

    pub(super) fn is_complete(&self) -> bool {
        !self.listens_to_the_end() && self.outbox.is_taken() && self.asked.none_pending()
    }

    pub(super) fn listens_to_the_end(&self) -> bool {
        self.question == Question::PingAll
    }

    /// Nothing more will come in this attempt, although some servos may not have answered.
    pub(super) fn was_heard_out(&self) -> bool {
        !self.listens_to_the_end() && self.asked.last_was_heard()
    }

    pub(super) fn is_repeatable(&self) -> bool {
        !matches!(self.question, Question::Nothing | Question::PingAll)
            && !self.asked.none_pending()
    }

    /// Before a retry: whoever has been silent for `patience` transactions is not asked again in this one. A ping is
    /// repeated as long as its echo could have been the answer.
    pub(super) fn abandon_silent(&mut self, attempts: u8, patience: u32) {
        if matches!(self.question, Question::Ping { .. }) && self.echo == Echo::Unknown {
            return;
        }
        let totals = &self.totals;
        self.asked.abandon(attempts, |id| {
            totals.get(id).consecutive_timeouts >= patience
        });
    }

    pub(super) fn hear(&mut self, decoded: Decoded<'_>, now: Duration) {
        match decoded {
            Decoded::Corrupt { id } => self.hear_corrupt(id),
            Decoded::Packet(packet) if self.is_echo(&packet) => bump(&mut self.echoes),
            Decoded::Packet(packet) => self.hear_status(&packet, now),
        }
    }

    fn is_echo(&mut self, packet: &Packet<'_>) -> bool {
        if !self.outbox.holds(packet) {
            return false;
        }
        let due = self.echoes_due > 0;
        self.echoes_due = self.echoes_due.saturating_sub(1);
        if self.could_answer(packet) {
            // Equal bytes, two meanings: the first are echoes if there are any, what comes after them is the servo's.
            return due && self.echo != Echo::Absent;
        }
        if self.learning {
            self.echo = Echo::Present;
        }
        true
    }

    fn could_answer(&self, packet: &Packet<'_>) -> bool {
        packet.kind <= LARGEST_ERROR
            && self.is_expected_length(packet.params.len())
            && self.asked.open_index(packet.id).is_some()
    }

    fn is_expected_length(&self, len: usize) -> bool {
        match self.question {
            // A retried ping may be a read of one byte.
            Question::Ping { .. } => len <= 1,
            _ => len == usize::from(self.expected),
        }
    }

    fn hear_status(&mut self, packet: &Packet<'_>, now: Duration) {
        let id = packet.id;
        let known = match self.question {
            _ if packet.kind > LARGEST_ERROR || id > MAX_ID => None,
            Question::PingAll if !self.asked.contains(id) => self.asked.add(id),
            _ => self.asked.open_index(id),
        };
        let Some(index) = known else {
            bump(&mut self.unexpected);
            return;
        };
        if !self.is_expected_length(packet.params.len()) {
            let got = u8::try_from(packet.params.len()).unwrap_or(u8::MAX);
            // A leftover, so the servo's turn is probably still to come.
            self.asked.note_fault(
                index,
                ServoFault::WrongLength {
                    expected: self.expected,
                    got,
                },
            );
            self.totals
                .update(id, |totals| bump(&mut totals.wrong_lengths));
            return;
        }
        let flags = ErrorFlags(packet.kind);
        let data = &packet.params[..usize::from(self.expected).min(packet.params.len())];
        self.asked.answer(index, ReplyData::new(flags, data), now);
        self.totals.update(id, |totals| {
            bump(&mut totals.replies);
            totals.consecutive_timeouts = 0;
            if !flags.is_empty() {
                bump(&mut totals.flagged);
            }
            totals.last_flags = flags;
        });
    }

    /// A damaged packet counts against the servo that it names, or else against the one whose turn it is.
    fn hear_corrupt(&mut self, id: u8) {
        if id == BROADCAST {
            return; // our own question, damaged on its way back
        }
        let index = self
            .asked
            .open_index(id)
            .or_else(|| self.asked.next_pending());
        let Some((index, reply)) =
            index.and_then(|index| Some((index, self.asked.replies().get(index)?)))
        else {
            return;
        };
        self.totals
            .update(reply.id, |totals| bump(&mut totals.checksum_errors));
        self.asked.note_fault(index, ServoFault::Checksum);
        self.asked.heard(index);
    }

    /// Ends the transaction. `undisturbed`: one attempt, in which every received byte was part of a good packet.
    pub(super) fn close(&mut self, attempts: u8, now: Duration, undisturbed: bool) {
        let sent = self.outbox.is_taken() || attempts > 1;
        let attempts = if sent { attempts } else { 0 };
        self.outbox.withdraw();
        let totals = &mut self.totals;
        self.asked.give_up(attempts, now, |reply| {
            totals.update(reply.id, |totals| {
                bump(&mut totals.failures);
                match reply.result {
                    Err(ServoFault::Timeout { .. }) => {
                        bump(&mut totals.timeouts);
                        bump(&mut totals.consecutive_timeouts);
                    }
                    Err(ServoFault::NotSent) => {}
                    _ => totals.consecutive_timeouts = 0,
                }
            });
        });
        let answered = !self.asked.replies().is_empty() && self.asked.none_pending();
        if self.echo == Echo::Unknown
            && undisturbed
            && answered
            && self.echoes == self.echoes_before
        {
            self.echo = Echo::Absent;
        }
    }
}
