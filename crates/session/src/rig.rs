//! A rig: a follower, what drives it, what is around it, and the clock of it all.

use std::time::Duration;

use ulna_core::Unit;
use ulna_robot::files;
use ulna_robot::{ArmRole, Calibration, JointSpec, RobotKind};
use ulna_rt::RealClock;

use crate::cameras::CameraHub;
use crate::client::{SessionEvent, SessionLink};
use crate::device::{Follower, Teleoperator};
use crate::error::SessionError;
use crate::options::{FarMoves, RigOptions};
use crate::report::ClockKind;
use crate::servo_follower::ServoFollower;
use crate::supply::{self, Surroundings, build_arms};
use crate::teleoperator_type::TeleoperatorRequest;
use crate::teleoperators;
use crate::usage::UsageError;

/// A rig with open ports; nothing has been sent yet.
#[derive(Debug)]
pub struct Rig {
    /// The robot that moves.
    pub robot: RobotKind,
    /// Its calibration.
    pub calibration: Calibration,
    /// The arm itself.
    pub follower: Box<dyn Follower>,
    /// What says where it goes.
    pub teleoperator: Box<dyn Teleoperator>,
    /// Where pictures come from.
    pub cameras: CameraHub,
    /// What is around the robot.
    pub surroundings: Box<dyn Surroundings>,
    /// Ticks per second.
    pub rate_hz: f64,
    /// What a real follower may do that is far from its first goal.
    pub far_moves: FarMoves,
    /// Which clock the session keeps.
    pub clock_kind: ClockKind,
    /// The clock of all its threads in real time.
    pub clock: RealClock,
}

/// The slowest and fastest control rate, Hz.
pub(crate) const RATES: std::ops::RangeInclusive<f64> = 1.0..=1000.0;

/// The type of teleoperator that drives a robot unless another is asked for.
const DEFAULT_TELEOPERATOR: &str = "leader";

impl Rig {
    /// Opens a rig with the teleoperator that the options name: a type of the registry, or the robot whose leader arm drives.
    ///
    /// # Errors
    /// [`SessionError`]; nothing has moved.
    pub fn open(options: &RigOptions, link: &SessionLink) -> Result<Self, SessionError> {
        let named = options.teleop.as_deref();
        let registered = named.filter(|name| {
            let mut types = teleoperators::TYPES.iter();
            types.any(|known| known.name == *name)
        });
        let kind = teleoperators::named(registered.unwrap_or(DEFAULT_TELEOPERATOR))?;
        let leader_of = named.filter(|_| registered.is_none());
        Self::open_with(options, link, leader_of, kind.leader_arm, |request| {
            (kind.open)(request)
        })
    }

    /// Opens a rig whose teleoperator `open` makes.
    ///
    /// # Errors
    /// As `open`, or [`SessionError`]; nothing has moved.
    pub fn open_for(
        options: &RigOptions,
        link: &SessionLink,
        open: impl FnOnce(&mut TeleoperatorRequest<'_>) -> Result<Box<dyn Teleoperator>, SessionError>,
    ) -> Result<Self, SessionError> {
        Self::open_with(options, link, None, false, open)
    }

    fn open_with(
        options: &RigOptions,
        link: &SessionLink,
        leader_of: Option<&str>,
        leader_arm: bool,
        open: impl FnOnce(&mut TeleoperatorRequest<'_>) -> Result<Box<dyn Teleoperator>, SessionError>,
    ) -> Result<Self, SessionError> {
        if !RATES.contains(&options.rate_hz) {
            let (low, high) = (*RATES.start(), *RATES.end());
            let rate = options.rate_hz;
            return Err(UsageError::Rate { rate, low, high }.into());
        }
        let robot = with_motor(kind_of(&options.robot, options.unit)?, options);
        let leader = leader_arm.then(|| leader_for(&robot, leader_of, options));
        let leader = leader.transpose()?;
        let chosen = supply::choose(options, &robot, leader.as_ref())?;
        for text in chosen.notes {
            link.events.send(SessionEvent::Note { text });
        }
        let options = &chosen.options;
        let clock = RealClock::start();
        let supply = supply::open(options, &robot, leader.as_ref(), &clock)?;
        let (arms, calibration) = build_arms(&robot, supply.follower)?;
        let mut cameras = CameraHub::default();
        let mut request = TeleoperatorRequest {
            robot: &robot,
            calibration: &calibration,
            leader: leader.as_ref(),
            leader_arms: supply.leader,
            surroundings: &*supply.surroundings,
            cameras: &mut cameras,
            base_speeds: link.base_speeds(),
            rate_hz: options.rate_hz,
            clock: options.clock,
            settings: &options.teleop_settings,
            notes: Vec::new(),
        };
        let teleoperator = open(&mut request)?;
        for text in request.notes {
            link.events.send(SessionEvent::Note { text });
        }
        let follower = ServoFollower::new(arms, robot.clone(), calibration.clone());
        Ok(Self {
            robot,
            calibration,
            follower: Box::new(follower),
            teleoperator,
            cameras,
            surroundings: supply.surroundings,
            rate_hz: options.rate_hz,
            far_moves: options.far_moves,
            clock_kind: options.clock,
            clock,
        })
    }

    /// From one tick to the next.
    pub fn period(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate_hz)
    }
}

/// The robot of this name or path, in this unit if one is asked for.
pub(crate) fn kind_of(name: &str, unit: Option<Unit>) -> Result<RobotKind, SessionError> {
    let kind = files::find(name)?;
    Ok(match unit {
        Some(unit) => kind.in_unit(unit),
        None => kind,
    })
}

/// The robot with the motors that the user says it has.
pub(crate) fn with_motor(mut kind: RobotKind, options: &RigOptions) -> RobotKind {
    if let Some(motor) = &options.motor {
        let sides = kind.sides.iter_mut().map(|side| &mut side.kind.simulation);
        for simulation in sides.chain([&mut kind.simulation]) {
            simulation.motor = Some(motor.clone());
        }
    }
    kind
}

/// The leader that drives a robot, as a robot of its own: that of the robot `named`, of the one that its file names, or its own.
///
/// # Errors
/// If there is no such robot, or its joints are others.
pub fn leader_for(
    follower: &RobotKind,
    named: Option<&str>,
    options: &RigOptions,
) -> Result<RobotKind, SessionError> {
    let own = follower.driven_by.as_deref();
    let name = named.or(own).unwrap_or(&options.robot);
    let leader = kind_of(name, options.unit)?.as_leader();
    same_joints(follower, &leader)?;
    Ok(leader)
}

/// One sentence for each calibration file of the rig that another of the same id, in the folder of a newer LeRobot, hides.
///
/// # Errors
/// If there is no such robot, or an id is no file name.
pub fn hidden_calibrations(
    options: &RigOptions,
    with_leader: bool,
) -> Result<Vec<String>, SessionError> {
    let robot = kind_of(&options.robot, options.unit)?;
    let mut out = Vec::new();
    if let Some(id) = &options.robot_id {
        out.extend(supply::hidden_calibrations(&robot, ArmRole::Follower, id)?);
    }
    if let (true, Some(id)) = (with_leader, &options.teleop_id) {
        let leader = leader_for(&robot, options.teleop.as_deref(), options)?;
        out.extend(supply::hidden_calibrations(&leader, ArmRole::Leader, id)?);
    }
    Ok(out)
}

/// A leader has the follower's joints but for its wheels, perhaps without the prefix that an arm has in a larger robot.
fn same_joints(follower: &RobotKind, leader: &RobotKind) -> Result<(), SessionError> {
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
    let wrong = UsageError::LeaderDiffers {
        leader: leader.name.clone(),
        follower: follower.name.clone(),
        leading: names(leader),
        driven: names(follower),
    };
    Err(wrong.into())
}
