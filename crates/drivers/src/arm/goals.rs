//! Goals on their way to the wire: encoded when the tick hands them over, sent when no answer is in the way.

use ulna_bus::engine::{Engine, GroupEntry, GroupWrite};
use ulna_bus::registers::Register;
use ulna_core::SafeSlice;

use super::ServoArm;
use super::outgoing::{Burst, NO_GOAL};

impl ServoArm {
    /// Takes over this tick's goals, one for each joint of this bus.
    pub(super) fn take_goals(&mut self, goals: &SafeSlice<'_>) {
        let joints = self.servos.iter().zip(goals.iter()).enumerate();
        // A servo that is limp, or was when these goals were made, gets none.
        let joints = joints.filter(|(joint, (servo, _))| {
            !servo.is_wheel() && !goals.is_left_alone(*joint) && !servo.torque.is_limp()
        });
        let mut count = 0;
        for (entry, (_, (servo, &goal))) in self.outgoing.positions.iter_mut().zip(joints) {
            if let Some(encoded) = encoded(&servo.goal, servo.id, servo.counts(goal)) {
                *entry = encoded;
                count += 1;
            }
        }
        self.outgoing.count = count;
        self.outgoing.speeds = self.speeds(goals);
        self.outgoing.due = count > 0 || self.outgoing.speeds.is_some();
    }

    /// The speeds of the wheels that move the base as the last three goals say.
    fn speeds(&self, goals: &[f64]) -> Option<[GroupEntry; 3]> {
        let (base, (_, body)) = (self.base.as_ref()?, goals.split_last_chunk::<3>()?);
        let register = self.layout.speed_goal?;
        let wheels = self.servos.iter().filter(|servo| servo.is_wheel());
        let mut entries = [NO_GOAL; 3];
        for ((entry, servo), speed) in entries.iter_mut().zip(wheels).zip(base.wheels(*body)) {
            *entry = encoded(&register, servo.id, servo.counts(speed))?;
        }
        Some(entries)
    }

    /// Puts the goals into a burst that is sent now.
    pub(super) fn send_goals_in(&mut self, now: std::time::Duration, burst: &mut Burst) {
        self.outgoing.due = false;
        let Self {
            engine,
            outgoing,
            layout,
            ..
        } = self;
        let positions = &outgoing.positions[..outgoing.count];
        for (register, entries) in [
            (
                layout.speed_goal,
                outgoing.speeds.as_ref().map(|all| &all[..]),
            ),
            (layout.goal, Some(positions).filter(|all| !all.is_empty())),
        ] {
            if let (Some(register), Some(entries)) = (register, entries) {
                post(engine, now, &register, entries, burst);
            }
        }
    }
}

fn post(
    engine: &mut Engine,
    now: std::time::Duration,
    register: &Register,
    entries: &[GroupEntry],
    burst: &mut Burst,
) {
    let write = GroupWrite {
        address: register.address,
        width: register.width,
        entries,
    };
    // Ids and widths were checked when the robot file was read, so nothing is left to refuse.
    let posted = engine.post(now, &write);
    debug_assert!(posted.is_ok(), "{posted:?}");
    burst.push(posted.unwrap_or_default());
}

fn encoded(goal: &Register, id: u8, counts: i32) -> Option<GroupEntry> {
    let bytes = goal.encode(counts).ok()?;
    Some(GroupEntry {
        id,
        data: bytes.padded(),
    })
}
