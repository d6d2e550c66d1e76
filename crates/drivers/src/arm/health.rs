//! What servos feel: load, current, voltage and temperature.
//!
//! It never costs a tick: one servo is asked behind the positions where its answer comes before the next tick. Where that never
//! fits, as many servos as the wire has time for are asked together in the place of one question for positions, often enough that each
//! has its turn twice in two seconds.

use std::time::Duration;

use ulna_bus::engine::{GroupRead, MAX_SERVOS, Request};
use ulna_bus::health::Rotation;
use ulna_bus::registers::{Role, Span};
use ulna_core::{Health, Joints, Stamp};

use super::ServoArm;
use super::exchange::Question;
use super::health_report::Watching;
use super::servo::Servo;

/// What is read for it.
const ROLES: [Role; 4] = [
    Role::PresentLoad,
    Role::PresentCurrent,
    Role::PresentVoltage,
    Role::PresentTemperature,
];

/// Every servo is asked this often at least: twice in the two seconds in which it should answer once.
const AT_LEAST: Duration = Duration::from_millis(900);

impl ServoArm {
    /// From now on one servo each `every` is asked what it feels where there is time for it, and less often where there is not.
    pub fn watch_health(&mut self, every: Duration) {
        self.watching = Some(Watching {
            rotation: Rotation::new(every),
            asked_at: Joints::filled(self.servos.len(), Stamp::ZERO),
        });
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

    fn span_of(&self, id: u8) -> Option<Span> {
        let servo = self.servos.iter().find(|servo| servo.id == id)?;
        servo.model.table.span(&ROLES)
    }

    fn living<'a>(&self, out: &'a mut [u8; MAX_SERVOS]) -> &'a [u8] {
        let mut count = 0;
        for (place, id) in out.iter_mut().zip(self.roster.living()) {
            *place = id;
            count += 1;
        }
        &out[..count]
    }

    /// Asks the next so many servos, as far as their registers lie in the same place.
    pub(super) fn ask_health(&mut self, now: Duration, servos: usize) {
        let (Some(watching), Some(span)) = (self.watching, self.health_span()) else {
            return;
        };
        let (mut alive, mut next) = ([0; MAX_SERVOS], [0; MAX_SERVOS]);
        let alive = self.living(&mut alive);
        let count = watching
            .rotation
            .next(alive, &mut next[..servos.min(MAX_SERVOS)]);
        let ids = &next[..count];
        let same = ids.iter().take_while(|&&id| self.span_of(id) == Some(span));
        let ids = &ids[..same.count()];
        let Some(&last) = ids.last() else {
            return;
        };
        let end = now + self.engine.config().longest(span.len, ids.len());
        let read = GroupRead {
            address: span.address,
            len: span.len,
            ids,
        };
        let request = Request::Cycle {
            write: None,
            read: Some(read),
        };
        if self.engine.begin(now, &request, end).is_ok() {
            if let Some(watching) = &mut self.watching {
                watching.rotation.took_turn(now, last);
                let joints = self.servos.iter().zip(watching.asked_at.iter_mut());
                for (_, asked_at) in joints.filter(|(servo, _)| ids.contains(&servo.id)) {
                    *asked_at = Stamp::new(now);
                }
            }
            self.opened(Question::Health);
        }
    }

    /// Takes the answers to a question of what servos feel.
    pub(super) fn take_health(&mut self) {
        for reply in self.engine.replies() {
            let Some(joint) = self.servos.iter().position(|servo| servo.id == reply.id) else {
                continue;
            };
            let servo = &mut self.servos[joint];
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
            servo.worst.take(&health);
            self.health[joint] = health;
        }
    }
}

/// What these counts mean.
#[allow(clippy::cast_possible_truncation)] // three digits of a sensor
fn felt(servo: &Servo, stamp: Stamp, counts: impl Fn(Role) -> Option<i32>) -> Health {
    let scales = &servo.model.scales;
    Health {
        stamp,
        volts: counts(Role::PresentVoltage).map(|counts| scales.voltage.of(counts).0 as f32),
        celsius: counts(Role::PresentTemperature)
            .map(|counts| scales.temperature.of(counts).0 as f32),
        load: counts(Role::PresentLoad).map(|counts| scales.load.of(counts).0 as f32),
        amperes: counts(Role::PresentCurrent).map(|counts| scales.current.of(counts).0 as f32),
    }
}
