//! Where a rig's ports and cameras come from: real cables, or the simulator. Sessions know the trait and never ask which it is.

mod choice;
mod hardware;
mod parts;
mod simulated;

use ulna_bus::engine::Engine;
use ulna_drivers::arm::engine_config;
use ulna_drivers::{Arms, ServoArm, calibration};
use ulna_robot::{ArmRole, Calibration, RobotKind};

use crate::error::SessionError;
use crate::options::RigOptions;

pub(crate) use choice::choose;
pub use parts::{Attempts, BusTraffic, ScenePicture, SuppliedArm, Supply, Surroundings};
pub(crate) use parts::{side_id, sides};
pub use simulated::{
    ADAPTERS, PhysicsEngine, SceneCamera, SceneKind, SimulatedBuses, faults_in_words,
    scene_picture, scenes, serve,
};
pub(crate) use simulated::{compare, engine};

/// Opens the ports of a robot, and of a leader if there is one.
///
/// # Errors
/// [`SessionError`]; nothing has moved.
pub fn open(
    options: &RigOptions,
    robot: &RobotKind,
    leader: Option<&RobotKind>,
    clock: &ulna_rt::RealClock,
) -> Result<Supply, SessionError> {
    let mut supply = match options.sim {
        true => simulated::open(options, robot, leader, clock),
        false => hardware::open(options, robot, leader, clock),
    }?;
    for arm in supply.follower.iter_mut().chain(&mut supply.leader) {
        arm.round_trip = options.round_trip;
    }
    Ok(supply)
}

/// The arms of a robot behind their ports, and the calibration of all its joints. How a bus is spoken to follows from the arm alone: simulated
/// servos are met as real ones are.
///
/// # Errors
/// If the robot file asks for servos that do not exist.
pub fn build_arms(
    kind: &RobotKind,
    supplied: Vec<SuppliedArm>,
) -> Result<(Arms, Calibration), SessionError> {
    let (mut arms, mut calibrations) = (Vec::new(), Vec::new());
    for arm in supplied {
        let engine = Engine::new(engine_config(&arm.kind));
        let built = ServoArm::new(arm.port, engine, &arm.kind, &arm.calibration);
        let mut built = built.map_err(|source| SessionError::Arm {
            robot: arm.kind.name.clone(),
            source,
        })?;
        if let Some(slowest) = arm.round_trip {
            built.set_round_trip(slowest);
        }
        arms.push((arm.side, built));
        calibrations.push(arm.calibration);
    }
    Ok((Arms::new(arms), joined(kind, &calibrations)))
}

/// One sentence for each calibration file of these arms that another of the same id, in the folder of a newer LeRobot, hides.
///
/// # Errors
/// If the id is no file name.
pub(crate) fn hidden_calibrations(
    kind: &RobotKind,
    role: ArmRole,
    id: &str,
) -> Result<Vec<String>, SessionError> {
    let mut out = Vec::new();
    for (side, kind) in sides(kind) {
        let id = side_id(id, &side);
        let used = calibration::find(role, &kind, &id)?;
        for other in calibration::passed_over(role, &kind, &id)? {
            out.push(format!(
                "the calibration of `{id}` is {}; {} has the same id and is not looked at",
                used.display(),
                other.display()
            ));
        }
    }
    Ok(out)
}

/// The calibration of a whole robot, from those of its sides.
fn joined(kind: &RobotKind, sides: &[Calibration]) -> Calibration {
    let values = sides.iter().flat_map(Calibration::values);
    let joints = kind.names().map(str::to_owned).zip(values.copied());
    Calibration {
        joints: joints.collect(),
    }
}
