//! The exchange with the servos in cyclic mode: goals out and positions in, in every cycle, and in what time is left what servos feel.

use core::time::Duration;

use heapless::Vec;
use ulna_bus::engine::{Reply, Request, Status};
use ulna_bus::registers::{Role, Span};

use super::cycle::{ABSENT_AFTER, Ask};
use super::{Board, bump, micros};
use crate::limiter::Limiter;
use crate::message::{
    BoardAnswer, CycleState, JointFeeling, JointSample, MAX_JOINTS, Mode, Trip, TripReason,
};
use crate::setup::{FEELINGS, SoundSetup};

/// Answers agree within this part of a turn: no servo turns as far in a cycle.
const AGREEMENT: u32 = 16;
/// A servo that is silent for longer is asked only now and then, since its silence costs the others time.
const PROBE_EVERY: Duration = Duration::from_millis(100);
/// Where nothing is left of a cycle, every so many cycles one servo is asked what it feels or, where every cycle says that, whether it has torque.
const TURN_EVERY: u32 = 25;

impl Board {
    /// Bytes from the servos in cyclic mode.
    pub(super) fn hand_to_engine(&mut self, bytes: &[u8]) {
        self.advance_engine(bytes);
    }

    /// Everything in cyclic mode that depends on time; when to come again.
    pub(super) fn go_on(&mut self) -> Duration {
        let asked_until = self.advance_engine(&[]);
        self.send_stops();
        if self.end_if_asked() {
            return Duration::MAX;
        }
        let mut wake = asked_until.unwrap_or(Duration::MAX);
        if self.cyclic.asking.is_none() {
            wake = wake.min(self.ask_next());
        }
        if self.cyclic.stop_due {
            wake = wake.min(self.engine.line_free_at());
        }
        wake.min(self.dead_man_at().unwrap_or(Duration::MAX))
    }

    /// Carries the open question on; until when it waits, if it does.
    fn advance_engine(&mut self, bytes: &[u8]) -> Option<Duration> {
        let mut bytes = bytes;
        while let Some(ask) = self.cyclic.asking {
            self.to_bus.push(self.engine.transmit());
            let status = self.engine.step(self.now, bytes);
            bytes = &[];
            match status {
                Status::Done => {
                    self.cyclic.asking = None;
                    self.take(ask);
                }
                // A question that is asked again is sent at once.
                Status::Waiting { until } if until > self.now => return Some(until),
                Status::Waiting { .. } => {
                    let again = self.engine.transmit();
                    if again.is_empty() {
                        return Some(self.now);
                    }
                    self.to_bus.push(again);
                }
            }
        }
        None
    }

    /// Begins the next cycle, or asks what a servo feels, as soon as there is time for it; when to come again.
    fn ask_next(&mut self) -> Duration {
        let ready = self.engine.ready_at();
        if self.now < ready {
            return ready;
        }
        let Some(sound) = &self.setup else {
            return Duration::MAX;
        };
        if self.now < self.cyclic.next {
            let rests = sound.setup.full_state && self.cyclic.recovery.is_none();
            if self.cyclic.turn_taken || rests || !self.ask_one(false) {
                return self.cyclic.next;
            }
        } else {
            // Where nothing is left of a cycle, a turn takes its time from the next one: now and then, and for a servo on its way back in each.
            let cycles = self.cyclic.cycle.saturating_sub(self.cyclic.turned);
            let overdue = cycles >= TURN_EVERY || self.cyclic.recovery.is_some();
            let asked = overdue && !self.cyclic.turn_taken && self.ask_one(true);
            if !asked && !self.begin_cycle() {
                return self.dead_man_at().unwrap_or(Duration::MAX);
            }
        }
        self.advance_engine(&[]).unwrap_or(self.now)
    }

    /// The wire is to be free when the dead-man's time is up, so that the arm is stopped at that moment.
    pub(super) fn wire_is_free_in_time(&self, span: Span, servos: usize) -> bool {
        let over = self.now + self.engine.config().occupancy(span.len, servos);
        self.dead_man_at().is_none_or(|at| over <= at)
    }

    fn begin_cycle(&mut self) -> bool {
        let Some(sound) = &self.setup else {
            return false;
        };
        let (span, period) = (sound.read, sound.period());
        let mut ids = [0; MAX_JOINTS];
        let mut count = 0;
        for (run, joint) in self.cyclic.joints.iter().zip(&sound.setup.joints) {
            let silent = self.now.saturating_sub(run.measured) > ABSENT_AFTER;
            if !silent || self.now.saturating_sub(run.asked) >= PROBE_EVERY {
                ids[count] = joint.id;
                count += 1;
            }
        }
        if !self.wire_is_free_in_time(span, count.max(1)) {
            return false;
        }
        let since = self.now.saturating_sub(self.cyclic.began);
        self.cyclic.began = self.now;
        self.cyclic.cycle = self.cyclic.cycle.wrapping_add(1);
        self.cyclic.turn_taken = false;
        bump(&mut self.counters.cycles);
        // Cycles keep their grid; those that were missed are left out.
        self.cyclic.next = match period {
            None => self.now,
            Some(period) => {
                let next = self.cyclic.next + period;
                if next > self.now {
                    next
                } else {
                    self.now + period
                }
            }
        };
        self.cyclic.stop_due = self.cyclic.stops_left > 0;
        self.send_stops();
        self.leave_absent_alone();
        self.send_goals(since);
        if count == 0 {
            return true;
        }
        let end = self.now + self.engine.config().longest(span.len, count);
        let end = end.max(self.cyclic.next);
        let end = self
            .dead_man_at()
            .map_or(end, |at| end.min(at.max(self.now)));
        let ids = &ids[..count];
        let request = Request::group_read(span.address, span.len, ids);
        if self.engine.begin(self.now, &request, end).is_ok() {
            self.cyclic.asking = Some(Ask::State);
            if let Some(sound) = &self.setup {
                for (run, joint) in self.cyclic.joints.iter_mut().zip(&sound.setup.joints) {
                    if ids.contains(&joint.id) {
                        run.asked = self.now;
                    }
                }
            }
        }
        true
    }

    fn take(&mut self, ask: Ask) {
        match ask {
            Ask::State => self.take_state(),
            Ask::Feeling(place) => {
                let reply = self.engine.replies().first().copied();
                let felt = reply.and_then(|reply| self.felt(place, &reply, &FEELINGS));
                if let Some(felt) = felt {
                    self.feel(felt);
                }
            }
            Ask::Torque(place) => self.take_torque(place),
            Ask::Recovery(seq, recovery) => self.take_recovery(seq, recovery),
        }
    }

    fn take_state(&mut self) {
        let Some(sound) = &self.setup else { return };
        let full = sound.setup.full_state;
        for run in &mut self.cyclic.joints {
            run.sample = JointSample::Silent;
        }
        let mut answered = [false; MAX_JOINTS];
        let mut felt: Vec<JointFeeling, MAX_JOINTS> = Vec::new();
        for reply in self.engine.replies() {
            let joints = &sound.setup.joints;
            let Some(place) = joints.iter().position(|joint| joint.id == reply.id) else {
                continue;
            };
            let present = match joints[place].wheel {
                true => Role::PresentVelocity,
                false => Role::PresentPosition,
            };
            let Some((counts, flags)) = decoded(sound, place, reply, present) else {
                bump(&mut self.counters.missed);
                continue;
            };
            bump(&mut self.counters.replies);
            let run = &mut self.cyclic.joints[place];
            let after = reply.measured.saturating_sub(self.cyclic.began);
            run.sample = JointSample::Measured {
                counts,
                after_us: u16::try_from(after.as_micros()).unwrap_or(u16::MAX),
                flags,
            };
            let near = u32::from(sound.models[place].resolution) / AGREEMENT;
            let agrees = |before: i32| before.abs_diff(counts) <= near;
            if run.newest.replace(counts).is_some_and(agrees) {
                // One that was away begins from where it is.
                if run.position.is_none() && !joints[place].wheel {
                    run.limiter = Limiter::at(Some(counts));
                }
                run.position = Some(counts);
            }
            run.measured = self.now;
            answered[place] = true;
            if full && let Some(feeling) = self.felt(place, reply, &[]) {
                // Cannot fail: there are no more replies than joints.
                let _ = felt.push(feeling);
            }
        }
        // A servo that was silent may have lost its power, and its goal with it.
        for (run, answered) in self.cyclic.joints.iter_mut().zip(answered) {
            run.settled &= answered;
        }
        for feeling in felt {
            self.feel(feeling);
        }
        self.report();
    }

    /// Says what this cycle measured.
    fn report(&mut self) {
        let joints = self.setup.as_ref().map_or(0, |sound| sound.models.len());
        let samples = self.cyclic.joints.iter().take(joints);
        let state = CycleState {
            board_us: micros(self.cyclic.began),
            cycle: self.cyclic.cycle,
            goals: self.cyclic.sent,
            trip: self.trip,
            limited: self.cyclic.limited,
            joints: samples.map(|run| run.sample).collect(),
            feelings: core::mem::take(&mut self.cyclic.feelings),
        };
        #[allow(clippy::cast_possible_truncation)] // a running number, modulo 65536
        let seq = self.cyclic.cycle as u16;
        self.say(seq, &BoardAnswer::State(state));
    }

    /// Ends cyclic mode if that was asked and the wire is free.
    fn end_if_asked(&mut self) -> bool {
        let Some(seq) = self.cyclic.ending else {
            return false;
        };
        if self.cyclic.asking.is_some() || self.now < self.engine.line_free_at() {
            return false;
        }
        self.stop_wheels();
        self.mode = Mode::Idle;
        self.cyclic.ending = None;
        self.say(seq, &BoardAnswer::Done);
        true
    }

    /// Stops the arm for this reason, unless something has stopped it already.
    pub(super) fn trip_because(&mut self, reason: TripReason, joint: Option<u8>) {
        if self.trip.is_some() || self.mode != Mode::Cyclic {
            return;
        }
        self.trip = Some(Trip {
            reason,
            joint,
            at_us: micros(self.now),
            last_frame_us: micros(self.last_frame),
        });
        self.begin_stopping();
    }
}

/// A number in a joint's reply, and its complaints.
fn decoded(sound: &SoundSetup, place: usize, reply: &Reply, role: Role) -> Option<(i32, u8)> {
    let data = reply.result.ok()?;
    let register = sound.register(place, role)?;
    let counts = register.decode_in_block(sound.read.address, data.bytes())?;
    Some((counts, data.flags.0))
}
