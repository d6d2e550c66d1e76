//! Servos that lose their power in a session and come back limp: noticed, configured again, and brought back under torque.
//!
//! After a power dip a servo has torque 0, its maker's defaults in RAM and, if it counts turns, a new turn. So each servo's torque register is
//! looked at in turns, and at once when the servo was silent. One that should have torque and has none gets no goals (the gate hears of
//! it by [`Robot::limp`](ulna_core::Robot::limp)) until it has gone through the [`Stage`]s, one question after the other.

use core::time::Duration;

use ulna_bus::ErrorFlags;
use ulna_bus::engine::{GroupRead, Reply, Request};
use ulna_bus::registers::{Register, Role};
use ulna_core::Stamp;

use super::ServoArm;
use super::exchange::Question;
use super::servo::Servo;
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

/// Whether a servo has the torque that it should have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Torque {
    /// It should have none.
    Off,
    /// It has, as far as is known.
    On,
    /// It had; since then it was silent, or leapt, so it is asked before anything else.
    Doubtful,
    /// It has lost it, and is on its way back.
    Lost(Comeback),
    /// It has it again, and holds where it stands. It gets goals once the gate has seen that it was away: the goals from before lie elsewhere.
    /// So many ticks more begin without.
    Back(u8),
    /// It has lost it, and does not get it again in this session.
    LeftLimp(WhyLimp),
}

/// How far a servo is on its way back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Comeback {
    stage: Stage,
    /// When the next question may be asked.
    due: Duration,
    failures: u8,
}

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    /// Has it complaints?
    Alarms,
    /// Has it enough voltage?
    Volts,
    /// Does the joint stand in its range, and on which turn does it count?
    Place,
    /// This one of the settings that it forgot, counted over the whole arm.
    Setting(usize),
    /// Its goal becomes the place where it stands.
    Goal,
    TorqueOn,
    Lock,
    /// Does it say that it has torque?
    Confirm,
}

/// Why a servo is left limp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhyLimp {
    /// It lost its power too often.
    TooOften,
    /// It stands outside its calibrated range.
    OutsideRange,
    /// It does not take its settings.
    Refuses,
    /// The session ended before it was back.
    StillAway,
}

impl WhyLimp {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::TooOften => {
                "it lost its torque too often: look at the power supply and the cables"
            }
            Self::OutsideRange => "it stands outside its calibrated range: move it back by hand",
            Self::Refuses => "it does not take its settings: switch its power off and on",
            Self::StillAway => "it was not back, or not well, when the session ended",
        }
    }
}

impl Torque {
    /// It may have restarted.
    pub(super) fn doubt(&mut self) {
        match self {
            Self::On | Self::Back(_) => *self = Self::Doubtful,
            // It may have lost its power once more.
            Self::Lost(comeback) => comeback.stage = Stage::Alarms,
            Self::Off | Self::Doubtful | Self::LeftLimp(_) => {}
        }
    }

    /// It should have torque, and has none.
    pub(super) fn is_limp(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Back(_) | Self::LeftLimp(_))
    }
}

/// One question of a comeback.
enum Step {
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
                    self.step_of(joint, comeback.stage)
                }
                _ => return false,
            };
            match step {
                Step::Skip => self.next_stage(joint),
                step => break step,
            }
        };
        let id = self.servos[joint].id;
        let (address, bytes);
        let ids = [id];
        let request = match step {
            // As a group of one: its answer is told apart from late ones.
            Step::Read(register) => Request::Cycle {
                write: None,
                read: Some(GroupRead {
                    address: register.address,
                    len: register.width,
                    ids: &ids,
                }),
            },
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

    fn step_of(&self, joint: usize, stage: Stage) -> Step {
        let servo = &self.servos[joint];
        let write = |write: Option<LoopWrite>| write.map_or(Step::Skip, Step::Write);
        let family = servo.model.family;
        match stage {
            Stage::Alarms => self.reading(joint, Role::HardwareError),
            Stage::Volts => self.reading(joint, Role::PresentVoltage),
            Stage::Place if servo.is_wheel() => Step::Skip,
            Stage::Place => self.reading(joint, Role::PresentPosition),
            Stage::Setting(number) => write(
                self.volatile
                    .get(number)
                    .and_then(|(_, setting)| LoopWrite::setting(setting)),
            ),
            Stage::Goal if servo.is_wheel() => write(LoopWrite::stand_still(family)),
            Stage::Goal => {
                let here = servo.plausibility.accepted().map(|(_, counts)| counts);
                let goal = servo.hold.map(|goal| servo.counts(goal)).or(here);
                write(goal.and_then(|goal| LoopWrite::hold_at(family, goal)))
            }
            Stage::TorqueOn => write(LoopWrite::torque_on(family)),
            Stage::Lock => write(LoopWrite::lock(family)),
            Stage::Confirm => self.reading(joint, Role::TorqueEnable),
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
            Torque::Lost(comeback) => self.advance(joint, comeback, reply, now),
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
                stage: Stage::Alarms,
                due: now.since_epoch(),
                failures: 0,
            }),
        };
    }

    fn advance(&mut self, joint: usize, comeback: Comeback, reply: Option<Reply>, now: Stamp) {
        let Some(reply) = reply.filter(|reply| reply.result.is_ok()) else {
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
            stage: Stage::Alarms,
            due: now.since_epoch() + WAIT,
            ..comeback
        });
        let value = |role| self.value(joint, role, &reply);
        match comeback.stage {
            Stage::Alarms => {
                let register = value(Role::HardwareError).unwrap_or(0);
                let complaints = self.servos[joint].model.family.complaints(register);
                if complaints.0 & UNWELL != 0 {
                    self.servos[joint].torque = again;
                    return;
                }
            }
            Stage::Volts => {
                let servo = &self.servos[joint];
                let volts = value(Role::PresentVoltage).map_or(0.0, |counts| volts(servo, counts));
                if volts < servo.best_volts * HEALTHY_VOLTS {
                    self.servos[joint].torque = again;
                    return;
                }
            }
            Stage::Place => {
                let Some(here) = value(Role::PresentPosition) else {
                    return;
                };
                let servo = &mut self.servos[joint];
                if servo.find_turn(here).is_err() {
                    servo.torque = Torque::LeftLimp(WhyLimp::OutsideRange);
                    return;
                }
            }
            Stage::Confirm => {
                self.servos[joint].torque = match value(Role::TorqueEnable) {
                    Some(on) if on != 0 => Torque::Back(TICKS_APART),
                    _ => again,
                };
                return;
            }
            Stage::Setting(_) | Stage::Goal | Stage::TorqueOn | Stage::Lock => {}
        }
        self.next_stage(joint);
    }

    fn next_stage(&mut self, joint: usize) {
        let Torque::Lost(comeback) = self.servos[joint].torque else {
            return;
        };
        let setting_from = |number: usize| {
            let rest = self.volatile.iter().enumerate().skip(number);
            let mut mine = rest.filter(|(_, (of, _))| *of == joint);
            mine.next()
                .map_or(Stage::Goal, |(number, _)| Stage::Setting(number))
        };
        let stage = match comeback.stage {
            Stage::Alarms => Stage::Volts,
            Stage::Volts => Stage::Place,
            Stage::Place => setting_from(0),
            Stage::Setting(number) => setting_from(number + 1),
            Stage::Goal => Stage::TorqueOn,
            Stage::TorqueOn => Stage::Lock,
            Stage::Lock => Stage::Confirm,
            // A family whose torque cannot be read.
            Stage::Confirm => {
                self.servos[joint].torque = Torque::Back(TICKS_APART);
                return;
            }
        };
        self.servos[joint].torque = Torque::Lost(Comeback { stage, ..comeback });
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
