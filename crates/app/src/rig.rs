//! Putting a rig together: robot files, calibrations, ports and clocks, real or simulated.

mod simulated;

use std::time::Duration;

use ulna_bus::engine::{Engine, EngineConfig};
use ulna_core::{Calibration, RobotKind, Unit};
use ulna_drivers::calibration::{self, Family};
use ulna_drivers::{Leader, SerialPort, ServoArm};
use ulna_rt::RealClock;
use ulna_sim::task::Reach;

use crate::error::AppError;
use crate::report::ClockKind;
use crate::robots;
use crate::session::Follower;

pub use simulated::{Buses, SharedArm, World, serve};

/// What the user says about the rig.
#[derive(Debug, Clone)]
pub struct RigOptions {
    /// Name or path of the robot.
    pub robot: String,
    /// Name or path of the robot whose leader drives it; the same if absent.
    pub teleop: Option<String>,
    /// The follower's port.
    pub robot_port: Option<String>,
    /// The leader's port.
    pub teleop_port: Option<String>,
    /// Under which id the follower was calibrated.
    pub robot_id: Option<String>,
    /// Under which id the leader was calibrated.
    pub teleop_id: Option<String>,
    /// Simulated servos; no port is opened.
    pub sim: bool,
    /// Which clock the simulation keeps.
    pub clock: ClockKind,
    /// Seed of everything that is random in the simulation.
    pub seed: u64,
    /// Control ticks per second.
    pub rate_hz: f64,
    /// What there is around a simulated arm.
    pub scene: Scene,
    /// What goes wrong on the simulated follower's bus, e.g. `dead:elbow_flex@2s+2s`.
    pub faults: Vec<String>,
    /// The unit of the joints that are no gripper, if not the robot file's.
    pub unit: Option<Unit>,
}

/// What there is around a simulated arm, and what the simulated hand does there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scene {
    /// A table with a cube on it; the hand wanders about.
    #[default]
    Table,
    /// A target that moves every three seconds; the hand brings the tool there. It is told as `observation.environment_state`.
    Reach,
}

impl Default for RigOptions {
    fn default() -> Self {
        Self {
            robot: robots::DEFAULT.to_owned(),
            teleop: None,
            robot_port: None,
            teleop_port: None,
            robot_id: None,
            teleop_id: None,
            sim: false,
            clock: ClockKind::Real,
            seed: 0,
            rate_hz: 200.0,
            scene: Scene::Table,
            faults: Vec::new(),
            unit: None,
        }
    }
}

/// A rig with open ports; nothing has been sent yet.
#[derive(Debug)]
pub struct Rig {
    /// The arm that moves.
    pub follower: Follower,
    /// The arm that is moved by hand.
    pub leader: Option<LeaderSide>,
    /// Where the servos are.
    pub world: World,
    /// Ticks per second.
    pub rate_hz: f64,
    /// The clock of all its threads.
    pub clock: RealClock,
}

/// A leader arm and what is known about it.
#[derive(Debug)]
pub struct LeaderSide {
    /// The arm.
    pub source: Leader,
    /// Its kind.
    pub kind: RobotKind,
    /// Its calibration.
    pub calibration: Calibration,
}

/// The slowest and fastest control rate, Hz.
const RATES: std::ops::RangeInclusive<f64> = 1.0..=1000.0;

impl Rig {
    /// Opens a rig: the follower, and the leader if `with_leader`.
    ///
    /// # Errors
    /// [`AppError`]; nothing has moved.
    pub fn open(options: &RigOptions, with_leader: bool) -> Result<Self, AppError> {
        if !RATES.contains(&options.rate_hz) {
            let (low, high) = (RATES.start(), RATES.end());
            return Err(AppError::Usage(format!(
                "--rate {} is not between {low} and {high} Hz",
                options.rate_hz
            )));
        }
        let follower = kind_of(&options.robot, options.unit)?;
        let leader = with_leader.then(|| {
            kind_of(
                options.teleop.as_ref().unwrap_or(&options.robot),
                options.unit,
            )
        });
        let leader = leader.transpose()?;
        if let Some(leader) = &leader {
            same_joints(&follower, leader)?;
        }
        if options.sim {
            simulated::open(options, follower, leader)
        } else {
            hardware(options, follower, leader)
        }
    }

    /// The task of a simulated scene that has one.
    pub fn task(&self) -> Option<&Reach> {
        match &self.world {
            World::Simulated { task, .. } => task.as_ref(),
            World::Hardware => None,
        }
    }

    /// From one tick to the next.
    pub fn period(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate_hz)
    }
}

fn kind_of(name: &str, unit: Option<Unit>) -> Result<RobotKind, AppError> {
    let kind = robots::find(name)?;
    Ok(match unit {
        Some(unit) => kind.in_unit(unit),
        None => kind,
    })
}

fn same_joints(follower: &RobotKind, leader: &RobotKind) -> Result<(), AppError> {
    let described = |kind: &RobotKind| {
        kind.joints
            .iter()
            .map(|joint| (joint.name.clone(), joint.unit))
            .collect::<Vec<_>>()
    };
    if described(follower) == described(leader) {
        return Ok(());
    }
    let names = |kind: &RobotKind| kind.names().collect::<Vec<_>>().join(", ");
    Err(AppError::Usage(format!(
        "a leader of {} cannot drive {}: the joints or their units differ ({} against {})",
        leader.name,
        follower.name,
        names(leader),
        names(follower)
    )))
}

fn hardware(
    options: &RigOptions,
    follower: RobotKind,
    leader: Option<RobotKind>,
) -> Result<Rig, AppError> {
    if options.clock == ClockKind::Virtual {
        return Err(AppError::Usage(
            "--lockstep needs --sim: a real arm keeps real time".to_owned(),
        ));
    }
    if !options.faults.is_empty() {
        return Err(AppError::Usage(
            "--fault needs --sim: real faults come by themselves".to_owned(),
        ));
    }
    let (arm, calibration) = open_arm(
        &follower,
        Family::Robot,
        options.robot_port.as_deref(),
        options.robot_id.as_deref(),
    )?;
    let leader = leader.map(|kind| {
        let (arm, calibration) = open_arm(
            &kind,
            Family::Teleoperator,
            options.teleop_port.as_deref(),
            options.teleop_id.as_deref(),
        )?;
        Ok::<_, AppError>(LeaderSide {
            source: Leader(arm),
            kind,
            calibration,
        })
    });
    Ok(Rig {
        follower: Follower {
            arm,
            kind: follower,
            calibration,
        },
        leader: leader.transpose()?,
        world: World::Hardware,
        rate_hz: options.rate_hz,
        clock: RealClock::start(),
    })
}

fn open_arm(
    kind: &RobotKind,
    family: Family,
    port: Option<&str>,
    id: Option<&str>,
) -> Result<(ServoArm, Calibration), AppError> {
    let (flag, role, robot_type) = match family {
        Family::Robot => ("robot", "follower", &kind.follower.robot_type),
        Family::Teleoperator => ("teleop", "leader", &kind.leader.robot_type),
    };
    let port = port.ok_or_else(|| {
        AppError::Usage(format!(
            "no port for the {role}: pass --{flag}-port (for example /dev/ttyACM0), or --sim for simulated servos"
        ))
    })?;
    let id = id.ok_or_else(|| {
        AppError::Usage(format!(
            "no id for the {role}: pass the --{flag}-id under which the arm was calibrated"
        ))
    })?;
    let calibration = calibration::load(&calibration::path(family, robot_type, id)?, id, kind)?;
    let port = SerialPort::open(port, kind.bus.baud)?;
    let engine = Engine::new(EngineConfig::new(kind.bus.baud));
    let arm = ServoArm::new(Box::new(port), engine, kind, &calibration)
        .map_err(|error| AppError::Usage(format!("robot `{}`: {error}", kind.name)))?;
    Ok((arm, calibration))
}
