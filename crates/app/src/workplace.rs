//! A bus to work on before there is an arm: a port, or simulated servos, and the clock.

mod simulated;

use std::time::Duration;

use serde::Serialize;
use ulna_core::RobotKind;
use ulna_core::robot::RoleSpec;
use ulna_drivers::calibration::Family as Folder;
use ulna_drivers::ports::{self, PortInfo};
use ulna_drivers::setup::family_of;
use ulna_drivers::{Family, Line, SerialPort};
use ulna_outside::{Printable, Text};
use ulna_rt::{Lockstep, Pacer, RealClock, RealPacer, Stop};

use crate::error::AppError;
use crate::robots;

pub(crate) use simulated::{Person, Scenery};

/// Which part the arm plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// It moves by its own power.
    #[default]
    Follower,
    /// It is moved by hand.
    Leader,
}

impl Part {
    /// What the robot file says about it.
    pub(crate) fn spec(self, kind: &RobotKind) -> &RoleSpec {
        match self {
            Self::Follower => &kind.follower,
            Self::Leader => &kind.leader,
        }
    }

    /// The family of LeRobot's folders that its calibration lies in.
    pub(crate) fn folder(self) -> Folder {
        match self {
            Self::Follower => Folder::Robot,
            Self::Leader => Folder::Teleoperator,
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Follower => "follower",
            Self::Leader => "leader",
        })
    }
}

/// What the user says about the bus.
#[derive(Debug, Clone)]
pub struct WorkOptions {
    /// Name or path of the robot.
    pub robot: String,
    /// Follower or leader.
    pub part: Part,
    /// The port; if absent, the only adapter that is plugged in.
    pub port: Option<String>,
    /// Simulated servos; no port is opened.
    pub sim: bool,
    /// The simulation keeps real time, for somebody who looks on; else it is as fast as the computer allows.
    pub live: bool,
    /// Seed of everything that is random in the simulation.
    pub seed: u64,
    /// What goes wrong on the simulated bus.
    pub faults: Vec<String>,
}

impl Default for WorkOptions {
    fn default() -> Self {
        Self {
            robot: robots::DEFAULT.to_owned(),
            part: Part::Follower,
            port: None,
            sim: false,
            live: false,
            seed: 0,
            faults: Vec::new(),
        }
    }
}

/// A bus, a clock, and who holds the arm.
pub(crate) struct Workplace {
    pub(crate) line: Line,
    pub(crate) pacer: Box<dyn Pacer>,
    pub(crate) person: Person,
    pub(crate) kind: RobotKind,
    pub(crate) stop: Stop,
}

impl Workplace {
    /// Opens the port, or puts up this scenery.
    pub(crate) fn open(
        options: &WorkOptions,
        scenery: Scenery,
        stop: &Stop,
    ) -> Result<Self, AppError> {
        let kind = robots::find(&options.robot)?;
        let family = family_of(&kind)
            .map_err(|problem| AppError::Usage(format!("robot `{}`: {problem}", kind.name)))?;
        if options.sim {
            if options.port.is_some() {
                return Err(AppError::Usage(
                    "--sim opens no port: leave the port out".to_owned(),
                ));
            }
            return simulated::open(options, kind, family, scenery, stop);
        }
        if !options.faults.is_empty() {
            return Err(AppError::Usage(
                "--fault needs --sim: real faults come by themselves".to_owned(),
            ));
        }
        let path = match &options.port {
            Some(path) => path.clone(),
            None => only_adapter()?,
        };
        let port = SerialPort::open(&path, kind.bus.baud)?;
        let line = Line::new(Box::new(port), family, kind.bus.baud);
        let pacer = RealPacer::new(RealClock::start(), line.inputs());
        Ok(Self {
            line,
            pacer: Box::new(pacer),
            person: Person::Real,
            kind,
            stop: stop.clone(),
        })
    }

    /// The family of the servos.
    pub(crate) fn family(&self) -> &'static Family {
        self.line.family()
    }

    /// An error if somebody wants to stop; `left` says how things are.
    pub(crate) fn check_stop(&self, left: &str) -> Result<(), AppError> {
        match self.stop.requested() {
            Some(_) => Err(AppError::Interrupted(format!("interrupted; {left}"))),
            None => Ok(()),
        }
    }
}

/// The port to use when none is given: the only USB adapter that is plugged in.
fn only_adapter() -> Result<String, AppError> {
    let all = ports::list();
    let adapters: Vec<&PortInfo> = all.iter().filter(|port| port.usb.is_some()).collect();
    match adapters.as_slice() {
        [one] => Ok(one.path.display().to_string()),
        [] => Err(AppError::Usage(
            "no USB serial adapter is plugged in: plug the arm's cable in, give the port, or pass --sim for simulated servos (`ulna doctor` looks \
             further)"
                .to_owned(),
        )),
        several => {
            let lines = several.iter().map(|port| {
                format!(
                    "\n  {}  {}",
                    Printable(port.path.display()),
                    Printable(port.description())
                )
            });
            Err(AppError::UsageLines(Text::split(format_args!(
                "several adapters are plugged in, say which (`ulna ports find` tells them apart):{}",
                lines.collect::<String>()
            ))))
        }
    }
}

/// A real clock whose run began earlier than the program.
struct Later {
    pacer: RealPacer,
    by: Duration,
}

impl Pacer for Later {
    fn now(&self) -> Duration {
        self.pacer.now() + self.by
    }

    fn wait(&mut self, until: Duration) {
        self.pacer.wait(until.saturating_sub(self.by));
    }

    fn wait_for_input(&mut self, until: Duration) {
        self.pacer.wait_for_input(until.saturating_sub(self.by));
    }
}

/// The clock of a simulation that is at `start`: real, or as fast as the computer allows.
fn clock(live: bool, start: Duration) -> Box<dyn Pacer> {
    if live {
        Box::new(Later {
            pacer: RealPacer::new(RealClock::start(), Vec::new()),
            by: start,
        })
    } else {
        let mut clock = Lockstep::new();
        clock.wait(start);
        Box::new(clock)
    }
}
