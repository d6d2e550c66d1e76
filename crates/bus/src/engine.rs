//! The transaction engine: one question to the servos of one bus, and what each of them answered by the deadline.
//!
//! The engine does no input or output. Its user begins a request and then repeats three things: put
//! [`Engine::transmit`]'s bytes on the line, hand whatever has arrived to [`Engine::step`], and wait as long as it
//! says, until the engine is done.
//!
//! ```
//! use core::time::Duration;
//! use ulna_bus::engine::{Engine, EngineConfig, Request, Status};
//!
//! let mut engine = Engine::new(EngineConfig::new(1_000_000));
//! let (start, deadline) = (Duration::from_millis(10), Duration::from_millis(20));
//! engine.begin(start, &Request::Read { id: 1, address: 56, len: 2 }, deadline)?;
//! assert_eq!(engine.transmit(), [0xFF, 0xFF, 0x01, 0x04, 0x02, 0x38, 0x02, 0xBE]); // to the port
//!
//! assert!(matches!(engine.step(start, &[]), Status::Waiting { until } if until > start));
//!
//! let received = [0xFF, 0xFF, 0x01, 0x04, 0x00, 0x00, 0x08, 0xF2]; // from the port
//! assert_eq!(engine.step(start + Duration::from_millis(1), &received), Status::Done);
//! assert_eq!(engine.replies()[0].result.unwrap().bytes(), [0x00, 0x08]);
//! # Ok::<(), ulna_bus::engine::RequestError>(())
//! ```
//!
//! * **By the deadline it is done**, whatever the line does; nothing is sent after that.
//! * **Every servo has its own result.** One silent servo costs the others nothing.
//! * **Retries are bounded** and only ask the servos again that have not answered. A group write is never repeated. Before a retry
//!   the line must have been quiet.
//! * **An answer counts for its own question.** Answers carry no address. A single servo's answer to the earlier attempt still counts, as
//!   it is the same question; but positions are asked for again and again, and an old one must not pass for a new one. So a group
//!   some of whose answers are still outstanding is asked for a few bytes more than before, and what comes with the old length is late:
//!   dropped and counted, and [`Engine::late_answer`] tells how late. While six questions in a row are without any answer, none is
//!   asked ([`ServoFault::NotSent`]) until 150 ms have passed. Each reply says when its servo looked ([`Reply::measured`]).
//! * **Goals need not wait for answers.** [`Engine::post`] sends a group write while a question is open, from
//!   [`Engine::line_free_at`] on, when its answers should have left the wire; they may reach the host much later.
//! * **A servo that has been silent for some transactions is asked once only**, so a dead one costs one timeout.
//! * **What is not an answer is skipped and counted**: noise, the adapter's echo, packets of others, leftovers of an
//!   earlier transaction. If answers may still be under way when a transaction ends, the next one waits for them to pass.
//!
//! **Whatever the protocol** ([`EngineConfig::protocol`]), requests and replies are the same, and a cycle takes its fewest bytes ([`Protocol`](crate::Protocol)).

use core::time::Duration;

mod asked;
mod config;
mod counters;
mod echo;
mod limits;
mod outbox;
mod packets;
mod phase;
mod receive;
mod reply;
mod request;
mod transaction;
mod unanswered;
mod wire;

pub use config::{EchoMode, EngineConfig, LinkTiming, wire_time};
pub use counters::{BusCounters, ServoCounters};
pub use limits::{ALL_IDS, MAX_DATA, MAX_SERVOS};
pub use reply::{Reply, ReplyData, ServoFault, Status};
pub use request::{GroupEntry, GroupRead, GroupWrite, Request, RequestError};

use counters::bump;
use packets::RxDecoder;
use phase::Phase;
use transaction::Transaction;
use wire::Wire;

/// The state of one bus: 5 kB, and 41 bytes for each servo whose totals it keeps.
#[derive(Debug, Clone)]
pub struct Engine<const IDS: usize = ALL_IDS> {
    config: EngineConfig,
    decoder: RxDecoder,
    transaction: Transaction<IDS>,
    wire: Wire,
    phase: Phase,
    deadline: Duration,
    attempt: u8,
    attempt_end: Duration,
    /// When the newest byte of this transaction was handed in.
    last_byte: Option<Duration>,
    /// Until then, answers to earlier questions may come in.
    busy_until: Duration,
    /// What the last transaction took beyond the time on the wire, if it was answered at once.
    overhead: Option<Duration>,
    counters: BusCounters,
    /// The decoder's skipped bytes when the transaction began.
    skipped_before: u32,
}

impl Engine {
    /// An engine with nothing to do, which keeps the totals of every servo.
    #[must_use]
    pub fn new(config: EngineConfig) -> Self {
        Self::with_totals(config)
    }
}

impl<const IDS: usize> Engine<IDS> {
    /// The same with the totals of the first `IDS` servos that it meets; others are asked and answer all the same, but count as never silent.
    #[must_use]
    pub fn with_totals(config: EngineConfig) -> Self {
        Self {
            config,
            decoder: RxDecoder::new(config.protocol),
            transaction: Transaction::new(&config),
            wire: Wire::new(),
            phase: Phase::Done,
            deadline: Duration::ZERO,
            attempt: 0,
            attempt_end: Duration::ZERO,
            last_byte: None,
            busy_until: Duration::ZERO,
            overhead: None,
            counters: BusCounters::default(),
            skipped_before: 0,
        }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// Starts a transaction that ends at `deadline` at the latest. One that is under way is dropped without replies,
    /// and so is everything received so far; flush the port's input, too. `now` must not go backwards between calls.
    pub fn begin(
        &mut self,
        now: Duration,
        request: &Request<'_>,
        deadline: Duration,
    ) -> Result<(), RequestError> {
        if self.phase == Phase::Listening && !self.transaction.is_complete() {
            self.busy_until = self.attempt_end;
        }
        self.phase = Phase::Done;
        self.overhead = None;
        self.transaction.open(request, now)?;
        bump(&mut self.counters.transactions);
        self.decoder.reset();
        (self.skipped_before, _) = self.decoder.losses();
        self.phase = Phase::Settling;
        self.deadline = deadline;
        self.attempt = 0;
        self.last_byte = None;
        self.advance(now);
        Ok(())
    }

    /// What the link is known to add, from now on.
    pub fn set_link(&mut self, link: LinkTiming) {
        self.config.link = link;
    }

    /// Asks groups with fast sync reads, where the protocol has them, or not.
    pub fn set_fast_reads(&mut self, fast: bool) {
        self.config.fast_reads = fast;
        self.transaction.set_fast_reads(fast);
    }

    /// The bytes of a group write that is sent at `now`, whether a question is open or not; it has no answer. Not before
    /// [`line_free_at`](Self::line_free_at), or it collides with answers.
    ///
    /// # Errors
    /// [`RequestError`] if it cannot be put into a packet.
    pub fn post(&mut self, now: Duration, write: &GroupWrite<'_>) -> Result<&[u8], RequestError> {
        let Self {
            config,
            wire,
            transaction,
            counters,
            ..
        } = self;
        let bytes = wire.post(now, write, config)?;
        transaction.longest_posted = transaction.longest_posted.max(bytes.len());
        counters.bytes_sent = counters.bytes_sent.saturating_add(bytes.len() as u64);
        Ok(bytes)
    }

    /// From when on nothing that is sent collides with answers on the wire, which may reach the host much later.
    #[must_use]
    pub fn line_free_at(&self) -> Duration {
        self.wire.answering_until
    }

    /// From when on the next question is sent at once: answers to an earlier one may come in until then.
    #[must_use]
    pub fn ready_at(&self) -> Duration {
        match self.phase {
            Phase::Done => self.busy_until.max(self.wire.answering_until),
            Phase::Settling | Phase::Listening => self.attempt_end.max(self.wire.answering_until),
        }
    }

    /// What the last transaction took beyond the time on the wire, if all servos answered at once.
    #[must_use]
    pub fn overhead(&self) -> Option<Duration> {
        self.overhead
    }

    /// How long after its question the newest answer came that was too late for it, since the last transaction began.
    #[must_use]
    pub fn late_answer(&self) -> Option<Duration> {
        self.transaction.late
    }

    /// The bytes to put on the line now, or none. Each is returned once. Ask before each `step`, and send at once: the
    /// time of the attempt is running.
    pub fn transmit(&mut self) -> &[u8] {
        let bytes = self.transaction.outbox.take();
        self.counters.bytes_sent = self.counters.bytes_sent.saturating_add(bytes.len() as u64);
        bytes
    }

    /// Takes in what arrived since the last call, which may be nothing, and says how to go on.
    pub fn step(&mut self, now: Duration, received: &[u8]) -> Status {
        self.counters.bytes_received = self
            .counters
            .bytes_received
            .saturating_add(received.len() as u64);
        if !received.is_empty() {
            if self.phase == Phase::Listening {
                self.last_byte = Some(now);
            }
            let mut rest = received;
            while !rest.is_empty() {
                let taken = self.decoder.push(rest);
                rest = &rest[taken..];
                self.read_packets(now);
            }
        }
        self.advance(now)
    }

    /// One reply for each servo asked, in the order asked. Empty until the engine is done.
    #[must_use]
    pub fn replies(&self) -> &[Reply] {
        if self.phase == Phase::Done {
            self.transaction.asked.replies()
        } else {
            &[]
        }
    }

    /// Groups are read with fast sync reads: the settings say so, the protocol has them, and no servo was found to lack them.
    #[must_use]
    pub fn reads_fast(&self) -> bool {
        self.transaction.reads_fast()
    }

    /// Takes note of what a servo complains of that another asked: a bridge board.
    pub fn note_flags(&mut self, id: u8, flags: crate::ErrorFlags) {
        self.transaction.totals.note_flags(id, flags);
    }

    /// Totals of one servo. All zero for an id that no servo can have.
    #[must_use]
    pub fn servo_counters(&self, id: u8) -> ServoCounters {
        self.transaction.totals.get(id)
    }

    /// Totals of the bus.
    #[must_use]
    pub fn bus_counters(&self) -> BusCounters {
        let (skipped_bytes, checksum_errors) = self.decoder.losses();
        BusCounters {
            echoes: self.transaction.echo.count,
            unexpected: self.transaction.unexpected,
            late: self.transaction.late_count,
            skipped_bytes,
            checksum_errors,
            ..self.counters
        }
    }

    /// Everything that depends on time alone.
    fn advance(&mut self, now: Duration) -> Status {
        match self.phase {
            Phase::Done => return Status::Done,
            _ if now >= self.deadline => return self.finish(now),
            Phase::Settling if now < self.busy_until => return self.waiting(self.busy_until),
            Phase::Settling => self.start_attempt(now),
            Phase::Listening => {}
        }
        if self.transaction.is_complete() {
            return self.finish(now);
        }
        if !self.transaction.outbox.is_taken() {
            return self.waiting(now);
        }
        let over = self.attempt_over_at();
        if now < over {
            return self.waiting(over);
        }
        // The line is silent, so what the decoder still waits for will not come.
        self.read_unfinished(now);
        self.transaction.abandon_silent(self.config.patience);
        if self.transaction.is_complete() || !self.may_retry(now) {
            return self.finish(now);
        }
        self.start_attempt(now);
        self.waiting(now)
    }

    fn waiting(&self, until: Duration) -> Status {
        Status::Waiting {
            until: until.min(self.deadline),
        }
    }

    fn start_attempt(&mut self, now: Duration) {
        self.phase = Phase::Listening;
        self.attempt = self.attempt.saturating_add(1);
        self.transaction.begin_attempt(self.attempt, now);
        let bytes = self.transaction.outbox.len();
        let on_wire_at = self.wire.send(now, bytes, self.config.baud);
        self.transaction.on_wire_at = on_wire_at;
        let end = on_wire_at.saturating_add(self.shortest_attempt());
        let count = self.transaction.asked.asked_now().count();
        if count > 0 {
            self.wire.answering_until = end.saturating_add(self.config.pauses(count));
        }
        self.decoder
            .expect(self.transaction.max_data(), self.transaction.blocks());
        self.attempt_end = if self.transaction.listens_to_the_end() {
            self.deadline
        } else {
            end.saturating_add(self.config.link.turnaround)
                .max(self.wire.answering_until)
        };
    }

    /// Question and answers on the line without any pause between.
    fn shortest_attempt(&self) -> Duration {
        wire_time(self.transaction.attempt_bytes(), self.config.baud)
    }

    /// An attempt is over when its time is up, or earlier when the servo that answers last has had its turn; in both
    /// cases only once the line is quiet.
    fn attempt_over_at(&self) -> Duration {
        if self.transaction.all_answered_now() {
            return Duration::ZERO;
        }
        let quiet = self
            .last_byte
            .map_or(Duration::ZERO, |at| at.saturating_add(self.config.quiet));
        if self.transaction.nothing_follows() {
            return quiet;
        }
        let pause = self
            .last_byte
            .map_or(Duration::ZERO, |_| self.config.link.pause);
        quiet.saturating_add(pause).max(self.attempt_end)
    }

    fn may_retry(&self, now: Duration) -> bool {
        self.transaction.is_repeatable(self.config.max_attempts)
            && now
                .saturating_add(self.shortest_attempt())
                .saturating_add(self.config.link.typical)
                <= self.deadline
    }

    fn read_packets(&mut self, now: Duration) {
        while let Some(received) = self.decoder.next() {
            self.transaction.receive(received, now);
        }
    }

    fn read_unfinished(&mut self, now: Duration) {
        while self.decoder.give_up_unfinished() {
            self.read_packets(now);
        }
    }

    fn finish(&mut self, now: Duration) -> Status {
        self.read_unfinished(now);
        // After a retry, or without all replies, more may be under way than what was counted as an answer.
        let asked = &self.transaction.asked;
        let asked_once = asked.asked_once();
        self.busy_until = if asked.none_pending() && asked_once {
            self.wire.answered(now);
            let on_wire = self.transaction.on_wire_at + self.shortest_attempt();
            let newest = asked.newest_answer();
            self.overhead = newest.map(|newest| newest.saturating_sub(on_wire));
            self.busy_until.min(now)
        } else {
            self.attempt_end.max(self.busy_until)
        };
        let undisturbed =
            self.attempt > 0 && asked_once && self.decoder.losses().0 == self.skipped_before;
        self.transaction.close(self.attempt, now, undisturbed);
        self.phase = Phase::Done;
        Status::Done
    }
}

#[cfg(test)]
mod tests;
