//! Goals on their way to the wire: each as near to what the host wants as its joint's limits allow.

use core::time::Duration;

use heapless::Vec;
use ulna_bus::engine::{GroupEntry, GroupWrite};
use ulna_bus::registers::Register;

use super::cycle::ABSENT_AFTER;
use super::{Board, bump};
use crate::limiter::Limiter;
use crate::message::MAX_JOINTS;
use crate::setup::{JointLimits, SoundSetup};

impl Board {
    /// Joints that were silent for long get no goal, and none from before when they are back. Wheels without fresh goals stand.
    pub(super) fn leave_absent_alone(&mut self) {
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
    pub(super) fn send_goals(&mut self, since: Duration) {
        self.cyclic.limited = 0;
        self.cyclic.sent = None;
        if self.trip.is_some() || self.cyclic.ending.is_some() {
            return;
        }
        let Some(sound) = &self.setup else { return };
        let mut goals = [None; MAX_JOINTS];
        for (place, joint) in sound.setup.joints.iter().enumerate() {
            let run = &mut self.cyclic.joints[place];
            // A goal that is not sent must not move on: it would leap once the joint has torque again.
            if run.limp {
                continue;
            }
            let Some(next) = run.limiter.next(&joint.limits, since) else {
                continue;
            };
            let sent = match joint.wheel {
                true => Some(next.counts),
                false => within_limits(next.counts, &joint.limits),
            };
            if next.limited || sent != Some(next.counts) {
                self.cyclic.limited |= 1 << place;
            }
            if sent.is_none() {
                // Far out of its limits, or one damaged answer says so: the next position tells.
                run.limiter.restart(run.position);
            }
            goals[place] = sent;
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
}

/// A goal that its joint's limits allow, no more than a step away from this one; none if there is none so near.
pub(super) fn within_limits(goal: i32, limits: &JointLimits) -> Option<i32> {
    let within = goal.clamp(limits.low, limits.high.max(limits.low));
    (within.abs_diff(goal) <= limits.step).then_some(within)
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
