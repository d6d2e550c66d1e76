//! The same arm among the same things, moved by MuJoCo: the engine that ours is measured against.
//!
//! The servos are the same ([`Drivetrain`]). A servo's gears are stiffer than its links are heavy, so their forces may not be those of the tick before:
//! what enters implicitly in `law::solve` (gears at the ends of their play, stops, back-EMF, viscous friction) is here inertia that is set in
//! each tick, with its momentum given back as a torque. That is the same equation, and MuJoCo's solver finds contact and dry friction knowing it:
//!
//! ```text
//! (a − k) · rotor⁺ + (M + s) · output⁺ = p + q        hinge rN
//!      k · twist⁺  + (M + s) · output⁺ = q            hinge tN, twist = output − rotor
//! ```
//!
//! MuJoCo's library is linked, so a program that is built with it does not start without it.

mod log;
mod mjcf;

use core::time::Duration;

use mujoco_rs::prelude::{MjData, MjModel};
use nalgebra::{Isometry3, Quaternion, Translation3, UnitQuaternion};
use ulna_core::joints::Joints;
use ulna_robot::kinematics::Chain;
use ulna_robot::{Calibration, RobotKind};

use crate::arm::drivetrain::Drivetrain;
use crate::arm::{ArmOptions, MechanicsError, TICK};
use crate::contact::pieces::Pieces;
use crate::contact::{Fixture, MAX_BODIES, Matter};
use crate::law::Servo;
use crate::law::solve::{Share, Speeds, Taken};
use crate::plant::{Drive, Physics, Plant, Sense};

pub(crate) use mjcf::SETTINGS;

/// Numbers of a free body's place.
const PLACE: usize = 7;

/// An arm of servos that MuJoCo moves.
#[derive(Debug)]
pub(crate) struct MujocoArm {
    drivetrain: Drivetrain,
    angles: Joints<f64>,
    ticks: u64,
    kind: RobotKind,
    pieces: Pieces,
    matter: Vec<Matter>,
    poses: Vec<Isometry3<f64>>,
    engine: Engine,
}

impl MujocoArm {
    /// The arm of a validated robot file among `fixtures`, whose encoders are mounted as this calibration found them.
    ///
    /// # Errors
    /// If a servo model is unknown, the calibration does not fit the robot, or MuJoCo does not take the robot.
    pub(crate) fn new(
        kind: &RobotKind,
        calibration: &Calibration,
        options: ArmOptions,
        fixtures: &[Fixture],
    ) -> Result<Self, MechanicsError> {
        log::quiet();
        let drivetrain = Drivetrain::new(kind, calibration, &options)?;
        let angles = drivetrain.angles();
        let pieces = Pieces::new(kind, &Chain::new(kind).pose(&angles), fixtures);
        let mut arm = Self {
            engine: Engine::new(kind, &drivetrain.turns(), &pieces, &[])?,
            drivetrain,
            angles,
            ticks: 0,
            kind: kind.clone(),
            pieces,
            matter: Vec::new(),
            poses: Vec::with_capacity(MAX_BODIES),
        };
        arm.stand();
        Ok(arm)
    }

    /// Puts MuJoCo's joints and bodies, at rest, where the servos and the poses are.
    fn stand(&mut self) {
        let servos = self.drivetrain.servos().iter();
        let outputs = servos.zip(self.drivetrain.mounts());
        let outputs = outputs.map(|(servo, mount)| servo.angle() - mount.encoder(0.0));
        self.engine.stand(outputs, &self.poses);
    }

    fn tick(&mut self, drives: &[Drive]) {
        let dt = TICK.as_secs_f64();
        let shares = self.drivetrain.prepare(drives, dt);
        let Some(speeds) = self.engine.step(&shares, dt) else {
            // What is not finite is never published: everything comes to rest where it was last.
            let angles = self.angles;
            self.drivetrain.place(&angles);
            self.stand();
            return;
        };
        let taken = Joints::filled(shares.len(), Taken::default());
        self.drivetrain.commit(&speeds, &taken, dt);
        self.angles = self.drivetrain.angles();
        self.engine.read(&mut self.poses);
    }
}

impl Plant for MujocoArm {
    fn servos(&self) -> usize {
        self.drivetrain.servos().len()
    }

    fn advance(&mut self, to: Duration, drives: &[Drive]) {
        while TICK.as_nanos() * u128::from(self.ticks + 1) <= to.as_nanos() {
            self.tick(drives);
            self.ticks += 1;
        }
    }

    fn sense(&self, index: usize) -> Sense {
        let servo = self.drivetrain.servos().get(index);
        servo.map(Servo::sense).unwrap_or_default()
    }
}

impl Physics for MujocoArm {
    fn joint_angles(&self) -> &Joints<f64> {
        &self.angles
    }

    fn place(&mut self, angles: &Joints<f64>) {
        self.drivetrain.place(angles);
        self.angles = self.drivetrain.angles();
        self.stand();
    }

    fn bodies(&self) -> &[Isometry3<f64>] {
        &self.poses
    }

    fn overlap(&self) -> f64 {
        self.engine.overlap()
    }

    /// Other bodies are another model: the arm goes on from where it is, at rest.
    fn lay_out(&mut self, matter: &[Matter], poses: &[Isometry3<f64>]) {
        let count = matter.len().min(poses.len()).min(MAX_BODIES);
        self.pieces.replace(&matter[..count]);
        // Bodies are boxes and cylinders of a checked scene: what MuJoCo takes of one it takes of all. Else nothing lies there.
        let turns = self.drivetrain.turns();
        match Engine::new(&self.kind, &turns, &self.pieces, &matter[..count]) {
            Ok(engine) => {
                self.engine = engine;
                self.matter = matter[..count].to_vec();
                self.poses = poses[..count].to_vec();
            }
            Err(_) => self.pieces.replace(&self.matter),
        }
        self.stand();
    }
}

/// A model of MuJoCo's and its state.
#[derive(Debug)]
struct Engine {
    data: MjData<Box<MjModel>>,
    /// Where each joint's rotor is among MuJoCo's degrees of freedom; its twist comes next.
    at: Joints<usize>,
    /// The model of the next tick; the two take turns.
    spare: Option<Box<MjModel>>,
}

impl Engine {
    fn new(
        kind: &RobotKind,
        turns: &Joints<f64>,
        pieces: &Pieces,
        matter: &[Matter],
    ) -> Result<Self, MechanicsError> {
        let refused = |reason: String| MechanicsError::Mujoco {
            robot: kind.name.clone(),
            reason,
        };
        let model = MjModel::from_xml_string(&mjcf::model(kind, turns, pieces, matter));
        let model = Box::new(model.map_err(|error| refused(error.to_string()))?);
        let spare = Some(model.clone());
        let data = MjData::try_new(model).map_err(|error| refused(error.to_string()))?;
        let order = mjcf::order(kind);
        let at = Joints::from_fn(kind.dof(), |joint| {
            2 * order.iter().position(|other| *other == joint).unwrap_or(0)
        });
        Ok(Self { data, at, spare })
    }

    /// Puts everything at rest: the servos' outputs at these angles, rad, and the bodies at these poses.
    fn stand(&mut self, outputs: impl Iterator<Item = f64>, poses: &[Isometry3<f64>]) {
        self.data.reset();
        let bodies = 2 * self.at.len();
        let places = self.data.qpos_mut();
        for (rotor, output) in self.at.iter().zip(outputs) {
            places[*rotor] = output;
        }
        for (place, pose) in places[bodies..].chunks_exact_mut(PLACE).zip(poses) {
            let (at, turn) = (pose.translation.vector, pose.rotation.coords);
            place.copy_from_slice(&[at.x, at.y, at.z, turn.w, turn.x, turn.y, turn.z]);
        }
    }

    /// Where the bodies are.
    fn read(&self, poses: &mut [Isometry3<f64>]) {
        let places = self.data.qpos()[2 * self.at.len()..].chunks_exact(PLACE);
        for (pose, place) in poses.iter_mut().zip(places) {
            *pose = Isometry3::from_parts(
                Translation3::new(place[0], place[1], place[2]),
                UnitQuaternion::new_normalize(Quaternion::new(
                    place[3], place[4], place[5], place[6],
                )),
            );
        }
    }

    /// One tick under what the servos ask for, and the speeds after it; `None` if they are not finite.
    fn step(&mut self, shares: &Joints<Share>, dt: f64) -> Option<Joints<Speeds>> {
        let mut model = self.spare.take()?;
        for (joint, share) in shares.iter().enumerate() {
            let (rotor, twist) = (self.at[joint], self.at[joint] + 1);
            let inertia = share.rotor - share.gears;
            model.dof_armature_mut()[rotor] = inertia;
            model.dof_armature_mut()[twist] = share.gears;
            model.tendon_armature_mut()[joint] = share.stop;
            model.dof_frictionloss_mut()[rotor] = share.rotor_friction / dt;
            model.tendon_frictionloss_mut()[joint] = share.output_friction / dt;
            let speeds = [self.data.qvel()[rotor], self.data.qvel()[twist]];
            let output = share.output_momentum - share.stop * (speeds[0] + speeds[1]);
            let torques = self.data.qfrc_applied_mut();
            torques[rotor] = (share.rotor_momentum + output - inertia * speeds[0]) / dt;
            torques[twist] = (output - share.gears * speeds[1]) / dt;
        }
        self.spare = Some(self.data.try_swap_model(model).ok()?);
        self.data.step();
        let speeds = self.data.qvel();
        if !speeds
            .iter()
            .chain(self.data.qpos())
            .all(|value| value.is_finite())
        {
            return None;
        }
        Some(Joints::from_fn(shares.len(), |joint| Speeds {
            rotor: speeds[self.at[joint]],
            output: speeds[self.at[joint]] + speeds[self.at[joint] + 1],
        }))
    }

    fn overlap(&self) -> f64 {
        let contacts = self.data.contact().iter();
        contacts.map(|contact| -contact.dist).fold(0.0, f64::max)
    }
}
