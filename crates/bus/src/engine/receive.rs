//! What each received packet means for the transaction.

use core::time::Duration;

use super::config::wire_time;
use super::counters::bump;
use super::packets::{self, Answer, Received};
use super::reply::{ReplyData, ServoFault};
use super::transaction::{Question, ReadMode, Transaction};
use crate::dynamixel::Refusal;
use crate::feetech::{BROADCAST, Instruction, MAX_ID, Packet};
use crate::flags::ErrorFlags;

/// A Feetech error byte has at most seven bits (Feetech SDK); more means that the packet is no status.
const LARGEST_ERROR: u8 = 0x7F;

/// What a ping looks like when it comes back.
const fn ping_of(id: u8) -> Packet<'static> {
    Packet {
        id,
        kind: Instruction::Ping.code(),
        params: &[],
    }
}

/// Only the host writes to groups.
fn is_group_write(packet: &Packet<'_>) -> bool {
    packet.id == BROADCAST && packet.kind == Instruction::SyncWrite.code()
}

impl<const IDS: usize> Transaction<IDS> {
    pub(super) fn receive(&mut self, received: Received<'_>, now: Duration) {
        match received {
            Received::Corrupt { id } if self.is_open => self.receive_corrupt(id),
            Received::Corrupt { .. } => {}
            Received::Instruction => {
                self.echo.is_echo(false);
            }
            Received::Answer(answer) => self.receive_answer(&answer, now),
            Received::Feetech(packet) if self.is_echo(&packet) => {}
            Received::Feetech(packet) if is_group_write(&packet) => self.echo.is_posted(),
            Received::Feetech(packet) if packet.kind > LARGEST_ERROR => bump(&mut self.unexpected),
            Received::Feetech(packet) => {
                let answer = Answer {
                    id: packet.id,
                    flags: ErrorFlags(packet.kind),
                    refusal: None,
                    data: packet.params,
                };
                self.receive_answer(&answer, now);
            }
        }
    }

    fn is_echo(&mut self, packet: &Packet<'_>) -> bool {
        // A ping's retry may read a register, but the ping's own echo may be late.
        let repeats_ping = matches!(self.question, Question::Ping { id } if *packet == ping_of(id));
        if !repeats_ping && !self.outbox.holds(packet) {
            return false;
        }
        let could_answer = self.could_answer(packet);
        self.echo.is_echo(could_answer)
    }

    /// It may be the answer of a servo, or its twin.
    fn could_answer(&self, packet: &Packet<'_>) -> bool {
        packet.kind <= LARGEST_ERROR
            && self.is_expected_length(packet.params.len())
            && self.asked.contains(packet.id)
    }

    fn is_expected_length(&self, len: usize) -> bool {
        match self.question {
            // A retried ping may be a read of one byte.
            Question::Ping { .. } if self.expected == 0 => len <= 1,
            _ => len == usize::from(self.expected),
        }
    }

    fn receive_answer(&mut self, answer: &Answer<'_>, now: Duration) {
        let id = answer.id;
        let known = match self.question {
            _ if id > MAX_ID || !self.is_open => None,
            Question::PingAll if !self.asked.contains(id) => self.asked.add(id),
            Question::GroupRead { .. } => {
                let index = self.asked.open_index(id);
                index.filter(|&index| self.asked.is_asked_now(index))
            }
            _ => self.asked.open_index(id),
        };
        let Some(index) = known else {
            if !self.is_late(answer, now) {
                bump(&mut self.unexpected);
            }
            return;
        };
        if let Some(reason) = answer.refusal {
            self.receive_refusal(index, id, reason, now);
            return;
        }
        if !self.is_expected_length(answer.data.len()) {
            if self.is_late(answer, now) {
                return;
            }
            let got = u8::try_from(answer.data.len()).unwrap_or(u8::MAX);
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
        if matches!(self.question, Question::GroupRead { .. }) {
            self.unanswered.settle_before(self.asked_at);
        }
        let flags = answer.flags;
        let wanted = match self.question {
            Question::GroupRead { .. } => self.wanted,
            _ => self.expected,
        };
        let data = &answer.data[..usize::from(wanted).min(answer.data.len())];
        let measured = self.measured(index, now);
        self.asked
            .answer(index, ReplyData::new(flags, data), now, measured);
        self.totals.update(id, |totals| {
            bump(&mut totals.replies);
            totals.consecutive_timeouts = 0;
            if !flags.is_empty() {
                bump(&mut totals.flagged);
            }
            totals.last_flags = flags;
        });
    }

    /// It answers a question that was given up.
    fn is_late(&mut self, answer: &Answer<'_>, now: Duration) -> bool {
        let Ok(len) = u8::try_from(answer.data.len()) else {
            return false;
        };
        let Some(late) = self.unanswered.lateness(len, now) else {
            return false;
        };
        self.late = self.late.max(Some(late));
        bump(&mut self.late_count);
        true
    }

    /// When the servo at `index` looked, if its answer has been handed in now.
    fn measured(&self, index: usize, now: Duration) -> Duration {
        let expected = usize::from(self.expected);
        let answers = match self.mode {
            ReadMode::Fast => packets::fast_answer_bytes(expected, self.asked.asked_now().count()),
            ReadMode::PerServo => self.asked.rank(index) * self.protocol.answer_bytes(expected),
        };
        let on_wire = wire_time(self.outbox.len() + answers, self.baud);
        let added = now.saturating_sub(self.on_wire_at.saturating_add(on_wire));
        now.saturating_sub(added / 2)
    }

    fn receive_refusal(&mut self, index: usize, id: u8, reason: Refusal, now: Duration) {
        self.totals.update(id, |totals| bump(&mut totals.refusals));
        let fault = ServoFault::Refused { reason };
        if reason == Refusal::Crc {
            // The question was damaged on its way, so the next one may be understood.
            self.asked.note_fault(index, fault);
            self.asked.had_turn(index);
            return;
        }
        self.asked.refuse(index, fault, now);
        self.totals.update(id, |totals| {
            bump(&mut totals.failures);
            totals.consecutive_timeouts = 0;
        });
    }

    /// A damaged packet counts against the servo that it names, or else against the one whose turn it is.
    fn receive_corrupt(&mut self, id: u8) {
        let fast = self.mode == ReadMode::Fast;
        if id == BROADCAST && !fast {
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
        if fast {
            self.asked.nothing_follows(); // whatever follows hangs on the damaged part
        } else {
            self.asked.had_turn(index);
        }
    }
}
