//! Where a rig's ports and cameras come from: real cables, or the simulator. Sessions know the trait and never ask which it is.

mod hardware;
mod simulated;

use std::fmt;
use std::sync::Arc;

use ulna_bus::engine::{Engine, EngineConfig};
use ulna_core::unit::AngleMap;
use ulna_core::{Camera, Environment, Joints, Judge};
use ulna_drivers::{Arms, Port, ServoArm};
use ulna_robot::{Calibration, RobotKind, VisualSpec};

use crate::device::Teleoperator;
use crate::error::SessionError;
use crate::options::RigOptions;

pub use simulated::{SceneKind, SimError, SimulatedBuses, scenes, serve};

/// One arm on one open port.
pub struct SuppliedArm {
    /// `left`, or nothing if it is the only one.
    pub side: String,
    /// The arm's kind.
    pub kind: RobotKind,
    /// Its calibration.
    pub calibration: Calibration,
    /// Its port.
    pub port: Box<dyn Port>,
    /// How its bus is spoken to.
    pub engine: EngineConfig,
}

impl fmt::Debug for SuppliedArm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuppliedArm")
            .field("side", &self.side)
            .field("port", &self.port.name())
            .finish_non_exhaustive()
    }
}

/// What is around a robot beside its ports. The defaults are those of a real robot, of whose surroundings nothing is known.
pub trait Surroundings: fmt::Debug + Send {
    /// Whether the servos are simulated, for reports and datasets.
    fn simulated(&self) -> bool {
        false
    }

    /// Names of the cameras that can be opened here, whether anything is said about them in the rig or not.
    fn cameras(&self) -> Vec<String> {
        Vec::new()
    }

    /// The camera of this name, with pictures of this size (pixels) and rate; `None` if there is none here.
    ///
    /// # Errors
    /// If it cannot be opened.
    fn open_camera(
        &self,
        _name: &str,
        _size: (u32, u32),
        _fps: f64,
    ) -> Result<Option<Box<dyn Camera>>, SessionError> {
        Ok(None)
    }

    /// What is told as LeRobot's `observation.environment_state`.
    fn environment(&self) -> Option<Arc<dyn Environment>> {
        None
    }

    /// What judges how well the scene's task is done; `angles` lead from the joints' values to rad.
    fn judge(&self, _angles: &Joints<AngleMap>) -> Option<Box<dyn Judge>> {
        None
    }

    /// What stands around the robot, for displays.
    fn objects(&self) -> Vec<(String, VisualSpec)> {
        Vec::new()
    }

    /// Whether the arm can be put somewhere without moving there: no real one can.
    fn can_place(&self) -> bool {
        false
    }

    /// Puts the arm at these joint angles, rad; NaN leaves a joint alone.
    fn place(&self, _angles: &Joints<f64>) {}

    /// What drives the robot's base here, if anything does by itself.
    fn base_operator(&self) -> Option<Box<dyn Teleoperator>> {
        None
    }
}

/// The open ports of a rig, and what is around it.
#[derive(Debug)]
pub struct Supply {
    /// The follower's arms, in the order of its sides.
    pub follower: Vec<SuppliedArm>,
    /// The leader's.
    pub leader: Vec<SuppliedArm>,
    /// What is around them.
    pub surroundings: Box<dyn Surroundings>,
}

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
    match options.sim {
        true => simulated::open(options, robot, leader, clock),
        false => hardware::open(options, robot, leader),
    }
}

/// The arms of a robot behind their ports, and the calibration of all its joints.
///
/// # Errors
/// If the robot file asks for servos that do not exist.
pub fn build_arms(
    kind: &RobotKind,
    supplied: Vec<SuppliedArm>,
) -> Result<(Arms, Calibration), SessionError> {
    let (mut arms, mut calibrations) = (Vec::new(), Vec::new());
    for arm in supplied {
        let engine = Engine::new(arm.engine);
        let built = ServoArm::new(arm.port, engine, &arm.kind, &arm.calibration);
        let built = built.map_err(|source| SessionError::Arm {
            robot: arm.kind.name.clone(),
            source,
        })?;
        arms.push((arm.side, built));
        calibrations.push(arm.calibration);
    }
    Ok((Arms::new(arms), joined(kind, &calibrations)))
}

/// The robots that a rig is put together from, with the names of their sides; one without a name if there is one.
pub(crate) fn sides(kind: &RobotKind) -> Vec<(String, RobotKind)> {
    let sides = kind.sides.iter();
    let sides: Vec<_> = sides
        .map(|side| (side.name.clone(), side.kind.clone()))
        .collect();
    match sides.is_empty() {
        true => vec![(String::new(), kind.clone())],
        false => sides,
    }
}

/// Under which id one side of the arm `id` was calibrated.
pub(crate) fn side_id(id: &str, side: &str) -> String {
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
