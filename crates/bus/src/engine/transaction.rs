//! One transaction: what is asked, and how its packets are put together. What comes back is taken in by [`super::receive`]. Knows nothing of
//! time but time stamps.

use core::time::Duration;

use super::asked::Asked;
use super::config::{EchoMode, EngineConfig};
use super::counters::{CounterTable, bump};
use super::echo::EchoSense;
use super::limits::MAX_DATA;
use super::outbox::Outbox;
use super::packets;
use super::reply::ServoFault;
use super::request::{Request, RequestError};
use super::unanswered::{EXTRA, Unanswered};
use crate::dynamixel;
use crate::encode_error::EncodeError;
use crate::feetech::BROADCAST;
use crate::protocol::Protocol;

/// The part of a request that outlives `begin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Nothing,
    Ping { id: u8 },
    PingAll,
    Read,
    Write,
    GroupRead { address: u8 },
}

/// How the current attempt reads a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadMode {
    /// Each servo answers with a packet of its own.
    PerServo,
    /// All answer with one packet.
    Fast,
}

/// After so many transactions in a row in which the first servo of a group stayed silent to a fast read and answered a plain
/// one, its firmware is taken not to know fast reads. A line that loses a tenth of all answers takes years to look like that.
const FAST_CHANCES: u8 = 10;

#[derive(Debug, Clone)]
pub(super) struct Transaction<const IDS: usize> {
    pub(super) protocol: Protocol,
    /// Fast reads may be tried so often yet before they are given up.
    fast_chances: u8,
    pub(super) mode: ReadMode,
    /// A fast read was tried in this transaction, and no servo answered it.
    fast_read_unanswered: bool,
    pub(super) question: Question,
    /// Data bytes that were asked for.
    pub(super) wanted: u8,
    /// Data bytes that each asked servo owes: in a group some more than wanted, where that tells this question from earlier ones.
    pub(super) expected: u8,
    /// Between the first attempt and the end: answers count.
    pub(super) is_open: bool,
    /// When the current attempt was handed out, and when it began to go over the wire.
    pub(super) asked_at: Duration,
    pub(super) on_wire_at: Duration,
    pub(super) baud: u32,
    pub(super) unanswered: Unanswered,
    /// How long after its question the newest late answer came, if one came since the transaction was opened.
    pub(super) late: Option<Duration>,
    /// Answers to questions that had been given up.
    pub(super) late_count: u32,
    /// Bytes of the longest group write that was sent between questions.
    pub(super) longest_posted: usize,
    pub(super) asked: Asked,
    pub(super) outbox: Outbox,
    pub(super) totals: CounterTable<IDS>,
    pub(super) echo: EchoSense,
    /// Good packets that answer no request.
    pub(super) unexpected: u32,
}

impl<const IDS: usize> Transaction<IDS> {
    pub(super) fn new(config: &EngineConfig) -> Self {
        let mode: EchoMode = config.echo;
        let fast = config.fast_reads && config.protocol.has_fast_read();
        Self {
            protocol: config.protocol,
            fast_chances: if fast { FAST_CHANCES } else { 0 },
            mode: ReadMode::PerServo,
            fast_read_unanswered: false,
            question: Question::Nothing,
            wanted: 0,
            expected: 0,
            is_open: false,
            asked_at: Duration::ZERO,
            on_wire_at: Duration::ZERO,
            baud: config.baud,
            unanswered: Unanswered::new(),
            late: None,
            late_count: 0,
            longest_posted: 0,
            asked: Asked::new(),
            outbox: Outbox::new(),
            totals: CounterTable::new(),
            echo: EchoSense::new(mode),
            unexpected: 0,
        }
    }

    /// Forgets the last request and puts this one into packets.
    pub(super) fn open(
        &mut self,
        request: &Request<'_>,
        now: Duration,
    ) -> Result<(), RequestError> {
        self.remember_silent(now);
        self.is_open = false;
        self.late = None;
        self.question = Question::Nothing;
        self.wanted = 0;
        self.expected = 0;
        self.asked.clear();
        self.outbox.clear();
        self.echo.begin_transaction();
        self.fast_read_unanswered = false;
        let opened = request
            .check(self.protocol)
            .and_then(|()| Ok(self.write_question(request)?));
        if opened.is_err() {
            self.asked.clear();
            self.outbox.clear();
        }
        opened
    }

    fn write_question(&mut self, request: &Request<'_>) -> Result<(), EncodeError> {
        let protocol = self.protocol;
        match *request {
            Request::Ping { id } => {
                self.question = Question::Ping { id };
                self.expected = protocol.ping_data();
                self.asked.add(id);
                self.outbox.append(|out| packets::ping(protocol, out, id))
            }
            Request::PingAll => {
                self.question = Question::PingAll;
                self.expected = protocol.ping_data();
                self.outbox
                    .append(|out| packets::ping(protocol, out, BROADCAST))
            }
            Request::Read { id, address, len } => {
                self.question = Question::Read;
                self.expected = len;
                self.asked.add(id);
                self.outbox
                    .append(|out| packets::read(protocol, out, id, address, len))
            }
            Request::Write { id, address, data } => {
                self.question = Question::Write;
                if id != BROADCAST {
                    self.asked.add(id);
                }
                self.outbox
                    .append(|out| packets::write(protocol, out, id, address, data))
            }
            Request::Reboot { id } => {
                self.question = Question::Write;
                self.asked.add(id);
                self.outbox.append(|out| dynamixel::packet::reboot(out, id))
            }
            Request::Cycle { write, read } => {
                if let Some(write) = write {
                    self.outbox
                        .append(|out| packets::sync_write(protocol, out, &write))?;
                }
                let Some(read) = read else { return Ok(()) };
                if read.ids.is_empty() {
                    return Err(EncodeError::Empty);
                }
                self.question = Question::GroupRead {
                    address: read.address,
                };
                self.wanted = read.len;
                self.expected = read.len;
                for &id in read.ids {
                    self.asked.add(id);
                }
                Ok(())
            }
        }
    }

    /// Makes the outbox ready for this attempt, which asks the servos that have not answered yet or, where servos cannot be asked
    /// together, one of them.
    pub(super) fn begin_attempt(&mut self, attempt: u8, now: Duration) {
        if attempt > 1 && self.mode == ReadMode::Fast {
            self.fast_read_unanswered = self.asked.none_answered();
        }
        self.remember_silent(now);
        self.is_open = true;
        self.asked_at = now;
        let one_by_one = !self.protocol.has_sync_read();
        self.asked.begin_attempt(one_by_one);
        if let Question::GroupRead { address } = self.question {
            self.choose_length(address, now);
        }
        for (id, asks) in self.asked.asked_now() {
            if asks > 1 {
                self.totals.update(id, |totals| bump(&mut totals.retries));
            }
        }
        self.mode = ReadMode::PerServo;
        // None can fail: ids and lengths were checked, and the outbox holds the largest of them.
        let _ = match self.question {
            Question::GroupRead { address } => {
                if attempt > 1 {
                    self.outbox.clear();
                }
                self.write_group_read(address, attempt)
            }
            Question::Ping { id }
                if attempt > 1
                    && self.echo.is_unknown()
                    && self.protocol.ping_may_equal_its_answer() =>
            {
                self.outbox.clear();
                let (protocol, (address, _)) = (self.protocol, self.protocol.model_number());
                self.outbox
                    .append(|out| packets::read(protocol, out, id, address, 1))
            }
            _ => Ok(()),
        };
        self.echo.begin_attempt(self.outbox.count());
        self.outbox.release();
    }

    /// Servos that have not answered the current attempt may do so yet.
    fn remember_silent(&mut self, now: Duration) {
        let is_group = matches!(self.question, Question::GroupRead { .. });
        if self.is_open && is_group && self.asked.may_answer_yet() {
            self.unanswered.remember(self.expected, self.asked_at, now);
        }
    }

    /// Asks for a number of bytes by which the answers differ from those to earlier questions; asks nothing while too many of these are
    /// open.
    fn choose_length(&mut self, address: u8, now: Duration) {
        let wanted = self.wanted;
        let behind = u8::MAX - address.saturating_add(wanted);
        let room = usize::from(EXTRA.min(behind)).min(MAX_DATA.saturating_sub(wanted.into()));
        let lengths = (wanted..=u8::MAX).take(room + 1);
        match self.unanswered.free_length(lengths, now) {
            Some(expected) => self.expected = expected,
            None => self.asked.leave_out(),
        }
    }

    /// In as few bytes as the protocol allows: a fast read is the shortest for two servos and more, but it is only tried
    /// once; a plain read is the shortest for one.
    fn write_group_read(&mut self, address: u8, attempt: u8) -> Result<(), EncodeError> {
        let (protocol, expected, asked) = (self.protocol, self.expected, &self.asked);
        let count = asked.asked_now().count();
        if count == 0 {
            return Ok(());
        }
        if let (1, Some((id, _))) = (count, asked.asked_now().next()) {
            return self
                .outbox
                .append(|out| packets::read(protocol, out, id, address, expected));
        }
        let fits = packets::fast_answer_bytes(expected.into(), count) <= protocol.max_packet();
        if attempt == 1 && self.fast_chances > 0 && fits {
            self.mode = ReadMode::Fast;
        }
        let fast = self.mode == ReadMode::Fast;
        let ids = asked.asked_now().map(|(id, _)| id);
        self.outbox
            .append(|out| packets::sync_read(protocol, out, address, expected, ids, fast))
    }

    /// From now on groups are read with fast reads, where the protocol has them, or not.
    pub(super) fn set_fast_reads(&mut self, fast: bool) {
        let fast = fast && self.protocol.has_fast_read();
        self.fast_chances = if fast { FAST_CHANCES } else { 0 };
    }

    /// Groups are read with fast reads.
    pub(super) fn reads_fast(&self) -> bool {
        self.fast_chances > 0
    }

    /// The largest number of data bytes that one packet can bring in.
    pub(super) fn max_data(&self) -> usize {
        if self.echo.is_absent() {
            MAX_DATA
        } else {
            MAX_DATA.max(self.outbox.longest()).max(self.longest_posted)
        }
    }

    /// What the common answer to a fast read will consist of: (bytes each, servos).
    pub(super) fn blocks(&self) -> Option<(usize, usize)> {
        let count = self.asked.asked_now().count();
        (self.mode == ReadMode::Fast).then_some((self.expected.into(), count))
    }

    /// Bytes of this attempt on the line, in both directions.
    pub(super) fn attempt_bytes(&self) -> usize {
        let expected = usize::from(self.expected);
        let count = self.asked.asked_now().count();
        self.outbox.len()
            + match self.mode {
                ReadMode::Fast => packets::fast_answer_bytes(expected, count),
                ReadMode::PerServo => count * self.protocol.answer_bytes(expected),
            }
    }

    pub(super) fn is_complete(&self) -> bool {
        !self.listens_to_the_end() && self.outbox.is_taken() && self.asked.none_pending()
    }

    /// All servos that this attempt asks have answered, so nothing more will come.
    pub(super) fn all_answered_now(&self) -> bool {
        matches!(self.question, Question::GroupRead { .. }) && self.asked.turn_is_answered()
    }

    pub(super) fn listens_to_the_end(&self) -> bool {
        self.question == Question::PingAll
    }

    /// Nothing more will come in this attempt, although some servos may not have answered.
    pub(super) fn nothing_follows(&self) -> bool {
        !self.listens_to_the_end() && self.asked.last_had_turn()
    }

    pub(super) fn is_repeatable(&self, max_attempts: u8) -> bool {
        !matches!(self.question, Question::Nothing | Question::PingAll)
            && self.asked.may_ask_again(max_attempts)
    }

    /// Before a retry: a servo that has been silent for `patience` transactions is not asked again in this one. A ping is
    /// repeated as long as its echo could have been the answer.
    pub(super) fn abandon_silent(&mut self, patience: u32) {
        let ambiguous = self.protocol.ping_may_equal_its_answer() && self.echo.is_unknown();
        if matches!(self.question, Question::Ping { .. }) && ambiguous {
            return;
        }
        let totals = &self.totals;
        self.asked
            .abandon(|id| totals.get(id).consecutive_timeouts >= patience);
    }

    /// Ends the transaction. `undisturbed`: one attempt, in which every received byte was part of a good packet.
    pub(super) fn close(&mut self, attempts: u8, now: Duration, undisturbed: bool) {
        if attempts > 0 && !self.outbox.is_taken() {
            self.asked.take_back_attempt();
        } else {
            self.remember_silent(now);
        }
        self.is_open = false;
        self.outbox.withdraw();
        self.judge_fast_reads();
        let totals = &mut self.totals;
        self.asked.give_up(now, |reply| {
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

    /// A servo that answers a plain read, but not the fast one before, does not know fast reads. Of the others behind it
    /// nothing can be said, since the answer begins with the first.
    fn judge_fast_reads(&mut self) {
        if self.mode == ReadMode::Fast && !self.asked.none_answered() {
            self.fast_chances = FAST_CHANCES;
        } else if self.fast_read_unanswered && self.asked.has_answered(0) {
            self.fast_chances = self.fast_chances.saturating_sub(1);
        }
    }
}
