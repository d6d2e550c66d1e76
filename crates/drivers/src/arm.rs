//! A chain of servos on one bus, as a robot (follower) or as a source of actions (leader).

mod report;
mod servo;

use std::io;
use std::time::Duration;

use ulna_bus::engine::{
    BusCounters, Engine, EngineConfig, GroupEntry, GroupRead, GroupWrite, MAX_SERVOS, Request,
    ServoCounters, Status,
};
use ulna_bus::health::{Plausibility, Roster, RosterConfig, Verdict};
use ulna_bus::registers::sts3215;
use ulna_core::{
    Action, ActionSource, Calibration, Joints, LinkLost, Progress, Robot, RobotKind, SafeGoals,
    Stamp, State,
};

use crate::port::Port;
use servo::{BELIEVABLE, Servo};

pub use report::ServoReport;
pub use servo::ArmError;

/// An arm of servos behind one port.
pub struct ServoArm {
    pub(crate) port: Box<dyn Port>,
    /// Asks within a tick: a late answer is a missed one.
    pub(crate) engine: Engine,
    /// Asks outside the control loop, where a late answer is awaited.
    pub(crate) patient: Engine,
    pub(crate) servos: Vec<Servo>,
    pub(crate) names: Vec<String>,
    roster: Roster,
    state: State,
    under_way: bool,
    pub(crate) lost: Option<io::Error>,
}

impl std::fmt::Debug for ServoArm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServoArm")
            .field("port", &self.port.name())
            .field("joints", &self.names)
            .finish_non_exhaustive()
    }
}

/// What servos, adapters and a busy computer may add to the time on the wire outside the control loop. Answers carry no register
/// address, so one that came after its question was given up would pass for the answer to the next.
const PATIENT_TURNAROUND: Duration = Duration::from_millis(150);

impl ServoArm {
    /// An arm of this kind with this calibration behind an open port. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ArmError`], if the robot file asks for servos that there are not.
    pub fn new(
        port: Box<dyn Port>,
        engine: Engine,
        kind: &RobotKind,
        calibration: &Calibration,
    ) -> Result<Self, ArmError> {
        let joints = kind.joints.iter().zip(calibration.values());
        let servos: Vec<Servo> = joints
            .map(|(joint, calibration)| servo::servo(joint, calibration))
            .collect::<Result<_, _>>()?;
        let ids: Vec<u8> = servos.iter().map(|servo| servo.id).collect();
        let state = State {
            stamp: Stamp::ZERO,
            position: Joints::filled(servos.len(), 0.0),
            measured: Joints::filled(servos.len(), Stamp::ZERO),
        };
        let names = kind.names().map(str::to_owned).collect();
        let patient = Engine::new(EngineConfig {
            turnaround: PATIENT_TURNAROUND,
            max_attempts: 1,
            ..*engine.config()
        });
        let roster = Roster::new(&ids, RosterConfig::default())?;
        Ok(Self {
            port,
            engine,
            patient,
            servos,
            names,
            roster,
            state,
            under_way: false,
            lost: None,
        })
    }

    /// What people call the port.
    pub fn port_name(&self) -> &str {
        self.port.name()
    }

    /// A descriptor that becomes readable when the servos answer.
    pub fn input(&self) -> Option<std::os::fd::OwnedFd> {
        self.port.input()
    }

    /// Why the port is gone, once it is.
    pub fn lost(&self) -> Option<&io::Error> {
        self.lost.as_ref()
    }

    /// Forgets an exchange that was cut short, by a panic say.
    pub fn abandon(&mut self) {
        self.under_way = false;
    }

    /// Forgets what was measured, for an arm that somebody has put elsewhere.
    pub fn forget(&mut self) {
        for servo in &mut self.servos {
            servo.plausibility = Plausibility::new(BELIEVABLE);
        }
    }

    /// Totals of the bus.
    pub fn bus_counters(&self) -> BusCounters {
        self.engine.bus_counters()
    }

    /// What happened to each servo, in the order of the joints.
    pub fn servo_reports(&self) -> Vec<ServoReport> {
        let report = |(servo, joint): (&Servo, &String)| {
            let counters: ServoCounters = self.engine.servo_counters(servo.id);
            ServoReport {
                joint: joint.clone(),
                id: servo.id,
                replies: counters.replies,
                missed: counters.failures,
                damaged: counters.checksum_errors,
                retries: counters.retries,
                implausible: servo.plausibility.suspects(),
                complaints: if counters.last_flags.is_empty() {
                    String::new()
                } else {
                    counters.last_flags.to_string()
                },
            }
        };
        self.servos.iter().zip(&self.names).map(report).collect()
    }

    fn start(
        &mut self,
        now: Stamp,
        goals: Option<&SafeGoals>,
        deadline: Stamp,
    ) -> Result<(), LinkLost> {
        let mut entries = [GroupEntry {
            id: 0,
            data: [0; 4],
        }; MAX_SERVOS];
        let count = goals.map_or(0, |goals| self.fill_entries(&mut entries, goals));
        let write = (count > 0).then_some(GroupWrite {
            address: sts3215::GOAL_POSITION.address,
            width: sts3215::GOAL_POSITION.width,
            entries: &entries[..count],
        });
        self.discard_input(now)?;
        let asked = self.roster.ids_to_read(now.since_epoch());
        let read = (!asked.is_empty()).then_some(GroupRead {
            address: sts3215::PRESENT_POSITION.address,
            len: sts3215::PRESENT_POSITION.width,
            ids: asked,
        });
        // Ids and lengths were checked when the robot file was read, so only "nothing to do" is left to refuse.
        let request = Request::Cycle { write, read };
        self.under_way = self
            .engine
            .begin(now.since_epoch(), &request, deadline.since_epoch())
            .is_ok();
        self.send(now)
    }

    fn fill_entries(&self, entries: &mut [GroupEntry], goals: &SafeGoals) -> usize {
        let mut count = 0;
        for ((entry, servo), &goal) in entries
            .iter_mut()
            .zip(&self.servos)
            .zip(goals.goals().iter())
        {
            let last = i32::try_from(servo.resolution).unwrap_or(i32::MAX) - 1;
            let steps = servo
                .unit
                .denormalise(goal, &servo.calibration, servo.resolution)
                .clamp(0, last);
            let Ok(bytes) = sts3215::GOAL_POSITION.encode(steps) else {
                continue;
            };
            *entry = GroupEntry {
                id: servo.id,
                data: bytes.padded(),
            };
            count += 1;
        }
        count
    }

    /// Bytes that came after an earlier exchange had ended belong to nothing.
    fn discard_input(&mut self, now: Stamp) -> Result<(), LinkLost> {
        let mut bin = [0; 256];
        while self.receive(now, &mut bin)? == bin.len() {}
        Ok(())
    }

    pub(crate) fn receive(&mut self, now: Stamp, into: &mut [u8]) -> Result<usize, LinkLost> {
        self.port
            .read(now.since_epoch(), into)
            .map_err(|error| self.give_up(error))
    }

    fn send(&mut self, now: Stamp) -> Result<(), LinkLost> {
        let bytes = self.engine.transmit();
        if bytes.is_empty() {
            return Ok(());
        }
        self.port
            .write(now.since_epoch(), bytes)
            .map_err(|error| self.give_up(error))
    }

    pub(crate) fn give_up(&mut self, error: io::Error) -> LinkLost {
        self.lost = Some(error);
        LinkLost
    }

    fn carry_on(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        if !self.under_way {
            return Ok(Progress::Done);
        }
        let mut buffer = [0; 256];
        let count = self.receive(now, &mut buffer)?;
        let status = self.engine.step(now.since_epoch(), &buffer[..count]);
        self.send(now)?;
        match status {
            Status::Waiting { until } => {
                let arrival = self.port.next_arrival().unwrap_or(Duration::MAX);
                Ok(Progress::Waiting {
                    until: Stamp::new(until.min(arrival)),
                })
            }
            Status::Done => {
                self.under_way = false;
                self.take_replies(now);
                Ok(Progress::Done)
            }
        }
    }

    fn take_replies(&mut self, now: Stamp) {
        self.state.stamp = now;
        for reply in self.engine.replies() {
            let Some(joint) = self.servos.iter().position(|servo| servo.id == reply.id) else {
                continue;
            };
            let servo = &mut self.servos[joint];
            let steps = reply
                .result
                .ok()
                .and_then(|data| sts3215::PRESENT_POSITION.decode(data.bytes()));
            self.roster.record_reply(reply);
            let Some(steps) = steps
                .filter(|&steps| servo.plausibility.check(reply.at, steps) == Verdict::Accepted)
            else {
                continue;
            };
            self.state.position[joint] =
                servo
                    .unit
                    .normalise(f64::from(steps), &servo.calibration, servo.resolution);
            self.state.measured[joint] = Stamp::new(reply.at);
        }
    }
}

impl Robot for ServoArm {
    fn begin(
        &mut self,
        now: Stamp,
        goals: Option<&SafeGoals>,
        deadline: Stamp,
    ) -> Result<(), LinkLost> {
        self.start(now, goals, deadline)
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.carry_on(now)
    }

    fn state(&self) -> &State {
        &self.state
    }
}

/// An arm moved by hand, whose pose is the action.
#[derive(Debug)]
pub struct Leader(pub ServoArm);

impl ActionSource for Leader {
    fn begin(&mut self, now: Stamp, deadline: Stamp) -> Result<(), LinkLost> {
        self.0.start(now, None, deadline)
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.0.carry_on(now)
    }

    /// The leader's pose, as old as its oldest joint: one silent servo makes the whole action stale.
    fn action(&mut self, _now: Stamp) -> Option<Action> {
        let state = &self.0.state;
        let oldest = state.measured.iter().min().copied().unwrap_or(Stamp::ZERO);
        (oldest > Stamp::ZERO).then_some(Action {
            stamp: oldest,
            target: state.position,
        })
    }
}
