//! Grasps as a test of engines: the same cube, the same goals in the same servos, on one engine or another.
//!
//! An SO-101 stands over a table. Its open hand comes down over a cube, closes, lifts it by 7 cm and holds it. The goals go into the registers of
//! simulated servos; between these and the cube are all of the servo's law and, unless a trial says otherwise, its protections: a gripper that
//! squeezes with more than LeRobot's 25 % for two seconds is left a fifth of its torque.

use core::time::Duration;

use nalgebra::{Isometry3, UnitQuaternion, Vector3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_bus::families::sts3215 as reg;
use ulna_bus::registers::Register;
use ulna_core::joints::Joints;
use ulna_robot::RobotKind;
use ulna_robot::kinematics::Chain;

use crate::arm::{ArmOptions, MechanicsError, Mount};
use crate::bus::{BusOptions, ServoBus, WrongPlant};
use crate::contact::{Fixture, Matter};
use crate::engine::PhysicsEngine;
use crate::expert::aim::{Aim, Aimer};
use crate::plant::{Physics, Plant, Sense};
use crate::visual::Shape;
use crate::workbench::{Workbench, WorkbenchError};

/// How far the cube is lifted, m, and how high it must be at the end to have been held.
const LIFT: f64 = 0.07;
const HELD: f64 = 0.02;
/// How far open the hand comes down, rad, and how closed it wants to be.
const OPEN: f64 = 0.8;
const CLOSED: f64 = 0.0;
/// Where the hand comes down, m, and how much room it leaves between the fixed finger and a cube that lies there without an offset.
const PLACE: [f64; 2] = [0.22, 0.03];
const ROOM: f64 = 0.006;
/// Goals are set in this step, that of the servos' protections.
const STEP: Duration = Duration::from_millis(10);

/// One grasp.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GraspTrial {
    /// Side of the cube, m.
    pub side: f64,
    /// kg.
    pub mass: f64,
    /// Coefficient of friction.
    pub friction: f64,
    /// Where the cube lies off the place that the hand goes to: along its forward direction and along the way the jaw closes, m.
    pub offset: [f64; 2],
    /// How the cube is turned against the hand, rad.
    pub yaw: f64,
    /// The gripper's `Torque_Limit`, 0 to 1.
    pub torque: f64,
    /// Whether the gripper's overload protection is left as LeRobot sets it.
    pub protected: bool,
    /// How long it is held, s.
    pub seconds: f64,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grasped {
    /// Whether the cube was in the hand at the end.
    pub held: bool,
    /// How high it was then, m.
    pub height: f64,
    /// How far it moved in the hand while it was held, m.
    pub slip: f64,
    /// The deepest that anything stood in anything else meanwhile, m.
    pub overlap: f64,
    /// What the gripper's servo measured at the end of the lift and at the end.
    pub gripper: [Sense; 2],
}

/// Why there is no trial.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraspError {
    /// The arm cannot be simulated on this engine.
    #[error(transparent)]
    Arm(#[from] MechanicsError),
    /// The arm's servos.
    #[error(transparent)]
    Servos(#[from] WorkbenchError),
    /// Servos and mechanics that do not go together.
    #[error(transparent)]
    Plant(#[from] WrongPlant),
    /// The robot has no hand that comes down over a cube.
    #[error("robot {robot:?} cannot grasp as an SO-101 does; these trials are made for that arm")]
    NoHand {
        /// Name of the robot.
        robot: String,
    },
}

impl GraspTrial {
    /// A cube of 3 cm and 30 g, well centred, for a minute.
    pub const MINUTE: Self = Self {
        side: 0.03,
        mass: 0.03,
        friction: 0.8,
        offset: [0.0; 2],
        yaw: 0.0,
        torque: 0.5,
        protected: true,
        seconds: 60.0,
    };

    /// Trial `number` of a seed: a cube of 2 to 4 cm, 10 to 100 g and friction 0.4 to 1, up to 8 and 10 mm and 0.5 rad off, under one of three
    /// limits of the gripper's torque, held for ten seconds. Many cannot succeed: a finger comes down on the cube.
    #[must_use]
    pub fn drawn(seed: u64, number: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number);
        let mut span = |from: f64, to: f64| random.random_range(from..to);
        Self {
            side: span(0.02, 0.04),
            mass: span(0.01, 0.1),
            friction: span(0.4, 1.0),
            offset: [span(-0.01, 0.01), span(-0.008, 0.008)],
            yaw: span(-0.5, 0.5),
            torque: [0.2, 0.375, 0.75][usize::from(span(0.0, 3.0) as u8).min(2)],
            protected: false,
            seconds: 10.0,
        }
    }

    /// Makes it with the arm of this robot file on `engine`.
    ///
    /// # Errors
    /// If the engine is not built in, or the robot is no SO-101.
    pub fn run(&self, kind: &RobotKind, engine: PhysicsEngine) -> Result<Grasped, GraspError> {
        let mut hand = Hand::over(kind, engine, self)?;
        hand.go(self.aim(0.0), OPEN, 1.2);
        hand.go(self.aim(0.0), CLOSED, 0.8);
        hand.go(self.aim(LIFT), CLOSED, 1.2);
        hand.go(self.aim(LIFT), CLOSED, 0.5);
        let (before, lifted) = (hand.cube_in_hand(), hand.gripper());
        hand.overlap = 0.0;
        hand.go(self.aim(LIFT), CLOSED, self.seconds);
        let height = hand.cube().translation.z - self.side / 2.0;
        Ok(Grasped {
            held: height > HELD,
            height,
            slip: (hand.cube_in_hand() - before).norm(),
            overlap: hand.overlap,
            gripper: [lifted, hand.gripper()],
        })
    }

    /// Where the hand goes, so much above the table.
    fn aim(&self, height: f64) -> Aim {
        let (half, jaw) = (self.side / 2.0, Vector3::y());
        let middle = Vector3::new(PLACE[0], PLACE[1], 0.012 + height);
        Aim {
            point: middle - jaw * (half + ROOM),
            fingers: -Vector3::z(),
            jaw,
        }
    }

    fn cube(&self) -> (Matter, Isometry3<f64>) {
        let half = self.side / 2.0;
        let matter = Matter {
            shape: Shape::Box { half: [half; 3] },
            mass: self.mass,
            friction: self.friction,
        };
        let at = Vector3::new(PLACE[0] + self.offset[0], PLACE[1] + self.offset[1], half);
        let turn = UnitQuaternion::from_euler_angles(0.0, 0.0, self.yaw);
        (matter, Isometry3::from_parts(at.into(), turn))
    }
}

/// An arm at work.
struct Hand {
    bus: ServoBus<Box<dyn Physics>>,
    mounts: Vec<Mount>,
    aimer: Aimer,
    chain: Chain,
    goals: Joints<f64>,
    now: Duration,
    overlap: f64,
}

impl Hand {
    /// An open hand above the cube.
    fn over(
        kind: &RobotKind,
        engine: PhysicsEngine,
        trial: &GraspTrial,
    ) -> Result<Self, GraspError> {
        let no_hand = || GraspError::NoHand {
            robot: kind.name.clone(),
        };
        let aimer = Aimer::new(kind).ok_or_else(no_hand)?;
        if kind.dof() != 6 || kind.joints.iter().any(|joint| joint.model != "sts3215") {
            return Err(no_hand());
        }
        let near = Joints::from_fn(6, |joint| [0.1, -0.2, 0.5, 1.2, 0.0, OPEN][joint]);
        let (start, _) = aimer.angles(&trial.aim(LIFT), &near);
        let calibration = kind.nominal_calibration();
        let options = ArmOptions {
            start: Some(start),
            ..ArmOptions::default()
        };
        let mut plant = engine.build(kind, &calibration, options, Some(&[table()]))?;
        let (matter, pose) = trial.cube();
        plant.lay_out(&[matter], &[pose]);
        let values = kind.joints.iter().zip(calibration.values());
        let mounts = values.map(|(joint, value)| Mount::new(joint, value));
        let mounts: Vec<Mount> = mounts.collect();
        let servos = Workbench::follower(kind, &calibration)?;
        let mut hand = Self {
            bus: servos.into_bus(plant, BusOptions::default())?,
            mounts,
            aimer,
            chain: Chain::new(kind),
            goals: start,
            now: Duration::ZERO,
            overlap: 0.0,
        };
        for joint in 0..6 {
            let registers = kind.follower.registers.iter();
            for (name, value) in registers.chain(&kind.joints[joint].registers) {
                if let Some(register) = reg::TABLE.by_name(name) {
                    hand.set(joint, *register, *value);
                }
            }
            hand.set(joint, reg::TORQUE_LIMIT, 1000);
        }
        let gripper = hand.aimer.gripper();
        hand.set(gripper, reg::TORQUE_LIMIT, rounded(trial.torque * 1000.0));
        if !trial.protected {
            hand.set(gripper, reg::OVERLOAD_TORQUE, 100);
        }
        hand.aim_servos();
        for joint in 0..6 {
            hand.set(joint, reg::TORQUE_ENABLE, 1);
        }
        Ok(hand)
    }

    /// Moves evenly to where `aim` has the hand, with the gripper at `jaw` rad, in so many seconds.
    fn go(&mut self, aim: Aim, jaw: f64, seconds: f64) {
        let from = self.goals;
        let (mut to, _) = self.aimer.angles(&aim, &from);
        to[self.aimer.gripper()] = jaw;
        let steps = (seconds / STEP.as_secs_f64()).round().max(1.0);
        for step in 1..=(steps as u32) {
            let part = f64::from(step) / steps;
            self.goals = Joints::from_fn(6, |joint| from[joint] + (to[joint] - from[joint]) * part);
            self.aim_servos();
            self.now += STEP;
            self.bus.advance(self.now);
            self.overlap = self.overlap.max(self.bus.plant().overlap());
        }
    }

    /// Puts the goals into the servos.
    fn aim_servos(&mut self) {
        for joint in 0..6 {
            let servo = self.bus.servos().get(joint);
            let offset = servo.map_or(0, |servo| servo.get(reg::HOMING_OFFSET));
            let goal = rounded(self.mounts[joint].steps(self.goals[joint])) - offset;
            self.set(joint, reg::GOAL_POSITION, goal);
        }
    }

    /// Sets a register; a value that does not fit leaves it.
    fn set(&mut self, joint: usize, register: Register, value: i32) {
        if let Some(servo) = self.bus.servo_mut(joint) {
            let _ = servo.set(register, value);
        }
    }

    fn cube(&self) -> Isometry3<f64> {
        let bodies = self.bus.plant().bodies();
        bodies.first().copied().unwrap_or_else(Isometry3::identity)
    }

    /// Where the cube is in the frame of the hand, m.
    fn cube_in_hand(&self) -> Vector3<f64> {
        let pose = self.chain.pose(self.bus.plant().joint_angles());
        pose.tool().inv_mul(&self.cube()).translation.vector
    }

    fn gripper(&self) -> Sense {
        self.bus.plant().sense(self.aimer.gripper())
    }
}

#[allow(clippy::cast_possible_truncation)] // registers are far smaller
fn rounded(value: f64) -> i32 {
    value.round() as i32
}

/// The table that the cube lies on.
pub(crate) fn table() -> Fixture {
    Fixture {
        shape: Shape::Box {
            half: [0.45, 0.45, 0.05],
        },
        pose: Isometry3::translation(0.2, 0.0, -0.05),
        friction: 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::ServoModel;

    fn so101() -> RobotKind {
        toml::from_str(include_str!("../../../configs/so101.toml")).unwrap()
    }

    /// What the winding draws at stall under this part of the duty and supply, A.
    fn stalled(duty: f64, gripper: &Sense) -> f64 {
        let model = ServoModel::STS3215;
        gripper.voltage * duty * model.duty_max / model.resistance
    }

    // And the gripper's servo draws, and gets as warm, as its limits say: half of the torque until the overload protection leaves it a fifth.
    #[test]
    fn a_cube_is_held_for_a_minute() {
        let found = GraspTrial::MINUTE
            .run(&so101(), PhysicsEngine::Ulna)
            .unwrap();
        assert!(found.held, "{found:?}");
        assert!(found.slip < 1e-3 && found.overlap < 1e-3, "{found:?}");
        let [lifted, end] = found.gripper;
        assert!(
            lifted.duty.abs() <= 0.5 * ServoModel::STS3215.duty_max + 1e-9,
            "{lifted:?}"
        );
        assert!(
            (lifted.current - stalled(0.5, &lifted)).abs() < 0.1,
            "{lifted:?}"
        );
        assert!((end.current - stalled(0.2, &end)).abs() < 0.01, "{end:?}");
        // Heat: what a minute of that current leaves, on top of what closing and lifting did.
        let model = ServoModel::STS3215;
        let hottest = end.current.powi(2) * model.resistance * model.thermal_resistance;
        let minute = hottest * (1.0 - (-60.0 / model.thermal_time).exp());
        let warmer = end.temperature - lifted.temperature;
        assert!((warmer - minute).abs() < 0.15, "{warmer} K, and {minute} K");
    }

    #[test]
    fn trials_are_the_same_for_a_seed() {
        assert_eq!(GraspTrial::drawn(7, 3), GraspTrial::drawn(7, 3));
        assert_ne!(GraspTrial::drawn(7, 3), GraspTrial::drawn(7, 4));
        let trial = GraspTrial {
            seconds: 0.1,
            ..GraspTrial::drawn(7, 3)
        };
        let run = || trial.run(&so101(), PhysicsEngine::Ulna).unwrap();
        assert_eq!(run(), run());
    }

    #[test]
    fn another_robot_has_no_hand_for_it() {
        let kind: RobotKind = toml::from_str(include_str!("../../../configs/koch.toml")).unwrap();
        let error = GraspTrial::MINUTE.run(&kind, PhysicsEngine::Ulna);
        assert!(error.unwrap_err().to_string().contains("koch"));
    }

    #[cfg(not(feature = "mujoco"))]
    #[test]
    fn an_engine_that_is_not_built_in_is_refused() {
        let error = GraspTrial::MINUTE
            .run(&so101(), PhysicsEngine::Mujoco)
            .unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("--features mujoco") && error.contains("fetch-mujoco"),
            "{error}"
        );
    }
}
