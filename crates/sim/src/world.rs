//! A simulated world as a supplier of ports and cameras: at the other end of the ports are simulated servos, which move one
//! robot's mechanics, and the cameras look at that robot in a scene.
//!
//! ```
//! use ulna_sim::world::{SimArm, SimWorld, WorldOptions};
//!
//! # let kind: ulna_robot::RobotKind = toml::from_str(include_str!("../../../configs/so101.toml"))?;
//! let arm = SimArm { side: String::new(), kind: kind.clone(), calibration: kind.nominal_calibration() };
//! let mut world = SimWorld::new(&kind, &[arm], &[], &WorldOptions::default())?;
//! let ports = world.follower_ports()?;
//! let camera = world.open_camera("front", (320, 240), 30.0)?;
//! assert_eq!((ports.len(), camera.name()), (1, "front"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod alone;
mod attendant;
mod base;
mod buses;
mod error;
mod faults;
mod options;
mod shared;

#[cfg(test)]
mod experts;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use ulna_core::joints::Joints;
use ulna_core::unit::AngleMap;
use ulna_core::{Camera, Environment, Judge};
use ulna_drivers::Port;
use ulna_robot::kinematics::Chain;
use ulna_robot::{Calibration, RobotKind, VisualSpec};

use crate::adapter::Adapter;
use crate::arm::{ArmOptions, resting_angles};
use crate::bus::Traffic;
use crate::camera::{CameraFaultKind, CameraOptions, FaultyCamera, SimCamera};
use crate::engine::PhysicsEngine;
use crate::fault::FaultPlan;
use crate::hand::{Hand, LeaderArm, Operator};
use crate::law::ServoModel;
use crate::scene::{Scene, SceneError, SceneKind};
use crate::scenes;
use crate::scenes::look::SceneCamera;
use crate::sight::Sight;
use crate::visual::VisualScene;

pub use attendant::Attendant;
pub use base::SimBaseOperator;
pub use error::SimError;
pub use options::{SimArm, Wire, WorldOptions};
pub use shared::PlantSlice;

use alone::MovesAlone;
use buses::WiredBus;
use shared::SharedPhysics;

/// A simulated world. In real time its threads serve the ptys; dropping it ends them, and the ports on them are gone.
#[derive(Debug)]
pub struct SimWorld {
    robot: RobotKind,
    seed: u64,
    varied: bool,
    cameras: Vec<SceneCamera>,
    scene_kind: SceneKind,
    scene: Arc<dyn Scene>,
    physics: SharedPhysics,
    sight: Sight,
    followers: Vec<WiredBus<PlantSlice>>,
    leaders: Vec<WiredBus<LeaderArm>>,
    camera_faults: Vec<(String, CameraFaultKind)>,
    /// What moves the mechanics in real time.
    alone: Option<MovesAlone>,
}

impl SimWorld {
    /// A world with `robot` in it, which has the buses of `followers`, and with `leaders`: the arms of a robot seen through
    /// [`RobotKind::as_leader`], or none.
    ///
    /// # Errors
    /// [`SimError`]; see [`SimError::is_usage`].
    pub fn new(
        robot: &RobotKind,
        followers: &[SimArm],
        leaders: &[SimArm],
        options: &WorldOptions,
    ) -> Result<Self, SimError> {
        let scene_kind = scenes::find(&options.scene)?;
        let scene = scene_kind.set_up(robot, options.seed, options.task.as_deref())?;
        let camera_faults = options.camera_faults.iter();
        let camera_faults = camera_faults
            .map(|text| CameraFaultKind::parse(text))
            .collect::<Result<_, _>>()?;
        let physics = mechanics(robot, followers, &*scene, options.physics)?;
        let sight = Sight::new(physics.pose());
        let cameras = scene_kind.look.cameras_for(robot);
        let cameras = cameras.map_err(|problem| SceneError::Camera {
            scene: scene_kind.name.clone(),
            problem,
        })?;
        let followers = follower_buses(followers, &physics, options)?;
        let leaders = leader_buses(leaders, &*scene, &sight, options)?;
        let mut world = Self {
            robot: robot.clone(),
            seed: options.seed,
            varied: options.varied,
            cameras,
            scene_kind,
            scene,
            physics,
            sight,
            followers,
            leaders,
            camera_faults,
            alone: None,
        };
        world.attendant().lay_out(0);
        if let Wire::Pty { epoch } = options.wire {
            world.alone = Some(MovesAlone::spawn(world.physics.clone(), epoch)?);
        }
        Ok(world)
    }

    /// The port of each of the follower's buses, in their order. They are given away once; a second call gives none.
    ///
    /// # Errors
    /// [`SimError::Port`] if the system does not open one.
    pub fn follower_ports(&mut self) -> Result<Vec<Box<dyn Port>>, SimError> {
        let ports = self.followers.iter_mut().map(WiredBus::port);
        ports.filter_map(Result::transpose).collect()
    }

    /// The port of each of the leader's buses, as [`follower_ports`](Self::follower_ports).
    ///
    /// # Errors
    /// [`SimError::Port`] if the system does not open one.
    pub fn leader_ports(&mut self) -> Result<Vec<Box<dyn Port>>, SimError> {
        let ports = self.leaders.iter_mut().map(WiredBus::port);
        ports.filter_map(Result::transpose).collect()
    }

    /// In real time, the role of each bus (`follower`, `leader right`) and its terminal, for other programs to open.
    pub fn devices(&self) -> Vec<(&str, PathBuf)> {
        let followers = self.followers.iter().filter_map(WiredBus::device);
        let leaders = self.leaders.iter().filter_map(WiredBus::device);
        followers.chain(leaders).collect()
    }

    /// The role of each bus behind a bridge board, and the terminal of that board's raw port.
    pub fn raw_devices(&self) -> Vec<(&str, PathBuf)> {
        let followers = self.followers.iter().filter_map(WiredBus::raw_device);
        let leaders = self.leaders.iter().filter_map(WiredBus::raw_device);
        followers.chain(leaders).collect()
    }

    /// The role of each bus (`follower`, `leader right`), and what passed over it.
    pub fn traffic(&self) -> Vec<(&str, Traffic)> {
        let followers = self.followers.iter().map(WiredBus::traffic);
        let leaders = self.leaders.iter().map(WiredBus::traffic);
        followers.chain(leaders).collect()
    }

    /// The role of a bus whose thread has ended, which it should not, or `physics`.
    pub fn fallen(&self) -> Option<&str> {
        let mut followers = self.followers.iter().filter_map(WiredBus::fallen);
        let mut leaders = self.leaders.iter().filter_map(WiredBus::fallen);
        let buses = followers.next().or_else(|| leaders.next());
        let alone = self.alone.as_ref();
        buses.or_else(|| {
            alone
                .is_some_and(|alone| !alone.is_running())
                .then_some("physics")
        })
    }

    /// The scene.
    pub fn scene(&self) -> &SceneKind {
        &self.scene_kind
    }

    /// What is to be done there, in words, if anything is.
    pub fn task(&self) -> Option<String> {
        let text = self.scene.task()?.text()?;
        Some(text.to_owned())
    }

    /// What a person sees of it, and what an expert has agreed upon with who records.
    pub fn sight(&self) -> &Sight {
        &self.sight
    }

    /// The hands that lay things out again, for the session's threads.
    pub fn attendant(&self) -> Attendant {
        Attendant {
            scene: Arc::clone(&self.scene),
            physics: self.physics.clone(),
            sight: self.sight.clone(),
            varied: self.varied,
        }
    }

    /// The cameras that can be opened: the robot file's in their order, then the scene's.
    pub fn cameras(&self) -> &[SceneCamera] {
        &self.cameras
    }

    /// Their names.
    pub fn camera_names(&self) -> Vec<&str> {
        let cameras = self.cameras.iter();
        cameras.map(|camera| camera.view.name.as_str()).collect()
    }

    /// Names of the cameras with a fault, whether the robot has them or not.
    pub fn faulty_cameras(&self) -> Vec<&str> {
        let faults = self.camera_faults.iter();
        faults.map(|(name, _)| name.as_str()).collect()
    }

    /// A camera of this name with pictures of this width and height, pixels, `fps` a second. Every one that is opened is a
    /// camera of its own; if it is among the faulty ones, its fault comes with it.
    ///
    /// # Errors
    /// [`SimError::UnknownCamera`] or [`SimError::PictureSize`].
    pub fn open_camera(
        &self,
        name: &str,
        (width, height): (u32, u32),
        fps: f64,
    ) -> Result<Box<dyn Camera>, SimError> {
        let mut views = self.cameras.iter().map(|camera| &camera.view);
        let view = views.find(|view| view.name == name);
        let view = view.ok_or_else(|| SimError::UnknownCamera {
            robot: self.robot.name.clone(),
            camera: name.to_owned(),
            known: self.camera_names().join(", "),
        })?;
        let camera = SimCamera::new(
            view.clone(),
            VisualScene::of(&self.robot),
            Chain::new(&self.robot),
            self.physics.pose(),
            CameraOptions::new(width, height, fps),
        )?;
        let camera = camera.in_scene(Arc::clone(&self.scene));
        let mut faults = self.camera_faults.iter();
        Ok(match faults.find(|(faulty, _)| faulty == name) {
            Some((_, kind)) => Box::new(FaultyCamera::new(camera, *kind)),
            None => Box::new(camera),
        })
    }

    /// The values of the scene's environment, if it has any.
    pub fn environment(&self) -> Option<Arc<dyn Environment>> {
        self.scene.environment()
    }

    /// A judge of the scene's task, if it has one. `angles` lead from the robot's joint values to rad.
    pub fn judge(&self, angles: Joints<AngleMap>) -> Option<Box<dyn Judge>> {
        Some(self.scene.task()?.judge(angles, &self.sight))
    }

    /// Names of the solids that stand still around the robot, and how a display draws them.
    pub fn objects(&self) -> Vec<(String, VisualSpec)> {
        let fixtures = self.scene.fixtures(&VisualScene::of(&self.robot));
        let objects = fixtures.into_iter();
        objects
            .map(|(name, object)| (name, object.spec()))
            .collect()
    }

    /// Puts the robot's joints at rest at these angles, rad; NaN leaves a joint where it is.
    pub fn place(&self, angles: &Joints<f64>) {
        self.physics.place(angles);
    }

    /// What drives the robot's base while a leader moves its arm, if it has one.
    pub fn base_operator(&self) -> Option<SimBaseOperator> {
        let base = self.robot.base.as_ref()?;
        Some(SimBaseOperator::new(base, self.seed))
    }
}

/// The robot at rest, its encoders mounted as the calibrations of its arms found them.
fn mechanics(
    robot: &RobotKind,
    arms: &[SimArm],
    scene: &dyn Scene,
    engine: PhysicsEngine,
) -> Result<SharedPhysics, SimError> {
    let values = arms.iter().flat_map(|arm| arm.calibration.values());
    let joints = robot.names().map(str::to_owned).zip(values.copied());
    let calibration = Calibration {
        joints: joints.collect(),
    };
    let options = ArmOptions {
        start: Some(resting_angles(robot)),
        ..ArmOptions::default()
    };
    let fixtures = scene.touchable();
    let physics = engine.build(robot, &calibration, options, fixtures.as_deref())?;
    Ok(SharedPhysics::new(physics))
}

fn follower_buses(
    arms: &[SimArm],
    physics: &SharedPhysics,
    options: &WorldOptions,
) -> Result<Vec<WiredBus<PlantSlice>>, SimError> {
    let plans = faults::plans(&options.faults, options.seed, arms)?;
    let slices = physics.slices(arms.iter().map(|arm| arm.kind.dof()));
    let parts = arms.iter().zip(slices).zip(plans).zip(0..);
    let buses = parts.map(|(((arm, slice), plan), side)| {
        let registers = &arm.kind.follower.registers;
        let surroundings = (plan, adapter(options, 2 * side));
        WiredBus::new(
            "follower",
            arm,
            registers,
            slice,
            surroundings,
            options.wire,
        )
    });
    buses.collect()
}

fn leader_buses(
    arms: &[SimArm],
    scene: &dyn Scene,
    sight: &Sight,
    options: &WorldOptions,
) -> Result<Vec<WiredBus<LeaderArm>>, SimError> {
    let buses = arms.iter().enumerate().map(|(side, arm)| {
        let seed = faults::seed_of_side(options.seed, side);
        let operator: Box<dyn Operator> = match scene.task() {
            Some(task) if options.expert => {
                let expert = task.expert(&arm.kind, seed, sight);
                expert.ok_or_else(|| no_expert(format!(
                    "there is no expert for the hand of `{}`; leave --expert out",
                    arm.kind.name
                )))?
            }
            None if options.expert => {
                return Err(no_expert(format!(
                    "there is nothing to do in the scene `{}`: name one with a task, such as --scene lift",
                    options.scene
                )));
            }
            Some(task) => task.operator(&arm.kind, seed),
            None => Box::new(Hand::new(&arm.kind, seed)),
        };
        let plant = LeaderArm::new(&arm.kind, &arm.calibration, operator, volts(&arm.kind));
        let registers = &arm.kind.leader.registers;
        let surroundings = (FaultPlan::default(), adapter(options, 2 * side as u64 + 1));
        WiredBus::new("leader", arm, registers, plant, surroundings, options.wire)
    });
    buses.collect()
}

fn no_expert(reason: String) -> SimError {
    SimError::Scene(SceneError::NoExpert { reason })
}

/// The adapter of one bus. All hang on one computer, so they share its frames.
fn adapter(options: &WorldOptions, bus: u64) -> Adapter {
    Adapter {
        model: options.adapter,
        seed: options.seed,
        bus,
    }
}

/// Supply voltage of a simulated leader, V; its servos only measure.
fn volts(kind: &RobotKind) -> f64 {
    let joints = kind.joints.iter();
    let models = joints.filter_map(|joint| ServoModel::of(kind, joint));
    models
        .map(|model| model.supply)
        .fold(f64::INFINITY, f64::min)
}
