//! The exchange with the servos in cyclic mode: goals out and positions in, in every cycle, and in what time is left what servos feel.

use core::time::Duration;

use heapless::Vec;
use ulna_bus::engine::{GroupEntry, GroupWrite, Reply, Request, Status};
use ulna_bus::registers::{Register, Role, Span};

use super::{Board, bump, micros};
use crate::limiter::Limiter;
use crate::message::{
    Answer, CycleState, JointFeeling, JointSample, MAX_JOINTS, Mode, Trip, TripReason,
};
use crate::setup::{FEELINGS, SoundSetup};

/// A joint that was not measured for longer than this gets no goals: if they moved on without it, it would leap to them when the cable makes
/// contact again.
const ABSENT_AFTER: Duration = Duration::from_millis(250);
/// A servo that is silent for longer is asked only now and then, since its silence costs the others time.
const PROBE_EVERY: Duration = Duration::from_millis(100);
/// So many readings in a row above a limit stop the arm: a motor that starts draws much for a moment, and one reading may be wrong.
const CONFIRMED: u8 = 5;
/// Where nothing is left of a cycle, every so many cycles one servo is asked whether it has torque.
const TORQUE_EVERY: u32 = 25;

/// Cyclic mode.
#[derive(Debug, Clone)]
pub(super) struct Cyclic {
    /// When the next cycle is due.
    next: Duration,
    /// When the newest cycle began.
    began: Duration,
    cycle: u32,
    asking: Option<Ask>,
    /// The number of the newest goals, and when they came.
    pub(super) goals: Option<(u16, Duration)>,
    /// The number of the goals that the newest cycle sent.
    sent: Option<u16>,
    limited: u16,
    pub(super) joints: [JointRun; MAX_JOINTS],
    /// Whose turn it is, and with which question.
    turn: usize,
    /// In this cycle the turn was taken.
    turn_taken: bool,
    feelings: Vec<JointFeeling, MAX_JOINTS>,
    /// How often what stops the arm is still to be written: at once, then with each cycle.
    pub(super) stops_left: u8,
    pub(super) stop_due: bool,
    /// The stop command that is to be answered.
    pub(super) ending: Option<u16>,
}

/// What the open question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    State,
    Feeling(usize),
    Torque(usize),
}

/// One joint in cyclic mode.
#[derive(Debug, Clone, Copy)]
pub(super) struct JointRun {
    pub(super) limiter: Limiter,
    /// Where it was last, counts.
    pub(super) position: Option<i32>,
    measured: Duration,
    asked: Duration,
    sample: JointSample,
    /// Its servo says that it has no torque.
    pub(super) limp: bool,
    pub(super) over_current: u8,
    pub(super) over_heat: u8,
}

impl JointRun {
    const UNKNOWN: Self = Self {
        limiter: Limiter::at(None),
        position: None,
        measured: Duration::ZERO,
        asked: Duration::ZERO,
        sample: JointSample::Silent,
        limp: false,
        over_current: 0,
        over_heat: 0,
    };
}

impl Cyclic {
    pub(super) const NONE: Self = Self {
        next: Duration::ZERO,
        began: Duration::ZERO,
        cycle: 0,
        asking: None,
        goals: None,
        sent: None,
        limited: 0,
        joints: [JointRun::UNKNOWN; MAX_JOINTS],
        turn: 0,
        turn_taken: false,
        feelings: Vec::new(),
        stops_left: 0,
        stop_due: false,
        ending: None,
    };

    pub(super) fn starting(now: Duration, sound: &SoundSetup) -> Self {
        let mut cyclic = Self {
            next: now,
            began: now,
            ..Self::NONE
        };
        for (run, joint) in cyclic.joints.iter_mut().zip(&sound.setup.joints) {
            run.measured = now;
            if joint.wheel {
                run.limiter = Limiter::at(Some(0));
            }
        }
        cyclic
    }
}

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
            if self.cyclic.turn_taken || sound.setup.full_state || !self.ask_one() {
                return self.cyclic.next;
            }
        } else {
            let everything = sound.setup.full_state || sound.setup.rate_hz == 0;
            let torque = everything && self.cyclic.cycle % TORQUE_EVERY == TORQUE_EVERY - 1;
            let asked = torque && !self.cyclic.turn_taken && self.ask_one();
            if !asked && !self.begin_cycle() {
                return self.dead_man_at().unwrap_or(Duration::MAX);
            }
        }
        self.advance_engine(&[]).unwrap_or(self.now)
    }

    /// The wire is to be free when the dead-man's time is up, so that the arm is stopped at that moment.
    fn wire_is_free_in_time(&self, span: Span, servos: usize) -> bool {
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

    /// Joints that were silent for long get no goal, and none from before when they are back. Wheels without fresh goals stand.
    fn leave_absent_alone(&mut self) {
        let Some(sound) = &self.setup else { return };
        let stale = match self.cyclic.goals {
            Some((_, at)) => self.now.saturating_sub(at) > sound.dead_man(),
            None => false,
        };
        for (run, joint) in self.cyclic.joints.iter_mut().zip(&sound.setup.joints) {
            let silent = self.now.saturating_sub(run.measured) > ABSENT_AFTER;
            match joint.wheel {
                true if stale => run.limiter.want(Some(0)),
                false if silent => {
                    run.limiter = Limiter::at(None);
                    run.position = None;
                }
                _ => {}
            }
        }
    }

    /// Puts this cycle's goals on the wire, each as near to what the host wants as its limits allow.
    fn send_goals(&mut self, since: Duration) {
        self.cyclic.limited = 0;
        self.cyclic.sent = None;
        if self.trip.is_some() || self.cyclic.ending.is_some() {
            return;
        }
        let Some(sound) = &self.setup else { return };
        let mut goals = [None; MAX_JOINTS];
        for (place, joint) in sound.setup.joints.iter().enumerate() {
            let run = &mut self.cyclic.joints[place];
            let next = run.limiter.next(&joint.limits, since);
            let Some(next) = next.filter(|_| !run.limp) else {
                continue;
            };
            if next.limited {
                self.cyclic.limited |= 1 << place;
            }
            goals[place] = Some(next.counts);
        }
        if self.cyclic.limited != 0 {
            bump(&mut self.counters.limited);
        }
        if goals.iter().any(Option::is_some) {
            self.cyclic.sent = self.cyclic.goals.map(|(seq, _)| seq);
        }
        self.post_goals(&goals);
    }

    /// Writes these goals, in one packet for joints and one for wheels.
    pub(super) fn post_goals(&mut self, goals: &[Option<i32>; MAX_JOINTS]) {
        let Some(sound) = &self.setup else { return };
        for (register, wheels) in [(sound.speed_goal, true), (sound.position_goal, false)] {
            let Some(register) = register else { continue };
            let mut values = [None; MAX_JOINTS];
            for (place, joint) in sound.setup.joints.iter().enumerate() {
                if joint.wheel == wheels {
                    values[place] = goals[place];
                }
            }
            post(
                &mut self.engine,
                &mut self.to_bus,
                self.now,
                sound,
                &register,
                &values,
            );
        }
    }

    /// Asks the servo whose turn it is what it feels or, in turns with that, whether it has torque, if there is time before the next cycle.
    fn ask_one(&mut self) -> bool {
        let Some(sound) = &self.setup else {
            return false;
        };
        let joints = sound.models.len();
        let (place, torque) = (
            self.cyclic.turn % joints,
            self.cyclic.turn / joints % 2 == 1 || sound.setup.full_state,
        );
        let (Some(model), Some(joint)) = (sound.models.get(place), sound.setup.joints.get(place))
        else {
            return false;
        };
        let roles = match torque {
            true => &[Role::TorqueEnable][..],
            false => &FEELINGS[..],
        };
        let Some(span) = model.table.span(roles) else {
            return false;
        };
        let config = self.engine.config();
        let usual = self.now + config.occupancy(span.len, 1) + config.link.typical;
        let over = self.now + config.longest(span.len, 1);
        let in_time =
            sound.setup.rate_hz == 0 || sound.setup.full_state || usual <= self.cyclic.next;
        if !in_time || !self.wire_is_free_in_time(span, 1) {
            return false;
        }
        self.cyclic.turn_taken = true;
        self.cyclic.turn = self.cyclic.turn.wrapping_add(1) % (2 * joints);
        let run = &self.cyclic.joints[place];
        if self.now.saturating_sub(run.measured) > ABSENT_AFTER {
            return false;
        }
        let ids = [joint.id];
        let request = Request::group_read(span.address, span.len, &ids);
        if self.engine.begin(self.now, &request, over).is_err() {
            return false;
        }
        self.cyclic.asking = Some(match torque {
            true => Ask::Torque(place),
            false => Ask::Feeling(place),
        });
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
        }
    }

    fn take_state(&mut self) {
        let Some(sound) = &self.setup else { return };
        let full = sound.setup.full_state;
        for run in &mut self.cyclic.joints {
            run.sample = JointSample::Silent;
        }
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
            // One that was away begins from where it is.
            if run.position.is_none() && !joints[place].wheel {
                run.limiter = Limiter::at(Some(counts));
            }
            run.position = Some(counts);
            run.measured = self.now;
            if full && let Some(feeling) = self.felt(place, reply, &[]) {
                // Cannot fail: there are no more replies than joints.
                let _ = felt.push(feeling);
            }
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
        self.say(seq, &Answer::State(state));
    }

    /// What a reply says of what its servo feels; `asked` are the roles whose span was read, none for the span of a cycle.
    fn felt(&self, place: usize, reply: &Reply, asked: &[Role]) -> Option<JointFeeling> {
        let sound = self.setup.as_ref()?;
        let span = match asked {
            [] => sound.read,
            roles => sound.models.get(place)?.table.span(roles)?,
        };
        let data = reply.result.ok()?;
        let counts = |role| {
            let register = sound.register(place, role)?;
            let counts = register.decode_in_block(span.address, data.bytes())?;
            i16::try_from(counts).ok()
        };
        Some(JointFeeling {
            joint: u8::try_from(place).ok()?,
            load: counts(Role::PresentLoad),
            current: counts(Role::PresentCurrent),
            voltage: counts(Role::PresentVoltage),
            temperature: counts(Role::PresentTemperature),
            torque: None,
        })
    }

    /// Takes what a servo feels, and stops the arm if it is too much.
    fn feel(&mut self, feeling: JointFeeling) {
        let place = usize::from(feeling.joint);
        let limits = self.setup.as_ref().and_then(|sound| {
            let joint = sound.setup.joints.get(place)?;
            Some(joint.limits)
        });
        if let (Some(limits), Some(run)) = (limits, self.cyclic.joints.get_mut(place)) {
            let above = |value: Option<i16>, limit: Option<u16>| {
                let (value, limit) = (value?.unsigned_abs(), limit?);
                Some(value > limit)
            };
            let current = above(feeling.current, limits.current);
            let heat = above(feeling.temperature, limits.celsius.map(u16::from));
            let mut reason = None;
            for (count, is_above, why) in [
                (&mut run.over_current, current, TripReason::Current),
                (&mut run.over_heat, heat, TripReason::Temperature),
            ] {
                *count = match is_above {
                    Some(true) => count.saturating_add(1),
                    Some(false) => 0,
                    None => *count,
                };
                if *count >= CONFIRMED {
                    reason = Some(why);
                }
            }
            if let Some(reason) = reason {
                self.trip_because(reason, Some(feeling.joint));
            }
        }
        // If there is no room, the newest of this cycle are reported already.
        let _ = self.cyclic.feelings.push(feeling);
    }

    fn take_torque(&mut self, place: usize) {
        let Some(sound) = &self.setup else { return };
        let reply = self.engine.replies().first();
        let register = sound.register(place, Role::TorqueEnable);
        let (Some(reply), Some(register)) = (reply, register) else {
            return;
        };
        let on = reply
            .result
            .ok()
            .and_then(|data| register.decode(data.bytes()));
        let (Some(on), Some(run)) = (on, self.cyclic.joints.get_mut(place)) else {
            return;
        };
        run.limp = on == 0;
        if run.limp {
            // Where it stands when it has torque again is where goals begin.
            run.limiter = Limiter::at(None);
            run.position = None;
        }
        let feeling = JointFeeling {
            joint: u8::try_from(place).unwrap_or(u8::MAX),
            torque: Some(on != 0),
            ..JointFeeling::default()
        };
        let _ = self.cyclic.feelings.push(feeling);
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
        self.say(seq, &Answer::Done);
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

/// Writes these values of one register in one packet.
pub(super) fn post<const N: usize>(
    engine: &mut ulna_bus::engine::Engine<MAX_JOINTS>,
    to_bus: &mut super::outbox::Outbox<N>,
    now: Duration,
    sound: &SoundSetup,
    register: &Register,
    values: &[Option<i32>; MAX_JOINTS],
) {
    let mut entries: Vec<GroupEntry, MAX_JOINTS> = Vec::new();
    for (joint, value) in sound.setup.joints.iter().zip(values) {
        if let Some(Ok(bytes)) = value.map(|value| register.encode(value)) {
            // Cannot fail: there are as many places as joints.
            let _ = entries.push(GroupEntry {
                id: joint.id,
                data: bytes.padded(),
            });
        }
    }
    if entries.is_empty() {
        return;
    }
    let write = GroupWrite {
        address: register.address,
        width: register.width,
        entries: &entries,
    };
    // Ids and widths were checked with the setup, so nothing is left to refuse.
    if let Ok(bytes) = engine.post(now, &write) {
        to_bus.push(bytes);
    }
}
