//! Putting a rig together: robot files, calibrations, ports and clocks, real or simulated.

mod driver;
mod limb;
mod simulated;

use std::time::Duration;

use ulna_bus::engine::Engine;
use ulna_core::robot::JointSpec;
use ulna_core::{ActionSource, Calibration, RobotKind, Unit};
use ulna_drivers::arm::engine_config;
use ulna_drivers::calibration::{self, Family};
use ulna_drivers::{Arms, Leader, SerialPort, ServoArm};
use ulna_policy::PolicySource;
use ulna_rt::RealClock;
use ulna_sim::task::Reach;

use crate::display::Show;
use crate::error::AppError;
use crate::policies::Mind;
use crate::report::ClockKind;
use crate::robots;
use crate::session::Follower;

pub use driver::{Driven, Driver};
pub use limb::Limb;
pub(crate) use simulated::resting_angles;
pub use simulated::{Buses, SharedArm, World, serve};

/// What the user says about the rig.
#[derive(Debug, Clone)]
pub struct RigOptions {
    /// Name or path of the robot.
    pub robot: String,
    /// Name or path of the robot whose leader drives it; the same if absent.
    pub teleop: Option<String>,
    /// The follower's port; of a pair of arms both, `LEFT,RIGHT`.
    pub robot_port: Option<String>,
    /// The leader's port, or both.
    pub teleop_port: Option<String>,
    /// Under which id the follower was calibrated; the arms of a pair as `<id>_left` and `<id>_right`.
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
    /// What drives it in the leader's place, if anything does.
    pub policy: Option<PolicySource>,
    /// The part of it that thinks.
    pub mind: Option<Mind>,
    /// What shows its session, if anything does.
    pub show: Option<Show>,
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
    /// Who drives the follower's base meanwhile; without one it stands still.
    pub driver: Option<Driver>,
}

impl LeaderSide {
    /// What moves `follower`: this leader, and a driver if that has wheels.
    pub fn source(&mut self, follower: &RobotKind) -> Box<dyn ActionSource + '_> {
        match follower.base {
            Some(_) => Box::new(Driven {
                leader: &mut self.source,
                driver: self.driver.as_ref(),
            }),
            None => Box::new(&mut self.source),
        }
    }
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
        let leader = with_leader
            .then(|| leader_of(&follower, options))
            .transpose()?;
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

/// The leader that drives a robot, as a robot of its own.
///
/// # Errors
/// If there is no such robot, or its joints are others.
pub fn leader_of(follower: &RobotKind, options: &RigOptions) -> Result<RobotKind, AppError> {
    let own = follower.driven_by.as_ref();
    let name = options.teleop.as_ref().or(own).unwrap_or(&options.robot);
    let leader = kind_of(name, options.unit)?.as_leader();
    same_joints(follower, &leader)?;
    Ok(leader)
}

/// A leader has the follower's joints but for its wheels, perhaps without the prefix that an arm has in a larger robot.
fn same_joints(follower: &RobotKind, leader: &RobotKind) -> Result<(), AppError> {
    let driven: Vec<&JointSpec> = follower
        .joints
        .iter()
        .filter(|joint| !joint.is_wheel())
        .collect();
    let same = |(driven, leading): (&&JointSpec, &JointSpec)| {
        let rest = driven.name.strip_suffix(leading.name.as_str());
        driven.unit == leading.unit
            && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    };
    if driven.len() == leader.dof() && driven.iter().zip(&leader.joints).all(same) {
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

/// The robots that a rig is put together from, with the names of their sides; one without a name if there is one.
fn sides(kind: &RobotKind) -> Vec<(String, RobotKind)> {
    let all = kind.sides.iter();
    let all: Vec<_> = all
        .map(|side| (side.name.clone(), side.kind.clone()))
        .collect();
    match all.is_empty() {
        true => vec![(String::new(), kind.clone())],
        false => all,
    }
}

/// Under which id one side of the arm `id` was calibrated.
fn side_id(id: &str, side: &str) -> String {
    match side {
        "" => id.to_owned(),
        side => format!("{id}_{side}"),
    }
}

/// The calibration of a whole robot, from those of its sides.
fn joined(kind: &RobotKind, sides: &[Calibration]) -> Calibration {
    let values = sides.iter().flat_map(Calibration::values);
    let joints = kind.names().map(str::to_owned).zip(values.copied());
    Calibration {
        joints: joints.collect(),
    }
}

/// One sentence for each calibration file that another of the same id, in the folder of a newer LeRobot, hides.
///
/// # Errors
/// If there is no such robot, or an id is no file name.
pub fn hidden_calibrations(
    options: &RigOptions,
    with_leader: bool,
) -> Result<Vec<String>, AppError> {
    let kind = robots::find(&options.robot)?;
    let mut arms = vec![(sides(&kind), Family::Robot, options.robot_id.as_deref())];
    if with_leader {
        let leader = leader_of(&kind, options)?;
        arms.push((
            sides(&leader),
            Family::Teleoperator,
            options.teleop_id.as_deref(),
        ));
    }
    let mut out = Vec::new();
    for (sides, family, id) in arms {
        for (side, kind) in sides {
            let Some(id) = id.map(|id| side_id(id, &side)) else {
                continue;
            };
            let role = match family {
                Family::Robot => &kind.follower,
                Family::Teleoperator => &kind.leader,
            };
            let used = calibration::find(family, role, &id)?;
            for other in calibration::passed_over(family, role, &id)? {
                out.push(format!(
                    "the calibration of `{id}` is {}; {} has the same id and is not looked at",
                    used.display(),
                    other.display()
                ));
            }
        }
    }
    Ok(out)
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
    let (arm, calibration) = open_arms(
        &follower,
        Family::Robot,
        options.robot_port.as_deref(),
        options.robot_id.as_deref(),
    )?;
    let leader = leader.map(|kind| {
        let (arms, calibration) = open_arms(
            &kind,
            Family::Teleoperator,
            options.teleop_port.as_deref(),
            options.teleop_id.as_deref(),
        )?;
        Ok::<_, AppError>(LeaderSide {
            source: Leader(arms),
            kind,
            calibration,
            driver: None,
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
        policy: None,
        mind: None,
        show: None,
    })
}

fn open_arms(
    kind: &RobotKind,
    family: Family,
    ports: Option<&str>,
    id: Option<&str>,
) -> Result<(Arms, Calibration), AppError> {
    let (flag, role) = match family {
        Family::Robot => ("robot", "follower"),
        Family::Teleoperator => ("teleop", "leader"),
    };
    let sides = sides(kind);
    let ports = ports.ok_or_else(|| {
        AppError::Usage(format!(
            "no port for the {role}: pass --{flag}-port (for example /dev/ttyACM0), or --sim for simulated servos"
        ))
    })?;
    let ports: Vec<&str> = ports.split(',').collect();
    if ports.len() != sides.len() {
        let (given, wanted) = (ports.len(), sides.len());
        return Err(AppError::Usage(format!(
            "--{flag}-port names {given} ports, but the {role} of `{}` has {wanted}: give them as LEFT,RIGHT",
            kind.name
        )));
    }
    let id = id.ok_or_else(|| {
        AppError::Usage(format!(
            "no id for the {role}: pass the --{flag}-id under which the arm was calibrated"
        ))
    })?;
    let (mut arms, mut calibrations) = (Vec::new(), Vec::new());
    for ((side, kind), port) in sides.into_iter().zip(ports) {
        let (arm, calibration) = open_arm(&kind, family, port, &side_id(id, &side))?;
        arms.push((side, arm));
        calibrations.push(calibration);
    }
    Ok((Arms::new(arms), joined(kind, &calibrations)))
}

fn open_arm(
    kind: &RobotKind,
    family: Family,
    port: &str,
    id: &str,
) -> Result<(ServoArm, Calibration), AppError> {
    let spec = match family {
        Family::Robot => &kind.follower,
        Family::Teleoperator => &kind.leader,
    };
    let calibration = calibration::load(&calibration::find(family, spec, id)?, id, kind)?;
    let port = SerialPort::open(port, kind.bus.baud)?;
    let engine = Engine::new(engine_config(kind));
    let arm = ServoArm::new(Box::new(port), engine, kind, &calibration)
        .map_err(|error| AppError::Usage(format!("robot `{}`: {error}", kind.name)))?;
    Ok((arm, calibration))
}
