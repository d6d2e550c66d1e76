//! Ports and cameras of the simulator. This is the one place of the session that knows of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ulna_core::unit::AngleMap;
use ulna_core::{Action, ActionSource, Camera, Environment, Frame, Joints, Judge, Stamp};
use ulna_drivers::Port;
use ulna_robot::display::MovingThings;
use ulna_robot::{ArmRole, RobotKind, VisualSpec};
use ulna_rt::RealClock;
use ulna_sim::adapter::AdapterModel;
use ulna_sim::world::{SimArm, SimBaseOperator, SimError, SimWorld, Wire, WorldOptions};

use super::calibrated::{self, calibration_of};
use super::parts::{
    Attempts, BusTraffic, ScenePicture, SuppliedArm, Supply, Surroundings, side_id, sides,
};
use crate::device::Teleoperator;
use crate::error::SessionError;
use crate::failure::SessionFailure;
use crate::options::RigOptions;
use crate::report::ClockKind;
use crate::usage::UsageError;

/// The adapters that [`RigOptions::adapter`] can name, a line for each.
pub use ulna_sim::adapter::KINDS as ADAPTERS;
pub(crate) use ulna_sim::compare;
pub use ulna_sim::engine::PhysicsEngine;
pub use ulna_sim::scene::SceneKind;
pub use ulna_sim::scenes;
pub use ulna_sim::scenes::look::SceneCamera;

/// What can go wrong on a simulated bus and with a simulated camera, and how it is written, for people.
pub fn faults_in_words() -> String {
    format!(
        "--fault\n{}\n\n--camera-fault\n  \
         front:frozen@3s                     the camera repeats one picture\n  \
         front:silent@3s                     it gives no more pictures\n  \
         front:gone@3s                       it is unplugged\n  \
         front:late+700ms@3s                 its pictures arrive so much later",
        ulna_sim::fault::GRAMMAR
    )
}

/// What a camera sees of a scene before anything has moved, and all cameras that there are.
///
/// # Errors
/// If there is no such scene, robot or camera.
pub fn scene_picture(wanted: &ScenePicture<'_>) -> Result<(Frame, Vec<SceneCamera>), SessionError> {
    let kind = ulna_robot::files::find(wanted.robot)?;
    let options = WorldOptions {
        scene: wanted.scene.to_owned(),
        seed: wanted.seed,
        varied: wanted.varied,
        ..WorldOptions::default()
    };
    let arms = sim_arms(&kind, ArmRole::Follower, None)?;
    let world = SimWorld::new(&kind, &arms, &[], &options).map_err(sim)?;
    let first = world.camera_names().first().map(|name| (*name).to_owned());
    let name = wanted
        .camera
        .map(str::to_owned)
        .or(first)
        .unwrap_or_default();
    let known = world.cameras().iter().find(|it| it.view.name == name);
    let size = wanted.size.or(known.map(|it| it.size)).unwrap_or_default();
    let mut camera = world.open_camera(&name, size, 10.0).map_err(sim)?;
    for tick in 0..100 {
        let now = Stamp::new(Duration::from_millis(10 * tick));
        let frame = camera.poll(now);
        if let Ok(Some(frame)) = frame {
            return Ok((frame, world.cameras().to_vec()));
        }
    }
    Err(SessionFailure::NoPicture { camera: name }.into())
}

/// Builds the world that the options ask for, and takes its ports.
pub(super) fn open(
    options: &RigOptions,
    robot: &RobotKind,
    leader: Option<&RobotKind>,
    clock: &RealClock,
) -> Result<Supply, SessionError> {
    if options.robot_port.is_some() || options.teleop_port.is_some() {
        return Err(UsageError::PortInSimulation.into());
    }
    if let Some((name, _)) = options.cameras.first() {
        let camera = name.clone();
        return Err(UsageError::CameraInSimulation { camera }.into());
    }
    let wire = match options.clock {
        ClockKind::Virtual => Wire::InMemory,
        ClockKind::Real => Wire::Pty {
            epoch: clock.epoch(),
        },
    };
    let followers = sim_arms(robot, ArmRole::Follower, options.robot_id.as_deref())?;
    let id = options.teleop_id.as_deref();
    let leaders = leader.map(|kind| sim_arms(kind, ArmRole::Leader, id));
    let leaders = leaders.transpose()?.unwrap_or_default();
    let arms = (&*followers, &*leaders);
    let mut world = world(options, AdapterModel::default(), wire, robot, arms)?;
    Ok(Supply {
        follower: supplied(followers, world.follower_ports().map_err(sim)?),
        leader: supplied(leaders, world.leader_ports().map_err(sim)?),
        surroundings: Box::new(Simulated(world)),
    })
}

/// The simulator's error as the session's.
fn sim(error: SimError) -> SessionError {
    SessionError::Surroundings {
        usage: error.is_usage(),
        reason: Box::new(error),
    }
}

/// The engine that the options ask for, or an error if there is none of this name.
pub(crate) fn engine(options: &RigOptions) -> Result<PhysicsEngine, SessionError> {
    let named = options.physics.as_deref();
    let engine = named.map_or(Ok(PhysicsEngine::default()), str::parse);
    engine.map_err(|error| sim(SimError::Engine(error)))
}

fn world(
    options: &RigOptions,
    adapter: AdapterModel,
    wire: Wire,
    robot: &RobotKind,
    (followers, leaders): (&[SimArm], &[SimArm]),
) -> Result<SimWorld, SessionError> {
    let named = options.adapter.as_deref().map(str::parse).transpose();
    let named = named.map_err(|error| sim(SimError::Adapter(error)))?;
    let scene = options.scene.as_deref().unwrap_or(scenes::DEFAULT);
    let options = WorldOptions {
        scene: scene.to_owned(),
        seed: options.seed,
        physics: engine(options)?,
        varied: options.scene_variation,
        task: options.task.clone(),
        expert: options.expert,
        faults: options.faults.clone(),
        camera_faults: options.camera_faults.clone(),
        adapter: named.unwrap_or(adapter),
        wire,
    };
    SimWorld::new(robot, followers, leaders, &options).map_err(sim)
}

fn supplied(arms: Vec<SimArm>, ports: Vec<Box<dyn Port>>) -> Vec<SuppliedArm> {
    let arms = arms.into_iter().zip(ports).map(|(arm, port)| SuppliedArm {
        side: arm.side,
        kind: arm.kind,
        calibration: arm.calibration,
        port,
        round_trip: None,
    });
    arms.collect()
}

/// The sides of a robot with their calibrations.
fn sim_arms(
    kind: &RobotKind,
    role: ArmRole,
    id: Option<&str>,
) -> Result<Vec<SimArm>, SessionError> {
    let arms = sides(kind).into_iter().map(|(side, kind)| {
        let id = id.map(|id| side_id(id, &side));
        Ok(SimArm {
            calibration: calibration_of(&kind, role, id.as_deref())?,
            side,
            kind,
        })
    });
    arms.collect()
}

/// Writes the calibration of each side where LeRobot looks for it.
fn publish(arms: &[SimArm], role: ArmRole, id: Option<&str>) -> Result<(), SessionError> {
    let Some(id) = id else {
        return Ok(());
    };
    arms.iter().try_for_each(|arm| {
        let id = side_id(id, &arm.side);
        calibrated::publish(&arm.calibration, &arm.kind, role, &id)
    })
}

/// What is around a simulated robot. The world's threads end when this is dropped.
#[derive(Debug)]
struct Simulated(SimWorld);

impl Surroundings for Simulated {
    fn simulated(&self) -> bool {
        true
    }

    fn cameras(&self) -> Vec<String> {
        let names = self.0.camera_names().into_iter();
        names.map(str::to_owned).collect()
    }

    fn spare_cameras(&self) -> Vec<String> {
        let spare = self.0.cameras().iter().filter(|camera| camera.spare);
        spare.map(|camera| camera.view.name.clone()).collect()
    }

    fn picture_size(&self, name: &str) -> Option<(u32, u32)> {
        let mut cameras = self.0.cameras().iter();
        let camera = cameras.find(|camera| camera.view.name == name)?;
        Some(camera.size)
    }

    fn open_camera(
        &self,
        name: &str,
        size: (u32, u32),
        fps: f64,
    ) -> Result<Option<Box<dyn Camera>>, SessionError> {
        Ok(Some(self.0.open_camera(name, size, fps).map_err(sim)?))
    }

    fn environment(&self) -> Option<Arc<dyn Environment>> {
        self.0.environment()
    }

    fn judge(&self, angles: &Joints<AngleMap>) -> Option<Box<dyn Judge>> {
        self.0.judge(*angles)
    }

    fn task(&self) -> Option<String> {
        self.0.task()
    }

    fn moving_things(&self) -> Option<Arc<dyn MovingThings>> {
        Some(Arc::new(SimulatedThings(self.0.attendant())))
    }

    fn attempts(&self) -> Option<Box<dyn Attempts>> {
        Some(Box::new(SimulatedAttempts(self.0.attendant())))
    }

    fn objects(&self) -> Vec<(String, VisualSpec)> {
        self.0.objects()
    }

    fn can_place(&self) -> bool {
        true
    }

    fn place(&self, angles: &Joints<f64>) {
        self.0.place(angles);
    }

    fn traffic(&self) -> Vec<BusTraffic> {
        let buses = self.0.traffic().into_iter();
        let traffic = buses.map(|(role, traffic)| BusTraffic {
            role: role.to_owned(),
            answered: traffic.answered,
            unanswered: traffic.unanswered,
            lost_bytes: traffic.destroyed + traffic.lost,
            longest_pause: traffic.longest_pause,
        });
        traffic.collect()
    }

    fn base_operator(&self) -> Option<Box<dyn Teleoperator>> {
        let operator = self.0.base_operator()?;
        Some(Box::new(SimulatedBase(operator)))
    }
}

/// The things around a simulated arm.
#[derive(Debug)]
struct SimulatedThings(ulna_sim::world::Attendant);

impl MovingThings for SimulatedThings {
    fn things(&self) -> Vec<(String, VisualSpec)> {
        self.0.things()
    }
}

/// The hands next to a simulated arm.
#[derive(Debug)]
struct SimulatedAttempts(ulna_sim::world::Attendant);

impl Attempts for SimulatedAttempts {
    fn begin(&self) {
        self.0.begin();
    }

    fn clear(&self) {
        self.0.clear();
    }

    fn is_clear(&self) -> bool {
        self.0.is_clear()
    }

    fn is_solved(&self) -> bool {
        self.0.is_solved()
    }

    fn time_limit(&self) -> Option<Duration> {
        let limit = self.0.time_limit()?;
        Duration::try_from_secs_f64(limit).ok()
    }

    fn lay_out(&self, number: u64) {
        self.0.lay_out(number);
    }
}

/// The simulated operator of a base, as a teleoperator.
#[derive(Debug)]
struct SimulatedBase(SimBaseOperator);

impl ActionSource for SimulatedBase {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        let speeds = self.0.speeds(now.since_epoch());
        let target = Joints::from_fn(speeds.len(), |way| speeds[way]);
        Some(Action { stamp: now, target })
    }
}

impl Teleoperator for SimulatedBase {}

/// Simulated buses on pseudo-terminals, for other programs; they end when this is dropped.
#[derive(Debug)]
pub struct SimulatedBuses(SimWorld);

impl SimulatedBuses {
    /// The role and the device of each bus.
    pub fn devices(&self) -> Vec<(&str, PathBuf)> {
        self.0.devices()
    }

    /// The role of each bus behind a bridge board, and the device of that board's raw port.
    pub fn raw_devices(&self) -> Vec<(&str, PathBuf)> {
        self.0.raw_devices()
    }

    /// The role of a bus whose thread has ended, which it should not.
    pub fn fallen(&self) -> Option<&str> {
        self.0.fallen()
    }
}

/// Puts a simulated follower, and a leader in its hand if `leader`, on ptys in real time, for other programs to open; without an adapter unless
/// the options name one.
///
/// # Errors
/// If the arms or the ptys cannot be set up.
pub fn serve(
    options: &RigOptions,
    robot: &RobotKind,
    leader: Option<&RobotKind>,
) -> Result<SimulatedBuses, SessionError> {
    let wire = Wire::Pty {
        epoch: RealClock::start().epoch(),
    };
    let followers = sim_arms(robot, ArmRole::Follower, options.robot_id.as_deref())?;
    let id = options.teleop_id.as_deref();
    let leaders = leader.map(|kind| sim_arms(kind, ArmRole::Leader, id));
    let leaders = leaders.transpose()?.unwrap_or_default();
    publish(&followers, ArmRole::Follower, options.robot_id.as_deref())?;
    publish(&leaders, ArmRole::Leader, id)?;
    let arms = (&*followers, &*leaders);
    let world = world(options, AdapterModel::Direct, wire, robot, arms)?;
    Ok(SimulatedBuses(world))
}
