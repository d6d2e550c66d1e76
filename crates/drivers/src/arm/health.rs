//! What servos feel: load, current, voltage and temperature, one servo after the other behind the cycles of the control loop.

use std::time::Duration;

use ulna_bus::engine::{GroupRead, Request};
use ulna_bus::health::Rotation;
use ulna_bus::registers::{Role, Span};
use ulna_core::{Health, Stamp};

use super::ServoArm;
use super::comeback::Torque;
use super::health_report::{Asked, Watching};
use super::servo::Servo;

/// What is read for it.
const ROLES: [Role; 4] = [
    Role::PresentLoad,
    Role::PresentCurrent,
    Role::PresentVoltage,
    Role::PresentTemperature,
];

/// The answer must come this long before the tick's deadline, or it is not asked for.
pub(super) const ROOM: Duration = Duration::from_micros(1500);

impl ServoArm {
    /// From now on one servo each `every` is asked what it feels, behind a cycle that has time for it.
    pub fn watch_health(&mut self, every: Duration) {
        self.watching = Some(Watching {
            rotation: Rotation::new(every),
            torque_round: false,
            last: 0,
            asked: None,
            last_comeback: 0,
        });
    }

    /// Asks the servo whose turn it is, if there is one and time is left; true if an answer is awaited.
    pub(super) fn ask_health(&mut self, now: Stamp) -> bool {
        let Some(watching) = &mut self.watching else {
            return false;
        };
        watching.asked = None;
        if now + ROOM > self.deadline {
            return false;
        }
        let replies = self.engine.replies().iter();
        let alive = replies
            .filter(|reply| reply.result.is_ok())
            .map(|reply| reply.id);
        let Some(id) = watching.rotation.next(now.since_epoch(), alive) else {
            return false;
        };
        let Some(joint) = self.servos.iter().position(|servo| servo.id == id) else {
            return false;
        };
        // A round of what they feel, then one of whether they have torque.
        if joint <= watching.last {
            watching.torque_round = !watching.torque_round;
        }
        watching.last = joint;
        let torque = watching.torque_round && self.servos[joint].torque == Torque::On;
        let roles = match torque {
            true => &[Role::TorqueEnable][..],
            false => &ROLES[..],
        };
        let Some(Span { address, len }) = self.servos[joint].model.table.span(roles) else {
            return false;
        };
        let read = Some(GroupRead {
            address,
            len,
            ids: &[id],
        });
        let request = Request::Cycle { write: None, read };
        let (begin, end) = (now.since_epoch(), self.deadline.since_epoch());
        let begun = self.engine.begin(begin, &request, end).is_ok();
        let asked = match torque {
            true => Asked::Torque(joint),
            false => Asked::Health(joint),
        };
        watching.asked = begun.then_some(asked);
        begun
    }

    /// Whose answer is awaited; none after this.
    pub(super) fn health_asked(&mut self) -> Option<Asked> {
        self.watching.as_mut()?.asked.take()
    }

    /// Takes the answer to what was asked behind the cycle.
    pub(super) fn take_asked(&mut self, asked: Asked, now: Stamp) {
        match asked {
            Asked::Health(joint) => self.take_health(joint),
            Asked::Comeback(joint) => self.take_comeback(joint, now),
            Asked::Torque(joint) => {
                let id = self.servos[joint].id;
                let reply = self.engine.replies().iter().find(|reply| reply.id == id);
                let on = reply.and_then(|reply| self.value(joint, Role::TorqueEnable, reply));
                if let Some(on) = on {
                    self.take_torque(joint, on, now);
                }
            }
        }
    }

    /// Takes the answer of this joint's servo, if it came.
    fn take_health(&mut self, joint: usize) {
        let servo = &mut self.servos[joint];
        let Some(Span { address, .. }) = servo.model.table.span(&ROLES) else {
            return;
        };
        let mine = self
            .engine
            .replies()
            .iter()
            .find(|reply| reply.id == servo.id);
        let Some((reply, data)) = mine.and_then(|reply| Some((reply, reply.result.ok()?))) else {
            return;
        };
        let counts = |role| {
            let register = servo.model.table.find(role)?;
            register.decode_in_block(address, data.bytes())
        };
        let health = felt(servo, Stamp::new(reply.at), counts);
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
fn felt(servo: &Servo, stamp: Stamp, counts: impl Fn(Role) -> Option<i32>) -> Health {
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
