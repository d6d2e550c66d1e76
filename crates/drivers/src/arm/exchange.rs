//! One tick's exchange with the servos of one bus: goals out, state in.

use std::time::Duration;

use ulna_bus::engine::{GroupEntry, GroupRead, GroupWrite, MAX_SERVOS, Request, Status};
use ulna_bus::health::Change;
use ulna_bus::registers::Register;
use ulna_core::{LinkLost, Progress, SafeSlice, Stamp};

use super::ServoArm;

/// Bytes of one burst: the goals of wheels, those of joints, and the request for the state.
const BURST: usize = 768;

impl ServoArm {
    /// Starts a tick's exchange; `goals` are those of this bus, one for each joint.
    pub(crate) fn start(
        &mut self,
        now: Stamp,
        goals: Option<SafeSlice<'_>>,
        deadline: Stamp,
    ) -> Result<(), LinkLost> {
        let mut entries = [GroupEntry {
            id: 0,
            data: [0; 4],
        }; MAX_SERVOS];
        let count = goals.map_or(0, |goals| self.fill_positions(&mut entries, &goals));
        self.welcome_back();
        let write = self.layout.goal.filter(|_| count > 0);
        let write = write.map(|goal| GroupWrite {
            address: goal.address,
            width: goal.width,
            entries: &entries[..count],
        });
        self.deadline = deadline;
        self.health_asked();
        self.discard_input(now)?;
        let (mut burst, mut len) = ([0; BURST], 0);
        if let Some(goals) = goals.filter(|_| self.base.is_some()) {
            self.take_speeds(&goals);
            self.begin_speeds(now, deadline);
            len = self.put_speeds(&mut burst);
        }
        let asked = self.roster.ids_to_read(now.since_epoch());
        let read = (!asked.is_empty()).then_some(GroupRead {
            address: self.layout.read.address,
            len: self.layout.read.len,
            ids: asked,
        });
        // Ids and lengths were checked when the robot file was read, so only "nothing to do" is left to refuse.
        let request = Request::Cycle { write, read };
        self.under_way = self
            .engine
            .begin(now.since_epoch(), &request, deadline.since_epoch())
            .is_ok();
        len += copied(self.engine.transmit(), &mut burst[len..]);
        self.put(now, &burst[..len])
    }

    /// A servo that is limp, or was when these goals were made, gets none.
    fn fill_positions(&self, entries: &mut [GroupEntry], goals: &SafeSlice<'_>) -> usize {
        let joints = self.servos.iter().zip(goals.iter()).enumerate();
        let joints = joints.filter(|(joint, (servo, _))| {
            !servo.is_wheel() && !goals.is_left_alone(*joint) && !servo.torque.is_limp()
        });
        let mut count = 0;
        for (entry, (_, (servo, &goal))) in entries.iter_mut().zip(joints) {
            if let Some(encoded) = encoded(&servo.goal, servo.id, servo.counts(goal)) {
                *entry = encoded;
                count += 1;
            }
        }
        count
    }

    /// The speeds of the wheels that move the base as the last three goals say.
    fn take_speeds(&mut self, goals: &[f64]) {
        let (Some(base), Some((_, body))) = (&self.base, goals.split_last_chunk::<3>()) else {
            return;
        };
        let wheels = self.servos.iter().filter(|servo| servo.is_wheel());
        for ((counts, servo), speed) in self.speeds.iter_mut().zip(wheels).zip(base.wheels(*body)) {
            *counts = servo.counts(speed);
        }
        self.speeds_due = true;
    }

    /// Puts the goals of the wheels into a packet of their own: they lie elsewhere than those of joints.
    fn begin_speeds(&mut self, now: Stamp, deadline: Stamp) {
        let Some(goal) = self.layout.speed_goal else {
            return;
        };
        let mut entries = [GroupEntry {
            id: 0,
            data: [0; 4],
        }; 3];
        let wheels = self.servos.iter().filter(|servo| servo.is_wheel());
        for ((entry, servo), &counts) in entries.iter_mut().zip(wheels).zip(&self.speeds) {
            if let Some(encoded) = encoded(&goal, servo.id, counts) {
                *entry = encoded;
            }
        }
        let write = Some(GroupWrite {
            address: goal.address,
            width: goal.width,
            entries: &entries,
        });
        let request = Request::Cycle { write, read: None };
        let begun = self
            .engine
            .begin(now.since_epoch(), &request, deadline.since_epoch());
        debug_assert!(begun.is_ok(), "{begun:?}");
    }

    /// The packet of the wheels, unless answers are still expected on the line: then it leaves later.
    fn put_speeds(&mut self, burst: &mut [u8]) -> usize {
        let len = copied(self.engine.transmit(), burst);
        self.speeds_due = len == 0;
        len
    }

    /// Bytes that came after an earlier exchange had ended belong to nothing.
    fn discard_input(&mut self, now: Stamp) -> Result<(), LinkLost> {
        let mut bin = [0; 256];
        while self.receive(now, &mut bin)? == bin.len() {}
        Ok(())
    }

    fn receive(&mut self, now: Stamp, into: &mut [u8]) -> Result<usize, LinkLost> {
        self.bus.link().read(now.since_epoch(), into)
    }

    fn put(&mut self, now: Stamp, bytes: &[u8]) -> Result<(), LinkLost> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.bus.link().write(now.since_epoch(), bytes)
    }

    fn send(&mut self, now: Stamp) -> Result<(), LinkLost> {
        let mut burst = [0; BURST];
        let len = copied(self.engine.transmit(), &mut burst);
        self.put(now, &burst[..len])
    }

    pub(crate) fn carry_on(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        if !self.under_way {
            return Ok(Progress::Done);
        }
        let mut buffer = [0; 256];
        let count = self.receive(now, &mut buffer)?;
        let status = self.engine.step(now.since_epoch(), &buffer[..count]);
        self.send(now)?;
        match status {
            Status::Waiting { until } => {
                let arrival = self.bus.link().next_arrival().unwrap_or(Duration::MAX);
                Ok(Progress::Waiting {
                    until: Stamp::new(until.min(arrival)),
                })
            }
            Status::Done
                if self
                    .watching
                    .is_some_and(|watching| watching.asked.is_some()) =>
            {
                self.under_way = false;
                if let Some(asked) = self.health_asked() {
                    self.take_asked(asked, now);
                }
                // A tick may have time for more than one question of a servo on its way back.
                if self.comes_back() && self.ask_comeback(now) {
                    return self.await_asked(now);
                }
                Ok(Progress::Done)
            }
            Status::Done => {
                self.under_way = false;
                self.take_replies(now);
                if self.speeds_due {
                    self.begin_speeds(now, Stamp::new(now.since_epoch() + LATE_SPEEDS));
                    let mut burst = [0; BURST];
                    let len = self.put_speeds(&mut burst);
                    self.put(now, &burst[..len])?;
                } else if self.comes_back() && self.ask_comeback(now) || self.ask_health(now) {
                    return self.await_asked(now);
                }
                Ok(Progress::Done)
            }
        }
    }

    /// Sends what was asked behind the cycle.
    fn await_asked(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.under_way = true;
        self.send(now)?;
        let arrival = self.bus.link().next_arrival();
        Ok(Progress::Waiting {
            until: arrival.map_or(self.deadline, Stamp::new).min(self.deadline),
        })
    }

    fn take_replies(&mut self, now: Stamp) {
        self.state.stamp = now;
        for reply in self.engine.replies() {
            let Some(joint) = self.servos.iter().position(|servo| servo.id == reply.id) else {
                continue;
            };
            let servo = &mut self.servos[joint];
            let start = self.layout.read.address;
            let counts = reply
                .result
                .ok()
                .and_then(|data| servo.present.decode_in_block(start, data.bytes()));
            if self.roster.record_reply(reply) == Change::Returned {
                servo.torque.doubt();
            }
            self.health[joint].restarts = servo.restarts;
            if let Ok(data) = reply.result {
                self.health[joint].alarms = data.flags.0;
            }
            let believed = |counts: &i32| servo.believes(Stamp::new(reply.at), *counts);
            let Some(counts) = counts.filter(believed) else {
                continue;
            };
            let (value, is_wheel) = (servo.value(counts), servo.is_wheel());
            if is_wheel {
                let wheel = joint - self.first_wheel();
                self.wheels[wheel] = value;
                self.wheels_measured[wheel] = Stamp::new(reply.at);
            } else {
                self.state.position[joint] = value;
                self.state.measured[joint] = Stamp::new(reply.at);
            }
        }
        self.state_of_base();
    }

    /// Wheels are the last three joints.
    fn first_wheel(&self) -> usize {
        self.servos.len() - self.wheels.len()
    }

    /// The numbers of a base in the place of its wheels' speeds; as old as the oldest of these.
    fn state_of_base(&mut self) {
        let Some(base) = &self.base else { return };
        let first = self.first_wheel();
        let body = base.body(self.wheels);
        self.state.position[first..].copy_from_slice(&body);
        let oldest = self.wheels_measured.iter().min().copied();
        self.state.measured[first..].fill(oldest.unwrap_or_default());
    }
}

/// A packet of wheels that could not leave with the burst has this long.
const LATE_SPEEDS: Duration = Duration::from_millis(1);

fn encoded(goal: &Register, id: u8, counts: i32) -> Option<GroupEntry> {
    let bytes = goal.encode(counts).ok()?;
    Some(GroupEntry {
        id,
        data: bytes.padded(),
    })
}

fn copied(from: &[u8], to: &mut [u8]) -> usize {
    let len = from.len().min(to.len());
    to[..len].copy_from_slice(&from[..len]);
    len
}
