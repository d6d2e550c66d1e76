//! What is asked, how it is put, and what each received packet means for it. Knows nothing of time but time stamps.

use core::time::Duration;

use super::MAX_DATA;
use super::asked::Asked;
use super::config::EchoMode;
use super::counters::{CounterTable, bump};
use super::echo::EchoSense;
use super::outbox::Outbox;
use super::reply::ServoFault;
use super::request::{Request, RequestError};
use crate::feetech::{BROADCAST, EncodeError, OVERHEAD, packet};
use crate::registers::sts3215::MODEL_NUMBER;

mod hearing;

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

#[derive(Debug, Clone)]
pub(super) struct Conversation {
    question: Question,
    /// Data bytes that each asked servo owes.
    expected: u8,
    pub(super) asked: Asked,
    pub(super) outbox: Outbox,
    pub(super) totals: CounterTable,
    pub(super) echo: EchoSense,
    /// Good packets that nobody had asked for.
    pub(super) unexpected: u32,
}

impl Conversation {
    pub(super) fn new(mode: EchoMode) -> Self {
        Self {
            question: Question::Nothing,
            expected: 0,
            asked: Asked::new(),
            outbox: Outbox::new(),
            totals: CounterTable::new(),
            echo: EchoSense::new(mode),
            unexpected: 0,
        }
    }

    /// Forgets the last request and puts this one into packets.
    pub(super) fn open(&mut self, request: &Request<'_>) -> Result<(), RequestError> {
        self.question = Question::Nothing;
        self.expected = 0;
        self.asked.clear();
        self.outbox.clear();
        self.echo.begin_transaction();
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
        self.echo.begin_attempt();
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
                Question::Ping { id } if self.echo.is_unknown() => {
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
        if self.echo.is_absent() {
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
        if matches!(self.question, Question::Ping { .. }) && self.echo.is_unknown() {
            return;
        }
        let totals = &self.totals;
        self.asked.abandon(attempts, |id| {
            totals.get(id).consecutive_timeouts >= patience
        });
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
        if undisturbed && answered {
            self.echo.conclude();
        }
    }
}
