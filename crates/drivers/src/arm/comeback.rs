//! Servos that lose their power in a session and come back limp: noticed, configured again, and brought back under torque.
//!
//! After a power dip a servo has torque 0, its maker's defaults in RAM and, if it counts turns, a new turn. So each servo's torque register is
//! looked at in turns, and at once when the servo was silent. One that should have torque and has none gets no goals (the gate hears of
//! it by [`Robot::limp`](ulna_core::Robot::limp)) until it has gone through the [`ReturnPhase`]s, one question after the other.

use core::time::Duration;

use ulna_bus::ErrorFlags;
use ulna_bus::engine::{Reply, Request};
use ulna_bus::registers::{Register, Role};
use ulna_core::Stamp;

use super::ServoArm;
use super::question::Question;
use super::servo::Servo;
use super::torque::{Comeback, ReturnPhase, Torque, WhyLimp};
use crate::servo_bus::LoopWrite;

/// A servo is brought back so often in one session; a supply that fails again and again needs a person.
pub(super) const MOST_COMEBACKS: u8 = 3;
/// With less than this part of the voltage that it had, a servo would only restart again.
const HEALTHY_VOLTS: f32 = 0.8;
/// From one look at a servo that is not well to the next.
const WAIT: Duration = Duration::from_millis(100);
/// Questions without a good answer after which it is given up.
const MOST_FAILURES: u8 = 50;
/// Between its torque and the end of a comeback the gate decides once at least, so that it knows that the joint was away.
const TICKS_APART: u8 = 1;
/// Complaints under which no torque is switched on. (A voltage outside limits that a supply has all the time is none.)
const UNWELL: u8 = ErrorFlags::ANGLE.0
    | ErrorFlags::OVERHEAT.0
    | ErrorFlags::OVER_CURRENT.0
    | ErrorFlags::OVERLOAD.0
    | ErrorFlags::ELECTRIC.0;

/// One question of a comeback.
pub(super) enum Step {
    Read(Register),
    Write(LoopWrite),
    /// The family has no such register: nothing to do.
    Skip,
}

impl ServoArm {
    /// The joints whose servos should have torque and have none, a bit mask. One limp wheel stops the base.
    pub(super) fn limp_joints(&self) -> u32 {
        let mut limp = 0;
        let wheels = self.servos.iter().filter(|servo| servo.is_wheel());
        let wheel_is_limp = wheels.clone().any(|servo| servo.torque.is_limp());
        for (joint, servo) in self.servos.iter().enumerate() {
            if servo.torque.is_limp() || servo.is_wheel() && wheel_is_limp {
                limp |= 1 << joint;
            }
        }
        limp
    }

    /// A tick begins.
    pub(super) fn welcome_back(&mut self) {
        for servo in &mut self.servos {
            servo.torque = match servo.torque {
                Torque::Back(0) => Torque::On,
                Torque::Back(ticks) => Torque::Back(ticks - 1),
                torque => torque,
            };
        }
    }

    /// True if a servo has to be asked about its torque before anything else.
    pub(super) fn comes_back(&self) -> bool {
        let mut all = self.servos.iter();
        all.any(|servo| matches!(servo.torque, Torque::Doubtful | Torque::Lost(_)))
    }

    /// Asks the next servo that may have lost its torque, or is on its way back; true if an answer is awaited.
    pub(super) fn ask_comeback(&mut self, now: Duration) -> bool {
        let Some(watching) = self.watching else {
            return false;
        };
        let count = self.servos.len();
        let after = watching.last_comeback + 1;
        for joint in (after..after + count).map(|joint| joint % count.max(1)) {
            let alive = self.roster.member(self.servos[joint].id);
            if alive.is_some_and(|member| member.dead_since.is_none()) && self.ask_about(joint, now)
            {
                if let Some(watching) = &mut self.watching {
                    watching.last_comeback = joint;
                }
                self.opened(Question::Comeback(joint));
                return true;
            }
        }
        false
    }

    fn ask_about(&mut self, joint: usize, now: Duration) -> bool {
        let step = loop {
            let servo = &self.servos[joint];
            let step = match servo.torque {
                Torque::Doubtful => self.reading(joint, Role::TorqueEnable),
                Torque::Lost(comeback) if comeback.due <= now => {
                    self.step_of(joint, comeback.phase)
                }
                _ => return false,
            };
            match step {
                Step::Skip => self.next_phase(joint),
                step => break step,
            }
        };
        let id = self.servos[joint].id;
        let (address, bytes);
        let ids = [id];
        let request = match step {
            // As a group of one: late answers have another length.
            Step::Read(register) => Request::group_read(register.address, register.width, &ids),
            Step::Write(write) => {
                (address, bytes) = write.encoded();
                Request::Write {
                    id,
                    address,
                    data: bytes.as_slice(),
                }
            }
            Step::Skip => return false,
        };
        let end = now
            + self.engine.config().longest(
                u8::try_from(ulna_bus::engine::MAX_DATA).unwrap_or(u8::MAX),
                1,
            );
        self.engine.begin(now, &request, end).is_ok()
    }

    fn reading(&self, joint: usize, role: Role) -> Step {
        let found = self.servos[joint].model.table.find(role);
        found.map_or(Step::Skip, Step::Read)
    }

    pub(super) fn step_of(&self, joint: usize, phase: ReturnPhase) -> Step {
        let servo = &self.servos[joint];
        let write = |write: Option<LoopWrite>| write.map_or(Step::Skip, Step::Write);
        let family = servo.model.family;
        match phase {
            ReturnPhase::Alarms => self.reading(joint, Role::HardwareError),
            ReturnPhase::Volts => self.reading(joint, Role::PresentVoltage),
            ReturnPhase::Place if servo.is_wheel() => Step::Skip,
            ReturnPhase::Place => self.reading(joint, Role::PresentPosition),
            ReturnPhase::Setting(number) => write(
                self.volatile
                    .get(number)
                    .and_then(|(_, setting)| LoopWrite::setting(setting)),
            ),
            ReturnPhase::Goal if servo.is_wheel() => write(LoopWrite::stand_still(family)),
            ReturnPhase::Goal => {
                let here = servo.plausibility.accepted().map(|(_, counts)| counts);
                let goal = servo.hold.map(|goal| servo.counts(goal)).or(here);
                write(goal.and_then(|goal| LoopWrite::hold_at(family, goal)))
            }
            ReturnPhase::TorqueOn => write(LoopWrite::torque_on(family)),
            ReturnPhase::Lock => write(LoopWrite::lock(family)),
            ReturnPhase::Confirm => self.reading(joint, Role::TorqueEnable),
        }
    }

    /// Takes the answer of the servo that was asked.
    pub(super) fn take_comeback(&mut self, joint: usize, now: Stamp) {
        let id = self.servos[joint].id;
        let reply = self.engine.replies().iter().find(|reply| reply.id == id);
        let reply = reply.copied();
        match self.servos[joint].torque {
            Torque::Doubtful => {
                if let Some(on) =
                    reply.and_then(|reply| self.value(joint, Role::TorqueEnable, &reply))
                {
                    self.take_torque(joint, on, now);
                }
            }
            Torque::Lost(comeback) => {
                let data = reply.and_then(|reply| reply.result.ok());
                let value = data.and_then(|data| match comeback.phase.reads() {
                    None => Some(0),
                    Some(role) => {
                        let register = self.servos[joint].model.table.find(role)?;
                        register.decode(data.bytes())
                    }
                });
                self.advance(joint, comeback, value, now);
            }
            _ => {}
        }
    }

    /// What a servo says of its torque.
    pub(super) fn take_torque(&mut self, joint: usize, on: i32, now: Stamp) {
        let servo = &mut self.servos[joint];
        if !matches!(servo.torque, Torque::On | Torque::Doubtful) {
            return;
        }
        if on != 0 {
            servo.torque = Torque::On;
            return;
        }
        servo.restarts = servo.restarts.saturating_add(1);
        servo.torque = match servo.restarts > MOST_COMEBACKS {
            true => Torque::LeftLimp(WhyLimp::TooOften),
            false => Torque::Lost(Comeback {
                phase: ReturnPhase::Alarms,
                due: now.since_epoch(),
                failures: 0,
            }),
        };
    }

    /// Takes what came of a question: what was read, or anything for what was written; nothing if it was not answered.
    pub(super) fn advance(
        &mut self,
        joint: usize,
        comeback: Comeback,
        answer: Option<i32>,
        now: Stamp,
    ) {
        let Some(value) = answer else {
            let failures = comeback.failures + 1;
            self.servos[joint].torque = match failures > MOST_FAILURES {
                true => Torque::LeftLimp(WhyLimp::Refuses),
                false => Torque::Lost(Comeback {
                    failures,
                    ..comeback
                }),
            };
            return;
        };
        let again = Torque::Lost(Comeback {
            phase: ReturnPhase::Alarms,
            due: now.since_epoch() + WAIT,
            ..comeback
        });
        match comeback.phase {
            ReturnPhase::Alarms => {
                let complaints = self.servos[joint].model.family.complaints(value);
                self.servos[joint].complaints = complaints;
                if complaints.0 & UNWELL != 0 {
                    self.servos[joint].torque = again;
                    return;
                }
            }
            ReturnPhase::Volts => {
                let servo = &self.servos[joint];
                if volts(servo, value) < servo.best_volts * HEALTHY_VOLTS {
                    self.servos[joint].torque = again;
                    return;
                }
            }
            ReturnPhase::Place => {
                let behind_board = self.drives_by_itself();
                let servo = &mut self.servos[joint];
                let turn = servo.shift;
                let why = match servo.find_turn(value) {
                    Err(_) => Some(WhyLimp::OutsideRange),
                    Ok(()) => {
                        let unknown_to_board = servo.shift != turn || servo.hold.is_some();
                        (behind_board && unknown_to_board).then_some(WhyLimp::BehindBoard)
                    }
                };
                if let Some(why) = why {
                    servo.torque = Torque::LeftLimp(why);
                    return;
                }
            }
            ReturnPhase::Confirm => {
                self.servos[joint].torque = match value {
                    0 => again,
                    _ => Torque::Back(TICKS_APART),
                };
                return;
            }
            ReturnPhase::Setting(_)
            | ReturnPhase::Goal
            | ReturnPhase::TorqueOn
            | ReturnPhase::Lock => {}
        }
        self.next_phase(joint);
    }

    pub(super) fn next_phase(&mut self, joint: usize) {
        let Torque::Lost(comeback) = self.servos[joint].torque else {
            return;
        };
        let setting_from = |number: usize| {
            let rest = self.volatile.iter().enumerate().skip(number);
            let mut mine = rest.filter(|(_, (of, _))| *of == joint);
            mine.next().map_or(ReturnPhase::Goal, |(number, _)| {
                ReturnPhase::Setting(number)
            })
        };
        let phase = match comeback.phase {
            ReturnPhase::Alarms => ReturnPhase::Volts,
            ReturnPhase::Volts => ReturnPhase::Place,
            ReturnPhase::Place => setting_from(0),
            ReturnPhase::Setting(number) => setting_from(number + 1),
            ReturnPhase::Goal => ReturnPhase::TorqueOn,
            ReturnPhase::TorqueOn => ReturnPhase::Lock,
            ReturnPhase::Lock => ReturnPhase::Confirm,
            // A family whose torque cannot be read.
            ReturnPhase::Confirm => {
                self.servos[joint].torque = Torque::Back(TICKS_APART);
                return;
            }
        };
        self.servos[joint].torque = Torque::Lost(Comeback { phase, ..comeback });
    }

    /// What the answer to a read of one register says.
    pub(super) fn value(&self, joint: usize, role: Role, reply: &Reply) -> Option<i32> {
        let register = self.servos[joint].model.table.find(role)?;
        register.decode(reply.result.ok()?.bytes())
    }
}

#[allow(clippy::cast_possible_truncation)] // three digits of a sensor
fn volts(servo: &Servo, counts: i32) -> f32 {
    servo.model.scales.voltage.of(counts).0 as f32
}
