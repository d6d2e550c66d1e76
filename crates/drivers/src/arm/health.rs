//! What servos feel: load, current, voltage and temperature.
//!
//! It never costs a tick: one servo is asked behind the positions where its answer comes before the next tick. Where that never
//! fits, as many servos as the wire has time for are asked together in the place of one question for positions, often enough that each
//! has its turn twice in two seconds.

use std::time::Duration;

use ulna_bus::engine::{MAX_SERVOS, Request};
use ulna_bus::health::Rotation;
use ulna_bus::registers::{Role, Span};
use ulna_core::{Health, Joints, Stamp};

use super::ServoArm;
use super::health_report::Watching;
use super::question::Question;
use super::servo::Servo;
use super::torque::Torque;

/// What is read for it.
const ROLES: [Role; 4] = [
    Role::PresentLoad,
    Role::PresentCurrent,
    Role::PresentVoltage,
    Role::PresentTemperature,
];

/// Every servo is asked this often at least, what it feels and whether it has torque in turns: what it feels twice in the two seconds in which it
/// should answer once.
const AT_LEAST: Duration = Duration::from_millis(450);

impl ServoArm {
    /// From now on one servo each `every` is asked what it feels where there is time for it, and less often where there is not.
    pub fn watch_health(&mut self, every: Duration) {
        self.watching = Some(Watching {
            rotation: Rotation::new(every),
            torque_next: 0,
            asked_at: Joints::filled(self.servos.len(), Stamp::ZERO),
            last_comeback: 0,
        });
    }

    /// In the first tick no servo has waited long: positions come first.
    pub(super) fn begin_watching(&mut self, now: Stamp) {
        if let Some(watching) = &mut self.watching {
            let unasked = watching.asked_at.iter_mut();
            unasked
                .filter(|asked_at| **asked_at == Stamp::ZERO)
                .for_each(|asked_at| *asked_at = now);
        }
    }

    /// Asks the servo whose turn it is behind the positions of this tick, if its answer comes in time.
    pub(super) fn ask_health_behind(&mut self, now: Duration) {
        let due = |watching: Watching| watching.rotation.is_due(now);
        if !self.watching.is_some_and(due) {
            return;
        }
        let Some(span) = self.health_span() else {
            return;
        };
        let wire = self.engine.config().group_wire_time(span.len, 1);
        let answered = now + wire + self.link.estimate.slowest();
        if answered <= self.turn.next.since_epoch() && self.fits(now, span.len, 1) {
            self.ask_health(now, 1);
        }
    }

    /// How many servos are to be asked together in the place of positions, if they have waited too long: as many as the wire has time for
    /// in a tick.
    pub(super) fn overdue_health(&self, now: Duration) -> Option<usize> {
        let watching = self.watching?;
        let next = self.next_joint()?;
        let span = self.servos[next].model.table.span(&ROLES)?;
        if watching.asked_at[next].age(Stamp::new(now)) < AT_LEAST {
            return None;
        }
        let alive = self.roster.living().count();
        let together = match self.bus.family().protocol().has_sync_read() {
            true => alive,
            false => 1,
        };
        let began = self.turn.began.since_epoch();
        let servos = (1..=together)
            .rev()
            .find(|&servos| self.fits(began, span.len, servos));
        Some(servos.unwrap_or(1))
    }

    /// The joint of the servo whose turn it is.
    fn next_joint(&self) -> Option<usize> {
        let watching = self.watching?;
        let (mut alive, mut next) = ([0; MAX_SERVOS], [0]);
        let alive = self.living(&mut alive);
        match watching.rotation.next(alive, &mut next) {
            0 => None,
            _ => self.servos.iter().position(|servo| servo.id == next[0]),
        }
    }

    /// Where what that servo feels lies in its registers.
    fn health_span(&self) -> Option<Span> {
        self.servos[self.next_joint()?].model.table.span(&ROLES)
    }

    fn living<'a>(&self, out: &'a mut [u8; MAX_SERVOS]) -> &'a [u8] {
        let mut count = 0;
        for (place, id) in out.iter_mut().zip(self.roster.living()) {
            *place = id;
            count += 1;
        }
        &out[..count]
    }

    /// Asks the next so many servos what they feel or, in every other round, whether they have torque, as far as the registers lie in the
    /// same place.
    pub(super) fn ask_health(&mut self, now: Duration, servos: usize) {
        let (Some(mut watching), Some(joint)) = (self.watching, self.next_joint()) else {
            return;
        };
        let (mut alive, mut next) = ([0; MAX_SERVOS], [0; MAX_SERVOS]);
        let alive = self.living(&mut alive);
        let count = watching
            .rotation
            .next(alive, &mut next[..servos.min(MAX_SERVOS)]);
        let turn = &next[..count];
        // In turns what they feel, and whether they have torque.
        let wanted = watching.torque_next >> joint & 1 == 1;
        let asks_torque = |id: &&u8| {
            self.servo(**id)
                .is_some_and(|servo| servo.torque == Torque::On || servo.alert)
        };
        let torque = wanted && turn.iter().any(|id| asks_torque(&id));
        let (question, roles) = match torque {
            true => (Question::Torque, self.torque_roles()),
            false => (Question::Health, &ROLES[..]),
        };
        let asked = turn.iter().filter(|id| !torque || asks_torque(id));
        let span_of = |id: u8| self.servo(id)?.model.table.span(roles);
        let mut ids = [0; MAX_SERVOS];
        let mut len = 0;
        let mut span = None;
        for &id in asked {
            let here = span_of(id);
            if here.is_none() || *span.get_or_insert(here) != here {
                break;
            }
            ids[len] = id;
            len += 1;
        }
        let (Some(span), ids) = (span.flatten(), &ids[..len]) else {
            return;
        };
        let end = now + self.engine.config().longest(span.len, ids.len());
        let request = Request::group_read(span.address, span.len, ids);
        if self.engine.begin(now, &request, end).is_err() {
            return;
        }
        // In a round about torque a servo without has had its turn as well.
        let turn = match torque {
            true => &next[..count],
            false => ids,
        };
        for (joint, servo) in self.servos.iter().enumerate() {
            if turn.contains(&servo.id) {
                watching.asked_at[joint] = Stamp::new(now);
                watching.torque_next &= !(1 << joint);
                watching.torque_next |= u32::from(!torque) << joint;
            }
            if turn.last() == Some(&servo.id) {
                watching.rotation.took_turn(now, servo.id);
            }
        }
        self.watching = Some(watching);
        self.opened(question);
    }

    fn servo(&self, id: u8) -> Option<&Servo> {
        self.servos.iter().find(|servo| servo.id == id)
    }

    /// What is read to know whether servos have torque: with it, where answers say only that there are complaints, which these are.
    fn torque_roles(&self) -> &'static [Role] {
        match self.bus.family().protocol().answers_name_complaints() {
            true => &[Role::TorqueEnable],
            false => &[Role::TorqueEnable, Role::HardwareError],
        }
    }

    /// Takes the answers to a question of whether servos have torque.
    pub(super) fn take_torques(&mut self, now: Stamp) {
        let roles = self.torque_roles();
        for joint in 0..self.servos.len() {
            let (id, model) = (self.servos[joint].id, self.servos[joint].model);
            let reply = self.engine.replies().iter().find(|reply| reply.id == id);
            let data = reply.and_then(|reply| reply.result.ok());
            let (Some(data), Some(span)) = (data, model.table.span(roles)) else {
                continue;
            };
            let value = |role| {
                let register = model.table.find(role)?;
                register.decode_in_block(span.address, data.bytes())
            };
            if let Some(status) = value(Role::HardwareError) {
                self.servos[joint].complaints = model.family.complaints(status);
            }
            if let Some(on) = value(Role::TorqueEnable) {
                self.take_torque(joint, on, now);
            }
        }
    }

    /// Takes the answers to a question of what servos feel.
    pub(super) fn take_health(&mut self) {
        for index in 0..self.engine.replies().len() {
            let reply = self.engine.replies()[index];
            let Some(joint) = self.servos.iter().position(|servo| servo.id == reply.id) else {
                continue;
            };
            let servo = &self.servos[joint];
            let (Some(Span { address, .. }), Ok(data)) =
                (servo.model.table.span(&ROLES), reply.result)
            else {
                continue;
            };
            let counts = |role| {
                let register = servo.model.table.find(role)?;
                register.decode_in_block(address, data.bytes())
            };
            let health = felt(servo, Stamp::new(reply.measured), counts);
            self.note_health(joint, health);
        }
    }

    /// Notes what a joint's servo feels.
    pub(super) fn note_health(&mut self, joint: usize, health: Health) {
        let servo = &mut self.servos[joint];
        if !servo.torque.is_limp() {
            servo.best_volts = servo.best_volts.max(health.volts.unwrap_or(0.0));
        }
        servo.worst.take(&health);
        let Health {
            alarms, restarts, ..
        } = self.health[joint];
        self.health[joint] = Health {
            alarms,
            restarts,
            ..health
        };
    }
}

/// What these counts mean.
#[allow(clippy::cast_possible_truncation)] // three digits of a sensor
pub(super) fn felt(servo: &Servo, stamp: Stamp, counts: impl Fn(Role) -> Option<i32>) -> Health {
    let scales = &servo.model.scales;
    Health {
        stamp,
        volts: counts(Role::PresentVoltage).map(|counts| scales.voltage.of(counts).0 as f32),
        celsius: counts(Role::PresentTemperature)
            .map(|counts| scales.temperature.of(counts).0 as f32),
        load: counts(Role::PresentLoad).map(|counts| scales.load.of(counts).0 as f32),
        amperes: counts(Role::PresentCurrent).map(|counts| scales.current.of(counts).0 as f32),
        ..Health::default()
    }
}
