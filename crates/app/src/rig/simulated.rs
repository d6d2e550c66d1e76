//! Simulated rigs: the same drivers, packets and timing, with simulated servos at the other end of the wire.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ulna_bus::engine::{EchoMode, Engine, EngineConfig};
use ulna_core::{Calibration, Joints, RobotKind};
use ulna_drivers::calibration::{self, CalibrationError, Family};
use ulna_drivers::{Leader, Port, SerialPort, ServoArm};
use ulna_rt::RealClock;
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::bus::{BusOptions, ServoBus};
use ulna_sim::fault::FaultPlan;
use ulna_sim::hand::{Hand, LeaderArm};
use ulna_sim::law::ServoModel;
use ulna_sim::plant::Plant;
use ulna_sim::pty::PtyBus;
use ulna_sim::task::Reach;
use ulna_sim::workbench::{Workbench, WorkbenchError};

use super::{LeaderSide, Rig, RigOptions, Scene};
use crate::error::AppError;
use crate::memory::MemoryPort;
use crate::report::ClockKind;
use crate::session::Follower;

/// Where the servos of a rig are.
#[derive(Debug)]
pub enum World {
    /// On real cables.
    Hardware,
    /// Simulated.
    Simulated {
        /// The clock that the simulation keeps.
        clock: ClockKind,
        /// The follower's mechanics, for whoever looks at them: cameras, or a hand that puts the arm somewhere.
        arm: SharedArm,
        /// What there is to do.
        task: Option<Reach>,
        /// In real time, the threads that serve the ptys; they end when this is dropped.
        buses: Buses,
    },
}

/// A simulated follower's mechanics, shared by its bus and whoever looks at them. Hold the lock only to copy.
pub type SharedArm = Arc<Mutex<Arm>>;

/// The buses behind the ptys of a simulated rig.
#[derive(Debug, Default)]
pub struct Buses {
    follower: Option<PtyBus<SharedArm>>,
    leader: Option<PtyBus<LeaderArm>>,
}

impl Buses {
    /// The role and the device of each bus.
    pub fn devices(&self) -> Vec<(&'static str, PathBuf)> {
        let follower = self
            .follower
            .as_ref()
            .map(|bus| ("follower", bus.path().to_owned()));
        let leader = self
            .leader
            .as_ref()
            .map(|bus| ("leader", bus.path().to_owned()));
        follower.into_iter().chain(leader).collect()
    }

    /// The role of a bus whose thread has ended, which it should not.
    pub fn fallen(&self) -> Option<&'static str> {
        let follower = self
            .follower
            .as_ref()
            .filter(|bus| !bus.is_running())
            .map(|_| "follower");
        follower.or_else(|| {
            self.leader
                .as_ref()
                .filter(|bus| !bus.is_running())
                .map(|_| "leader")
        })
    }
}

/// What a simulated port may add to the time on the wire. A pty has no USB adapter behind it.
const TURNAROUND: Duration = Duration::from_millis(2);

pub(super) fn open(
    options: &RigOptions,
    follower: RobotKind,
    leader: Option<RobotKind>,
) -> Result<Rig, AppError> {
    if options.robot_port.is_some() || options.teleop_port.is_some() {
        return Err(AppError::Usage(
            "--sim opens no port: leave out --robot-port and --teleop-port".to_owned(),
        ));
    }
    let task = task_of(options, &follower);
    let clock = RealClock::start();
    let (calibration, shared, follower_bus) = follower_bus(options, &follower)?;
    let leader_parts = leader
        .map(|kind| leader_bus(options, &kind).map(|(calibration, bus)| (kind, calibration, bus)))
        .transpose()?;
    let (follower_port, follower_pty) = wire(
        "follower",
        follower_bus,
        options.clock,
        &clock,
        follower.bus.baud,
    )?;
    let arm = servo_arm(follower_port, &follower, &calibration)?;
    let mut buses = Buses {
        follower: follower_pty,
        leader: None,
    };
    let leader = leader_parts
        .map(|(kind, calibration, bus)| {
            let (port, pty) = wire("leader", bus, options.clock, &clock, kind.bus.baud)?;
            buses.leader = pty;
            let arm = servo_arm(port, &kind, &calibration)?;
            Ok::<_, AppError>(LeaderSide {
                source: Leader(arm),
                kind,
                calibration,
            })
        })
        .transpose()?;
    let follower = Follower {
        arm,
        kind: follower,
        calibration,
    };
    let world = World::Simulated {
        clock: options.clock,
        arm: shared,
        task,
        buses,
    };
    Ok(Rig {
        follower,
        leader,
        world,
        rate_hz: options.rate_hz,
        clock,
    })
}

/// Puts a simulated follower, and a leader in its hand if `leader`, on ptys in real time, for other programs to open.
///
/// # Errors
/// If the arms or the ptys cannot be set up.
pub fn serve(options: &RigOptions, kind: &RobotKind, leader: bool) -> Result<Buses, AppError> {
    let clock = RealClock::start();
    let sim = |error: ulna_sim::pty::PtyError| AppError::Sim(error.to_string());
    let (_, _, bus) = follower_bus(options, kind)?;
    let follower = Some(PtyBus::spawn(bus, "follower", clock.epoch()).map_err(sim)?);
    let leader = match leader {
        true => Some(
            PtyBus::spawn(leader_bus(options, kind)?.1, "leader", clock.epoch()).map_err(sim)?,
        ),
        false => None,
    };
    Ok(Buses { follower, leader })
}

fn task_of(options: &RigOptions, kind: &RobotKind) -> Option<Reach> {
    match options.scene {
        Scene::Table => None,
        Scene::Reach => Some(Reach::new(kind, options.seed)),
    }
}

fn follower_bus(
    options: &RigOptions,
    kind: &RobotKind,
) -> Result<(Calibration, SharedArm, ServoBus<SharedArm>), AppError> {
    let calibration = calibration_of(kind, Family::Robot, options.robot_id.as_deref())?;
    let arm_options = ArmOptions {
        start: Some(resting_angles(kind)),
        ..ArmOptions::default()
    };
    let arm = Arm::new(kind, &calibration, arm_options)
        .map_err(|error| AppError::Sim(error.to_string()))?;
    let shared = Arc::new(Mutex::new(arm));
    let faults = faults(options, kind)?;
    let servos = Workbench::follower(kind, &calibration);
    let bus = servo_bus(servos, Arc::clone(&shared), faults)?;
    Ok((calibration, shared, bus))
}

/// What the makers recommend for the weakest of a robot's servos, V: a leader's only measure.
fn supply_volts(kind: &RobotKind) -> f64 {
    let models = kind.joints.iter();
    let volts = models.filter_map(|joint| Some(ServoModel::named(&joint.model)?.supply));
    volts.fold(f64::INFINITY, f64::min)
}

fn leader_bus(
    options: &RigOptions,
    kind: &RobotKind,
) -> Result<(Calibration, ServoBus<LeaderArm>), AppError> {
    let calibration = calibration_of(kind, Family::Teleoperator, options.teleop_id.as_deref())?;
    let hand = match task_of(options, kind) {
        Some(reach) => Hand::reaching(kind, options.seed, reach),
        None => Hand::new(kind, options.seed),
    };
    let arm = LeaderArm::new(kind, &calibration, hand, supply_volts(kind));
    let servos = Workbench::leader(kind, &calibration);
    let bus = servo_bus(servos, arm, FaultPlan::default())?;
    Ok((calibration, bus))
}

/// The host's port, and the pty's bus if there is one.
type Ends<P> = (Box<dyn Port>, Option<PtyBus<P>>);

/// Both ends of a simulated wire: the port, and in real time the bus on its pty. In memory, the port holds the bus itself.
fn wire<P: Plant + Send + 'static>(
    role: &str,
    bus: ServoBus<P>,
    kind: ClockKind,
    clock: &RealClock,
    baud: u32,
) -> Result<Ends<P>, AppError> {
    match kind {
        ClockKind::Virtual => Ok((Box::new(MemoryPort(bus)), None)),
        ClockKind::Real => {
            let pty = PtyBus::spawn(bus, role, clock.epoch())
                .map_err(|error| AppError::Sim(error.to_string()))?;
            let port = SerialPort::open(&pty.path().to_string_lossy(), baud)?;
            Ok((Box::new(port), Some(pty)))
        }
    }
}

/// The calibration of a simulated arm: flawless, or the one that a real arm of this id has. A new id gets a file with the flawless
/// one, so that other programs can share the simulated arm.
fn calibration_of(
    kind: &RobotKind,
    family: Family,
    id: Option<&str>,
) -> Result<Calibration, AppError> {
    let Some(id) = id else {
        return Ok(kind.nominal_calibration());
    };
    let robot_type = match family {
        Family::Robot => &kind.follower.robot_type,
        Family::Teleoperator => &kind.leader.robot_type,
    };
    let path = calibration::path(family, robot_type, id)?;
    match calibration::load(&path, id, kind) {
        Err(CalibrationError::Missing { .. }) => {
            let nominal = kind.nominal_calibration();
            calibration::save(&path, &nominal)?;
            Ok(nominal)
        }
        loaded => Ok(loaded?),
    }
}

/// The resting pose of the robot file, or the middle of each range, rad.
fn resting_angles(kind: &RobotKind) -> Joints<f64> {
    Joints::from_fn(kind.dof(), |index| {
        let joint = &kind.joints[index];
        kind.exit
            .park
            .get(&joint.name)
            .map_or(joint.middle(), |degrees| degrees.to_radians())
    })
}

fn faults(options: &RigOptions, kind: &RobotKind) -> Result<FaultPlan, AppError> {
    let names: Vec<(&str, u8)> = kind
        .joints
        .iter()
        .map(|joint| (joint.name.as_str(), joint.id))
        .collect();
    FaultPlan::parse(
        options.faults.iter().map(String::as_str),
        options.seed,
        &names,
    )
    .map_err(|error| AppError::Usage(error.to_string()))
}

/// Puts servos as their owner left them in front of the mechanics. Which servos, and what they speak, follows from the models in the
/// robot file.
fn servo_bus<P: Plant>(
    servos: Result<Workbench, WorkbenchError>,
    plant: P,
    faults: FaultPlan,
) -> Result<ServoBus<P>, AppError> {
    let options = BusOptions {
        faults,
        ..BusOptions::default()
    };
    let servos = servos.map_err(|error| AppError::Sim(error.to_string()))?;
    servos
        .into_bus(plant, options)
        .map_err(|error| AppError::Sim(error.to_string()))
}

fn servo_arm(
    port: Box<dyn Port>,
    kind: &RobotKind,
    calibration: &Calibration,
) -> Result<ServoArm, AppError> {
    let config = EngineConfig {
        turnaround: TURNAROUND,
        echo: EchoMode::Never,
        ..EngineConfig::new(kind.bus.baud)
    };
    ServoArm::new(port, Engine::new(config), kind, calibration)
        .map_err(|error| AppError::Sim(error.to_string()))
}
