//! What servos feel, and whether they have torque: asked of one at a time in what time a cycle leaves, or taken from a full state.

use ulna_bus::engine::{Reply, Request};
use ulna_bus::registers::{Role, Span};

use super::Board;
use super::cycle::{ABSENT_AFTER, Ask};
use crate::limiter::Limiter;
use crate::message::{JointFeeling, TripReason};
use crate::setup::FEELINGS;

/// So many readings in a row above a limit stop the arm: a motor that starts draws much for a moment, and one reading may be wrong.
const CONFIRMED: u8 = 5;

impl Board {
    /// Asks the servo whose turn it is what it feels or, in turns with that, whether it has torque, if there is time before the next cycle.
    ///
    /// A turn that is `overdue` takes its time from the next cycle.
    pub(super) fn ask_one(&mut self, overdue: bool) -> bool {
        if let Some((seq, recovery)) = self.cyclic.recovery {
            return self.ask_recovery(seq, recovery, overdue);
        }
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
        let over = self.now + self.engine.config().longest(span.len, 1);
        if !self.has_time(span, overdue) {
            return false;
        }
        self.cyclic.turn_taken = true;
        self.cyclic.turned = self.cyclic.cycle;
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

    /// Whether such a question to one servo is over before the next cycle begins, if it has to be, and before the dead-man's time is up.
    pub(super) fn has_time(&self, span: Span, overdue: bool) -> bool {
        let config = self.engine.config();
        let usual = self.now + config.occupancy(span.len, 1) + config.link.typical;
        (overdue || usual <= self.cyclic.next) && self.wire_is_free_in_time(span, 1)
    }

    /// What a reply says of what its servo feels; `asked` are the roles whose span was read, none for the span of a cycle.
    pub(super) fn felt(&self, place: usize, reply: &Reply, asked: &[Role]) -> Option<JointFeeling> {
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
    pub(super) fn feel(&mut self, feeling: JointFeeling) {
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

    /// Takes whether a servo has torque.
    pub(super) fn take_torque(&mut self, place: usize) {
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
        if on == 0 && !run.limp {
            run.settled = false;
            // Where it stands when it has torque again is where goals begin.
            run.limiter = Limiter::at(None);
            run.position = None;
        } else if on != 0 && run.limp {
            run.limiter = Limiter::at(run.position);
        }
        run.limp = on == 0;
        let feeling = JointFeeling {
            joint: u8::try_from(place).unwrap_or(u8::MAX),
            torque: Some(on != 0),
            ..JointFeeling::default()
        };
        let _ = self.cyclic.feelings.push(feeling);
    }
}
