//! The exchange with the servos of one bus: goals out at every tick, questions as fast as the link carries them.
//!
//! * **Goals keep the tick's grid**, whatever the link does: they leave when the tick begins, together with the question for positions if
//!   none is open. Only answers that should be on the half-duplex wire at that moment are waited for.
//! * **One question is open at a time**, since answers carry no address. It may stay open for several ticks; its answer counts when it
//!   comes, with the time at which it was measured. The next question follows at once, if question and answers have left the wire before
//!   the next goals; otherwise together with these.
//! * **What servos feel** is asked when positions are in and there is time left in the tick; on a link that is slower than a tick, of as
//!   many servos as fit, in the place of one question for positions, so that each is asked once in a second or so.

use std::time::Duration;

use ulna_bus::engine::{Request, ServoFault, Status};
use ulna_bus::health::Change;
use ulna_core::{LinkLost, Progress, SafeSlice, Stamp};

use super::ServoArm;
use super::outgoing::Burst;
use super::question::{Question, Turn};

/// Most data bytes in an answer of a servo on its way back under torque.
const LONGEST_ANSWER: u8 = 4;

impl ServoArm {
    /// Begins a tick; `goals` are those of this bus, one for each joint, and `next` is when the next tick begins.
    pub(crate) fn start(
        &mut self,
        now: Stamp,
        goals: Option<SafeSlice<'_>>,
        next: Stamp,
    ) -> Result<(), LinkLost> {
        match self.drives_by_itself() {
            true => self.start_on_board(now, goals, next),
            false => self.start_on_wire(now, goals, next),
        }
    }

    /// Carries the exchange on with whatever has arrived.
    pub(crate) fn carry_on(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        match self.drives_by_itself() {
            true => self.carry_on_board(now),
            false => self.carry_on_wire(now),
        }
    }

    /// Begins an exchange with the servos themselves.
    pub(crate) fn start_on_wire(
        &mut self,
        now: Stamp,
        goals: Option<SafeSlice<'_>>,
        next: Stamp,
    ) -> Result<(), LinkLost> {
        self.take_in(now)?;
        self.link.count_unread(now, &self.state.measured);
        self.welcome_back();
        self.begin_watching(now);
        self.turn = Turn {
            began: now,
            next,
            sends: goals.is_some(),
            asked: false,
            settled: false,
            ..self.turn
        };
        if let Some(goals) = goals {
            self.take_goals(&goals);
        }
        self.go_on(now, true)
    }

    /// Carries that on.
    pub(crate) fn carry_on_wire(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.take_in(now)?;
        self.go_on(now, false)?;
        Ok(self.progress(now))
    }

    fn progress(&mut self, now: Stamp) -> Progress {
        let mut until = None;
        let mut call =
            |at: Duration| until = Some(until.map_or(at, |until: Duration| until.min(at)));
        if self.turn.open.is_some() {
            if let Status::Waiting { until } = self.engine.step(now.since_epoch(), &[]) {
                call(until);
            }
            self.bus
                .link()
                .next_arrival()
                .into_iter()
                .for_each(&mut call);
        }
        if self.outgoing.due {
            call(self.engine.line_free_at());
        }
        if self.turn.open.is_none()
            && !self.turn.asked
            && self.engine.ready_at() > now.since_epoch()
        {
            call(self.engine.ready_at());
        }
        match until.map(Stamp::new) {
            None => Progress::Done,
            Some(until) if self.turn.settled => Progress::Ready { until },
            Some(until) => Progress::Waiting { until },
        }
    }

    /// Hands the engine what has arrived.
    fn take_in(&mut self, now: Stamp) -> Result<(), LinkLost> {
        let mut buffer = [0; 256];
        loop {
            let count = self.bus.link().read(now.since_epoch(), &mut buffer)?;
            let status = self.engine.step(now.since_epoch(), &buffer[..count]);
            if let Some(late) = self.engine.late_answer().filter(|_| count > 0) {
                self.link.estimate.was_late(late);
            }
            if status == Status::Done {
                self.close(now);
            }
            if count < buffer.len() {
                break;
            }
        }
        let mut retry = Burst::new();
        retry.push(self.engine.transmit());
        self.put(now, &retry)
    }

    /// Takes the answers to the open question, which is over.
    fn close(&mut self, now: Stamp) {
        match self.turn.open.take() {
            Some(Question::Positions) => {
                self.turn.settled = true;
                self.take_replies();
            }
            Some(Question::Health) => self.take_health(),
            Some(Question::Torque) => self.take_torques(now),
            Some(Question::Comeback(joint)) => {
                // What a servo takes to write says nothing of the link.
                self.take_comeback(joint, now);
                let quiet_at = self.engine.ready_at();
                self.bus.link().expect_answers_until(quiet_at);
                return;
            }
            None => return,
        }
        if self.turn.goals_behind && self.garbage() != self.turn.garbage {
            self.link.estimate.collided();
        }
        if let Some(overhead) = self.engine.overhead() {
            let servos = self.engine.replies().len();
            self.link.estimate.answered(overhead, servos);
        } else {
            let silent = |fault| matches!(fault, ServoFault::Timeout { .. });
            let mut replies = self.engine.replies().iter();
            if replies.all(|reply| reply.result.is_err_and(silent)) {
                self.link.estimate.was_silent();
            }
        }
        self.engine.set_link(self.link.estimate.timing());
        let quiet_at = self.engine.ready_at();
        self.bus.link().expect_answers_until(quiet_at);
    }

    /// Sends what is to be sent now: goals, a question, or both in one burst.
    fn go_on(&mut self, now: Stamp, tick_begins: bool) -> Result<(), LinkLost> {
        let at = now.since_epoch();
        let mut burst = Burst::new();
        let mut with_goals = tick_begins;
        if self.outgoing.due && at >= self.engine.line_free_at() {
            self.send_goals_in(at, &mut burst);
            self.turn.goals_behind = true;
            with_goals = true;
        }
        if self.turn.open.is_none() && !self.outgoing.due && at >= self.engine.ready_at() {
            self.ask(at, with_goals);
            burst.push(self.engine.transmit());
        }
        self.put(now, &burst)
    }

    /// Asks the next question, if there is one now.
    fn ask(&mut self, now: Duration, with_goals: bool) {
        let positions = self.fits(now, self.layout.read.len, self.servos.len());
        if self.comes_back() && self.asks_comeback(now, with_goals) && self.ask_comeback(now) {
            return;
        }
        match (self.turn.asked, self.overdue_health(now)) {
            (true, _) => self.ask_health_behind(now),
            (false, Some(servos)) if with_goals => self.ask_health(now, servos),
            (false, None) if with_goals || positions => self.ask_positions(now),
            // What was waited for goes with the next goals.
            (false, _) => {}
        }
    }

    fn ask_positions(&mut self, now: Duration) {
        let ids = self.roster.ids_to_read(now);
        if ids.is_empty() {
            return;
        }
        let span = self.layout.read;
        // A servo that was missed is asked again as long as its answer comes before the next tick.
        let end = now + self.engine.config().longest(span.len, ids.len());
        let end = end.max(self.turn.next.since_epoch());
        let request = Request::group_read(span.address, span.len, ids);
        if self.engine.begin(now, &request, end).is_ok() {
            self.turn.asked = true;
            self.opened(Question::Positions);
        }
    }

    /// A servo on its way back is asked behind the positions, as often as the wire has time for it before the next goals; where no answer comes before
    /// the next tick, also in turns with them.
    fn asks_comeback(&self, now: Duration, with_goals: bool) -> bool {
        let config = self.engine.config();
        let answered = |from: Duration| {
            from + config.group_wire_time(LONGEST_ANSWER, 1) + self.link.estimate.slowest()
        };
        let next = self.turn.next.since_epoch();
        if self.turn.asked {
            return self.fits(now, LONGEST_ANSWER, 1);
        }
        let (len, servos) = (self.layout.read.len, self.servos.len());
        let positions = config.group_wire_time(len, servos) + self.link.estimate.slowest();
        let is_slow = answered(self.turn.began.since_epoch() + positions) > next;
        let was_comeback = matches!(self.turn.last, Some(Question::Comeback(_)));
        is_slow && !was_comeback && (with_goals || self.fits(now, LONGEST_ANSWER, 1))
    }

    /// Notes that a question is open.
    pub(super) fn opened(&mut self, question: Question) {
        self.turn.open = Some(question);
        self.turn.last = Some(question);
        self.turn.goals_behind = false;
        self.turn.garbage = self.garbage();
        self.link.questions = self.link.questions.saturating_add(1);
    }

    /// What has come in that is no sound packet: bytes and packets.
    fn garbage(&self) -> u32 {
        let counters = self.engine.bus_counters();
        let damaged = counters.checksum_errors;
        counters.skipped_bytes.wrapping_add(damaged)
    }

    /// Question and answers have left the wire before the next goals come.
    pub(super) fn fits(&self, now: Duration, len: u8, servos: usize) -> bool {
        !self.turn.sends
            || now + self.engine.config().occupancy(len, servos) <= self.turn.next.since_epoch()
    }

    fn put(&mut self, now: Stamp, burst: &Burst) -> Result<(), LinkLost> {
        if burst.bytes().is_empty() {
            return Ok(());
        }
        let ready_at = self.engine.ready_at();
        self.bus.link().expect_answers_until(ready_at);
        self.bus.link().write(now.since_epoch(), burst.bytes())
    }

    fn take_replies(&mut self) {
        for index in 0..self.engine.replies().len() {
            let reply = &self.engine.replies()[index];
            let Some(joint) = self.servos.iter().position(|servo| servo.id == reply.id) else {
                continue;
            };
            let servo = &mut self.servos[joint];
            let start = self.layout.read.address;
            let counts = reply
                .result
                .ok()
                .and_then(|data| servo.present.decode_in_block(start, data.bytes()));
            // Who was silent twice in a row may have restarted, whether it counted as dead by then or not.
            let silent = self.roster.member(servo.id);
            let silent = silent.is_some_and(|member| member.consecutive_misses >= 2);
            let change = self.roster.record_reply(reply);
            if change == Change::Returned || silent && reply.result.is_ok() {
                servo.torque.doubt();
            }
            self.health[joint].restarts = servo.restarts;
            if let Ok(data) = reply.result {
                self.health[joint].alarms = servo.complains(data.flags).0;
            }
            self.measure(joint, counts, Stamp::new(reply.measured));
        }
        self.state_of_base();
    }

    /// Takes what a joint's servo measured, if that is to be believed.
    pub(super) fn measure(&mut self, joint: usize, counts: Option<i32>, measured: Stamp) {
        let servo = &mut self.servos[joint];
        let believed = |counts: &i32| servo.believes(measured, *counts);
        let Some(counts) = counts.filter(believed) else {
            return;
        };
        let (value, is_wheel) = (servo.value(counts), servo.is_wheel());
        self.state.stamp = self.state.stamp.max(measured);
        if is_wheel {
            let wheel = joint - self.first_wheel();
            self.wheels[wheel] = value;
            self.wheels_measured[wheel] = measured;
        } else {
            self.state.position[joint] = value;
            self.state.measured[joint] = measured;
        }
    }

    /// Wheels are the last three joints.
    fn first_wheel(&self) -> usize {
        self.servos.len() - self.wheels.len()
    }

    /// The numbers of a base in the place of its wheels' speeds; as old as the oldest of these.
    pub(super) fn state_of_base(&mut self) {
        let Some(base) = &self.base else { return };
        let first = self.first_wheel();
        let body = base.body(self.wheels);
        self.state.position[first..].copy_from_slice(&body);
        let oldest = self.wheels_measured.iter().min().copied();
        self.state.measured[first..].fill(oldest.unwrap_or_default());
    }
}
