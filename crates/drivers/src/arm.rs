//! A chain of servos on one bus, as a robot (follower) or as a source of actions (leader).

mod board;
mod bridged;
mod comeback;
mod exchange;
mod goals;
mod health;
mod health_report;
mod link;
mod link_report;
mod outgoing;
mod question;
mod recovery;
mod report;
mod servo;
mod torque;
mod turn;

use std::io;

use ulna_bus::ErrorFlags;
use ulna_bus::engine::{BusCounters, Engine, EngineConfig, ServoCounters};
use ulna_bus::health::{Roster, RosterConfig};
use ulna_core::{Health, Joints, LinkLost, Progress, Robot, SafeGoals, Stamp, State};
use ulna_robot::Omni;
use ulna_robot::{Calibration, RobotKind};

use crate::port::Port;
use crate::servo_bus::{FileSetting, ServoBus};
use board::Bridged;
use health_report::Watching;
use link::Link;
use outgoing::Outgoing;
use question::Turn;
use servo::{Layout, Servo};
use torque::{Torque, WhyLimp};

pub use health_report::HealthReport;
pub use link::{BoardReport, LinkReport, RoundTripReport};
pub use report::ServoReport;
pub use servo::ArmError;

/// An arm of servos behind one port, with or without wheels under it.
pub struct ServoArm {
    /// Asks outside the control loop, where a late answer is awaited, and owns the port.
    pub(crate) bus: ServoBus,
    /// Asks from tick to tick; an answer may take several.
    pub(crate) engine: Engine,
    link: Link,
    pub(crate) servos: Vec<Servo>,
    pub(crate) names: Vec<String>,
    layout: Layout,
    /// How the wheels, which are the last three servos, make the base move.
    base: Option<Omni>,
    roster: Roster,
    /// What servos forget with their power, as the robot file has it: joint and setting.
    pub(crate) volatile: Vec<(usize, FileSetting)>,
    pub(crate) state: State,
    /// What each servo feels, as last read.
    health: Joints<Health>,
    /// Whose turn it is to report its health, if that is watched.
    watching: Option<Watching>,
    turn: Turn,
    outgoing: Outgoing,
    /// What a bridge board is to know, if there is one behind the port.
    bridged: Bridged,
    /// How fast the wheels turn, degrees/s.
    wheels: [f64; 3],
    /// When each of them was measured.
    wheels_measured: [Stamp; 3],
}

impl std::fmt::Debug for ServoArm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServoArm")
            .field("port", &self.port_name())
            .field("joints", &self.names)
            .finish_non_exhaustive()
    }
}

/// How an engine talks to the servos of this kind, over a serial port.
pub fn engine_config(kind: &RobotKind) -> EngineConfig {
    EngineConfig::with_protocol(kind.bus.protocol, kind.bus.baud)
}

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
            .map(|(joint, calibration)| servo::servo(kind, joint, calibration))
            .collect::<Result<_, _>>()?;
        let ids: Vec<u8> = servos.iter().map(|servo| servo.id).collect();
        let state = State {
            stamp: Stamp::ZERO,
            position: Joints::filled(servos.len(), 0.0),
            measured: Joints::filled(servos.len(), Stamp::ZERO),
        };
        let names: Vec<String> = kind.names().map(str::to_owned).collect();
        let layout = servo::layout(&servos, &names)?;
        let family = servos.first().ok_or(ArmError::NoJoints)?.model.family;
        let roster = Roster::new(&ids, RosterConfig::default())?;
        Ok(Self {
            bus: ServoBus::with_config(port, family, *engine.config()),
            link: Link::new(engine.config()),
            engine,
            servos,
            names,
            layout,
            base: kind.base.as_ref().and_then(Omni::new),
            roster,
            volatile: Vec::new(),
            health: Joints::filled(state.position.len(), Health::default()),
            watching: None,
            turn: Turn::default(),
            outgoing: Outgoing::NONE,
            state,
            bridged: Bridged::default(),
            wheels: [0.0; 3],
            wheels_measured: [Stamp::ZERO; 3],
        })
    }

    /// The name of the port.
    pub fn port_name(&self) -> &str {
        self.bus.name()
    }

    /// A descriptor that becomes readable when the servos answer.
    pub fn input(&self) -> Option<std::os::fd::OwnedFd> {
        self.bus.input()
    }

    /// Why the port is gone, once it is.
    pub fn lost(&self) -> Option<&io::Error> {
        self.bus.lost()
    }

    /// Forgets an exchange that was cut short, by a panic say.
    pub fn abandon(&mut self) {
        self.turn.open = None;
        self.outgoing.due = false;
    }

    /// Asks all servos again, also those that have been silent.
    pub(crate) fn expect_all(&mut self) {
        let ids: Vec<u8> = self.servos.iter().map(|servo| servo.id).collect();
        if let Ok(roster) = Roster::new(&ids, RosterConfig::default()) {
            self.roster = roster;
        }
    }

    /// Forgets what was measured, for an arm that was put elsewhere meanwhile.
    pub fn forget(&mut self) {
        for servo in &mut self.servos {
            servo.forget();
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
            let (board_replies, board_missed) = self.bridged.replies(servo.id);
            ServoReport {
                joint: joint.clone(),
                id: servo.id,
                replies: counters.replies.saturating_add(board_replies),
                missed: counters.failures.saturating_add(board_missed),
                damaged: counters.checksum_errors,
                retries: counters.retries,
                implausible: servo.plausibility.suspects(),
                health: (servo.worst.readings > 0).then_some(servo.worst),
                complaints: match counters.last_flags.union(servo.complaints).named() {
                    ErrorFlags::NONE => String::new(),
                    complaints => complaints.to_string(),
                },
                restarts: servo.restarts,
                left_limp: match servo.torque {
                    Torque::LeftLimp(why) => Some(why.words()),
                    Torque::Lost(_) => Some(WhyLimp::StillAway.words()),
                    Torque::Off | Torque::On | Torque::Doubtful | Torque::Back(_) => None,
                },
            }
        };
        self.servos.iter().zip(&self.names).map(report).collect()
    }
}

impl Robot for ServoArm {
    fn begin(
        &mut self,
        now: Stamp,
        goals: Option<&SafeGoals>,
        next: Stamp,
    ) -> Result<(), LinkLost> {
        self.start(now, goals.map(SafeGoals::as_slice), next)
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.carry_on(now)
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn health(&self) -> Option<&Joints<Health>> {
        Some(&self.health)
    }

    fn limp(&self) -> u32 {
        self.limp_joints()
    }
}
