//! Ports on real cables.

use ulna_cameras::CameraFacts;
use ulna_core::Camera;
use ulna_drivers::{calibration, open_port};
use ulna_robot::{ArmRole, RobotKind};
use ulna_rt::RealClock;

use super::choice::calibrated;
use super::parts::{SuppliedArm, Supply, Surroundings, side_id, sides};
use crate::cameras::RealCameras;
use crate::error::SessionError;
use crate::options::RigOptions;
use crate::report::ClockKind;
use crate::usage::UsageError;

/// Of what stands around a real arm, the cameras are known.
#[derive(Debug)]
struct RealSurroundings(RealCameras);

impl Surroundings for RealSurroundings {
    fn cameras(&self) -> Vec<String> {
        self.0.names()
    }

    fn prepare_cameras(
        &self,
        names: &[String],
    ) -> Result<(Vec<CameraFacts>, Vec<String>), SessionError> {
        self.0.prepare(names)
    }

    fn open_camera(
        &self,
        name: &str,
        _size: (u32, u32),
        _fps: f64,
    ) -> Result<Option<Box<dyn Camera>>, SessionError> {
        self.0.take(name)
    }
}

/// Opens the ports that the options name.
pub(super) fn open(
    options: &RigOptions,
    robot: &RobotKind,
    leader: Option<&RobotKind>,
    clock: &RealClock,
) -> Result<Supply, SessionError> {
    if options.clock == ClockKind::Virtual {
        return Err(only_simulated("--lockstep", "a real arm keeps real time"));
    }
    if !options.faults.is_empty() {
        return Err(only_simulated("--fault", "real faults come by themselves"));
    }
    if options.adapter.is_some() {
        return Err(only_simulated("--adapter", "a real port has its own"));
    }
    let ports = Ports {
        flag: "robot",
        role: ArmRole::Follower,
        ports: options.robot_port.as_deref(),
        id: options.robot_id.as_deref(),
    };
    let follower = open_arms(robot, &ports)?;
    let ports = Ports {
        flag: "teleop",
        role: ArmRole::Leader,
        ports: options.teleop_port.as_deref(),
        id: options.teleop_id.as_deref(),
    };
    let leader = leader.map(|kind| open_arms(kind, &ports)).transpose()?;
    let cameras = RealCameras::new(options.cameras.clone(), clock.epoch());
    Ok(Supply {
        follower,
        leader: leader.unwrap_or_default(),
        surroundings: Box::new(RealSurroundings(cameras)),
    })
}

fn only_simulated(option: &'static str, why: &'static str) -> SessionError {
    UsageError::OnlySimulated { option, why }.into()
}

/// What the user said about the ports of one robot.
struct Ports<'a> {
    flag: &'static str,
    role: ArmRole,
    ports: Option<&'a str>,
    id: Option<&'a str>,
}

fn open_arms(kind: &RobotKind, given: &Ports<'_>) -> Result<Vec<SuppliedArm>, SessionError> {
    let Ports {
        flag,
        role,
        ports,
        id,
    } = *given;
    let sides = sides(kind);
    let ports = ports.ok_or(UsageError::NoPort { role, flag })?;
    let ports: Vec<&str> = ports.split(',').collect();
    if ports.len() != sides.len() {
        let (given, wanted) = (ports.len(), sides.len());
        let wrong = UsageError::PortCount {
            flag,
            given,
            role,
            robot: kind.name.clone(),
            wanted,
        };
        return Err(wrong.into());
    }
    let id = id.ok_or_else(|| {
        let known = match calibrated(role, kind).join(", ") {
            none if none.is_empty() => format!(
                "none is yet: `ulna calibrate --robot {}{} --{flag}-id NAME` does it",
                kind.name,
                if role == ArmRole::Leader {
                    " --leader"
                } else {
                    ""
                }
            ),
            ids => format!("there are: {ids}"),
        };
        UsageError::NoId { role, flag, known }
    })?;
    let arms = sides.into_iter().zip(ports);
    let arms = arms.map(|((side, kind), port)| open_arm(side, kind, role, port, id));
    arms.collect()
}

fn open_arm(
    side: String,
    kind: RobotKind,
    role: ArmRole,
    port: &str,
    id: &str,
) -> Result<SuppliedArm, SessionError> {
    let id = side_id(id, &side);
    let calibration = calibration::load(&calibration::find(role, &kind, &id)?, &id, &kind)?;
    let port = open_port(port, kind.bus.baud)?;
    Ok(SuppliedArm {
        side,
        calibration,
        port,
        round_trip: None,
        kind,
    })
}
