//! Goals on their way to the wire: encoded when the tick hands them over, sent when no answer is in the way.

use ulna_bus::engine::{Engine, GroupEntry, GroupWrite, MAX_SERVOS};
use ulna_bus::registers::Register;
use ulna_core::SafeSlice;

use super::ServoArm;

/// Bytes of one burst: the goals of wheels, those of joints, and a question.
pub(super) const BURST: usize = 1024;

const NO_GOAL: GroupEntry = GroupEntry {
    id: 0,
    data: [0; 4],
};

/// The goals of one tick that have not been sent yet; those of the next tick take their place.
#[derive(Debug)]
pub(super) struct Outgoing {
    positions: [GroupEntry; MAX_SERVOS],
    count: usize,
    /// The wheels' speeds, if there are wheels: they lie elsewhere than the goals of joints.
    speeds: Option<[GroupEntry; 3]>,
    /// Not sent yet.
    pub(super) due: bool,
}

impl Outgoing {
    pub(super) const NONE: Self = Self {
        positions: [NO_GOAL; MAX_SERVOS],
        count: 0,
        speeds: None,
        due: false,
    };
}

/// What is sent at once.
pub(super) struct Burst {
    bytes: [u8; BURST],
    len: usize,
}

impl Burst {
    pub(super) fn new() -> Self {
        Self {
            bytes: [0; BURST],
            len: 0,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = &mut self.bytes[self.len..];
        let count = bytes.len().min(room.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.len += count;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl ServoArm {
    /// Takes over this tick's goals, one for each joint of this bus.
    pub(super) fn take_goals(&mut self, goals: &SafeSlice<'_>) {
        let joints = self.servos.iter().zip(goals.iter());
        let joints = joints.filter(|(servo, _)| !servo.is_wheel());
        let mut count = 0;
        for (entry, (servo, &goal)) in self.outgoing.positions.iter_mut().zip(joints) {
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
