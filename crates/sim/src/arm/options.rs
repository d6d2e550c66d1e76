//! How an arm is simulated, and why it cannot be.

use thiserror::Error;
use ulna_core::joints::{Joints, MAX_JOINTS};
use ulna_robot::{Calibration, RobotKind};

use crate::contact::MAX_ARM;
use crate::law::ServoModel;

/// Why an arm cannot be simulated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MechanicsError {
    /// The motor constants of this servo model are not known.
    #[error(
        "joint {joint:?} has a servo {model:?}, whose motor is not known to the simulation; known are {}",
        ServoModel::names().collect::<Vec<_>>().join(", ")
    )]
    UnknownServo {
        /// Name of the joint.
        joint: String,
        /// The servo's model in the robot file.
        model: String,
    },
    /// No servo of the robot is made with the motor that its file names.
    #[error(
        "no servo of robot {robot:?} has a motor {motor:?} (`motor` in [simulation] of its file, or in the rig's file); they may have {known}"
    )]
    NoSuchMotor {
        /// Name of the robot.
        robot: String,
        /// The motor in its file.
        motor: String,
        /// Motors that its servos are made with.
        known: String,
    },
    /// The calibration belongs to another robot.
    #[error(
        "the calibration has {given} joints, but robot {robot:?} has {expected}; use the file of this robot"
    )]
    CalibrationMismatch {
        /// Name of the robot.
        robot: String,
        /// Joints of the robot.
        expected: usize,
        /// Joints of the calibration.
        given: usize,
    },
    /// The robot has more joints than fit.
    #[error("robot {robot:?} has {given} joints, but the simulation takes at most {MAX_JOINTS}")]
    TooManyJoints {
        /// Name of the robot.
        robot: String,
        /// Joints of the robot.
        given: usize,
    },
    /// This program has no MuJoCo in it.
    #[error(
        "--physics mujoco: this ulna was built without MuJoCo; build one with it: \
         MUJOCO_DYNAMIC_LINK_DIR=\"$(cargo run -q -p xtask -- fetch-mujoco)\" cargo build --release --features mujoco"
    )]
    NoMujoco,
    /// MuJoCo does not take the robot.
    #[error("MuJoCo refuses robot {robot:?}: {reason}; use ulna's own engine, `--physics ulna`")]
    Mujoco {
        /// Name of the robot.
        robot: String,
        /// What it says.
        reason: String,
    },
    /// The robot has more joints than one that touches things can have.
    #[error(
        "robot {robot:?} has {given} joints, but among objects an arm has at most {MAX_ARM}; use a scene without objects, such as `--scene table`"
    )]
    TooManyToTouch {
        /// Name of the robot.
        robot: String,
        /// Joints of the robot.
        given: usize,
    },
}

/// How an arm is simulated, beyond what its robot file says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmOptions {
    /// Voltage of the power supply without load, V; of each servo what its maker recommends, if absent.
    pub voltage: Option<f64>,
    /// Resistance of supply and cables, Ω: the voltage at the servos sags by it.
    pub supply_resistance: f64,
    /// Temperature of the room, °C.
    pub ambient: f64,
    /// Joint angles at the start, rad; the middle of the ranges if absent.
    pub start: Option<Joints<f64>>,
    /// Constants of every servo, instead of those of the models that the robot file names.
    pub model: Option<ServoModel>,
}

impl Default for ArmOptions {
    /// An arm on a good supply in a room of 25 °C.
    fn default() -> Self {
        Self {
            voltage: None,
            supply_resistance: 0.1,
            ambient: 25.0,
            start: None,
            model: None,
        }
    }
}

/// An error if the calibration is of another robot, or no servo of this one is made with the motor that its file names.
pub(crate) fn fit_together(
    kind: &RobotKind,
    calibration: &Calibration,
) -> Result<(), MechanicsError> {
    if calibration.joints.len() != kind.dof() {
        return Err(MechanicsError::CalibrationMismatch {
            robot: kind.name.clone(),
            expected: kind.dof(),
            given: calibration.joints.len(),
        });
    }
    let Some(motor) = ServoModel::misnamed(kind) else {
        return Ok(());
    };
    let joints = kind.joints.iter();
    let mut known: Vec<&str> = joints
        .flat_map(|joint| ServoModel::motors_of(&joint.model))
        .collect();
    known.sort_unstable();
    known.dedup();
    Err(MechanicsError::NoSuchMotor {
        robot: kind.name.clone(),
        motor: motor.to_owned(),
        known: known.join(", "),
    })
}
