//! Simulated rigs: the same drivers, packets and timing, with simulated servos at the other end of the wire.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ulna_bus::engine::{EchoMode, Engine, EngineConfig};
use ulna_core::robot::RoleSpec;
use ulna_core::{Calibration, Joints, RobotKind};
use ulna_drivers::arm::engine_config;
use ulna_drivers::calibration::{self, CalibrationError, Family};
use ulna_drivers::{Arms, Leader, Port, SerialPort, ServoArm};
use ulna_rt::RealClock;
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::bus::{BusOptions, ServoBus};
use ulna_sim::fault::{FaultParseError, FaultPlan};
use ulna_sim::hand::{Hand, LeaderArm};
use ulna_sim::law::ServoModel;
use ulna_sim::plant::Plant;
use ulna_sim::pty::PtyBus;
use ulna_sim::task::Reach;
use ulna_sim::workbench::{Workbench, WorkbenchError};

use super::driver::Driver;
use super::limb::Limb;
use super::{LeaderSide, Rig, RigOptions, Scene, joined, sides};
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

/// The buses behind the ptys of a simulated rig, with their roles: `follower`, `leader right`.
#[derive(Debug, Default)]
pub struct Buses {
    followers: Vec<(String, PtyBus<Limb>)>,
    leaders: Vec<(String, PtyBus<LeaderArm>)>,
}

impl Buses {
    /// The role and the device of each bus.
    pub fn devices(&self) -> Vec<(&str, PathBuf)> {
        let followers = self.followers.iter().map(|(role, bus)| (role, bus.path()));
        let leaders = self.leaders.iter().map(|(role, bus)| (role, bus.path()));
        let all = followers.chain(leaders);
        all.map(|(role, path)| (role.as_str(), path.to_owned()))
            .collect()
    }

    /// The role of a bus whose thread has ended, which it should not.
    pub fn fallen(&self) -> Option<&str> {
        let followers = self
            .followers
            .iter()
            .map(|(role, bus)| (role, bus.is_running()));
        let leaders = self
            .leaders
            .iter()
            .map(|(role, bus)| (role, bus.is_running()));
        let mut all = followers.chain(leaders);
        all.find(|(_, running)| !running)
            .map(|(role, _)| role.as_str())
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
    let task = task_of(options, &follower)?;
    let clock = RealClock::start();
    let followers = follower_buses(options, &follower)?;
    let mut buses = Buses::default();
    let mut arms = Vec::new();
    for Simulated {
        side,
        kind,
        calibration,
        role,
        bus,
    } in followers.all
    {
        let (port, pty) = wire(&role, bus, options.clock, &clock, kind.bus.baud)?;
        arms.push((side, servo_arm(port, &kind, &calibration)?));
        buses.followers.extend(pty.map(|pty| (role, pty)));
    }
    let leader = leader.map(|kind| {
        let leaders = leader_buses(options, &kind)?;
        let mut arms = Vec::new();
        for Simulated {
            side,
            kind,
            calibration,
            role,
            bus,
        } in leaders.all
        {
            let (port, pty) = wire(&role, bus, options.clock, &clock, kind.bus.baud)?;
            arms.push((side, servo_arm(port, &kind, &calibration)?));
            buses.leaders.extend(pty.map(|pty| (role, pty)));
        }
        Ok::<_, AppError>(LeaderSide {
            source: Leader(Arms::new(arms)),
            kind,
            calibration: leaders.calibration,
            driver: follower
                .base
                .as_ref()
                .map(|base| Driver::new(base, options.seed)),
        })
    });
    let leader = leader.transpose()?;
    let world = World::Simulated {
        clock: options.clock,
        arm: followers.arm,
        task,
        buses,
    };
    let follower = Follower {
        arm: Arms::new(arms),
        kind: follower,
        calibration: followers.calibration,
    };
    Ok(Rig {
        follower,
        leader,
        world,
        rate_hz: options.rate_hz,
        clock,
        policy: None,
        mind: None,
        show: None,
    })
}

/// Puts a simulated follower, and a leader in its hand if `leader`, on ptys in real time, for other programs to open.
///
/// # Errors
/// If the arms or the ptys cannot be set up.
pub fn serve(
    options: &RigOptions,
    kind: &RobotKind,
    leader: Option<&RobotKind>,
) -> Result<Buses, AppError> {
    let clock = RealClock::start();
    let sim = |error: ulna_sim::pty::PtyError| AppError::Sim(error.to_string());
    let mut buses = Buses::default();
    publish(kind, Family::Robot, options.robot_id.as_deref())?;
    if let Some(leader) = leader {
        publish(leader, Family::Teleoperator, options.teleop_id.as_deref())?;
    }
    for Simulated { role, bus, .. } in follower_buses(options, kind)?.all {
        let pty = PtyBus::spawn(bus, &role, clock.epoch()).map_err(sim)?;
        buses.followers.push((role, pty));
    }
    let leaders = leader.map(|kind| leader_buses(options, kind)).transpose()?;
    for Simulated { role, bus, .. } in leaders.into_iter().flat_map(|leaders| leaders.all) {
        let pty = PtyBus::spawn(bus, &role, clock.epoch()).map_err(sim)?;
        buses.leaders.push((role, pty));
    }
    Ok(buses)
}

/// One simulated bus, before it is put on a wire.
struct Simulated<P> {
    side: String,
    kind: RobotKind,
    calibration: Calibration,
    role: String,
    bus: ServoBus<P>,
}

/// The simulated buses of one robot, and the calibration of all its joints.
struct Robots<P, A> {
    all: Vec<Simulated<P>>,
    calibration: Calibration,
    arm: A,
}

fn task_of(options: &RigOptions, kind: &RobotKind) -> Result<Option<Reach>, AppError> {
    match options.scene {
        Scene::Table => Ok(None),
        Scene::Reach if !kind.sides.is_empty() || kind.base.is_some() => {
            Err(AppError::Usage(format!(
                "--scene reach is for one arm on a table, and `{}` is more than that",
                kind.name
            )))
        }
        Scene::Reach => Ok(Some(Reach::new(kind, options.seed))),
    }
}

fn role(role: &str, side: &str) -> String {
    format!("{role} {side}").trim_end().to_owned()
}

/// Arms, ptys and faults differ from side to side.
fn seed_of(options: &RigOptions, side: usize) -> u64 {
    options.seed.wrapping_add(side as u64)
}

fn follower_buses(
    options: &RigOptions,
    kind: &RobotKind,
) -> Result<Robots<Limb, SharedArm>, AppError> {
    let sides = sides(kind);
    let id = options.robot_id.as_deref();
    let calibrations = calibrations(&sides, Family::Robot, id)?;
    let calibration = joined(kind, &calibrations);
    let arm_options = ArmOptions {
        start: Some(resting_angles(kind)),
        ..ArmOptions::default()
    };
    let arm = Arm::new(kind, &calibration, arm_options)
        .map_err(|error| AppError::Sim(error.to_string()))?;
    let arm = Arc::new(Mutex::new(arm));
    let counts: Vec<usize> = sides.iter().map(|(_, kind)| kind.dof()).collect();
    let plans = faults(options, &sides)?;
    let parts = sides.into_iter().zip(calibrations).zip(plans);
    let all = parts.zip(Limb::all(&arm, &counts));
    let all = all.map(|((((side, kind), calibration), plan), limb)| {
        let common = &kind.follower.registers;
        let servos = Workbench::calibrated(&kind, &calibration, common, true);
        let bus = servo_bus(servos, limb, plan)?;
        let role = role("follower", &side);
        Ok(Simulated {
            side,
            kind,
            calibration,
            role,
            bus,
        })
    });
    let all = all.collect::<Result<_, AppError>>()?;
    Ok(Robots {
        all,
        calibration,
        arm,
    })
}

/// The simulated leader of a robot, of which `kind` is [`RobotKind::as_leader`].
fn leader_buses(options: &RigOptions, kind: &RobotKind) -> Result<Robots<LeaderArm, ()>, AppError> {
    let sides = sides(kind);
    let id = options.teleop_id.as_deref();
    let calibrations = calibrations(&sides, Family::Teleoperator, id)?;
    let calibration = joined(kind, &calibrations);
    let parts = sides.into_iter().zip(calibrations).enumerate();
    let all = parts.map(|(index, ((side, kind), calibration))| {
        let seed = seed_of(options, index);
        let hand = match task_of(options, &kind)? {
            Some(reach) => Hand::reaching(&kind, seed, reach),
            None => Hand::new(&kind, seed),
        };
        let arm = LeaderArm::new(&kind, &calibration, hand, volts(&kind));
        let common = &kind.leader.registers;
        let servos = Workbench::calibrated(&kind, &calibration, common, true);
        let bus = servo_bus(servos, arm, FaultPlan::default())?;
        let role = role("leader", &side);
        Ok(Simulated {
            side,
            kind,
            calibration,
            role,
            bus,
        })
    });
    let all = all.collect::<Result<_, AppError>>()?;
    Ok(Robots {
        all,
        calibration,
        arm: (),
    })
}

/// Supply voltage of a simulated leader, V; its servos only measure.
fn volts(kind: &RobotKind) -> f64 {
    let models = kind.joints.iter().map(|joint| joint.model.as_str());
    let models = models.filter_map(ServoModel::named);
    models
        .map(|model| model.supply)
        .fold(f64::INFINITY, f64::min)
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

/// The calibration of each side.
fn calibrations(
    sides: &[(String, RobotKind)],
    family: Family,
    id: Option<&str>,
) -> Result<Vec<Calibration>, AppError> {
    let of = |(side, kind): &(String, RobotKind)| {
        let id = id.map(|id| super::side_id(id, side));
        calibration_of(kind, family, id.as_deref())
    };
    sides.iter().map(of).collect()
}

/// Writes the calibration of each side where LeRobot looks for it, for its own drivers to find; a file that is there stays.
fn publish(kind: &RobotKind, family: Family, id: Option<&str>) -> Result<(), AppError> {
    let Some(id) = id else {
        return Ok(());
    };
    for (side, kind) in sides(kind) {
        let id = super::side_id(id, &side);
        let path = calibration::find(family, role_spec(&kind, family), &id)?;
        if !path.exists() {
            calibration::save(&path, &calibration_of(&kind, family, Some(&id))?)?;
        }
    }
    Ok(())
}

fn role_spec(kind: &RobotKind, family: Family) -> &RoleSpec {
    match family {
        Family::Robot => &kind.follower,
        Family::Teleoperator => &kind.leader,
    }
}

/// The calibration of a simulated arm: the one that a real arm of this id has, its own of an earlier `calibrate`, or a flawless one.
/// Nothing is written.
fn calibration_of(
    kind: &RobotKind,
    family: Family,
    id: Option<&str>,
) -> Result<Calibration, AppError> {
    let Some(id) = id else {
        return Ok(kind.nominal_calibration());
    };
    let path = calibration::find_for_simulation(family, role_spec(kind, family), id)?;
    match calibration::load(&path, id, kind) {
        Err(CalibrationError::Missing { .. }) => Ok(kind.nominal_calibration()),
        loaded => Ok(loaded?),
    }
}

/// The resting pose of the robot file, or the middle of each range, rad.
pub(crate) fn resting_angles(kind: &RobotKind) -> Joints<f64> {
    Joints::from_fn(kind.dof(), |index| {
        let joint = &kind.joints[index];
        kind.exit
            .park
            .get(&joint.name)
            .map_or(joint.middle(), |degrees| degrees.to_radians())
    })
}

/// What goes wrong on each bus. A fault that names no joint happens on all of them.
fn faults(options: &RigOptions, sides: &[(String, RobotKind)]) -> Result<Vec<FaultPlan>, AppError> {
    let names = |(side, kind): &(String, RobotKind)| -> Vec<(String, u8)> {
        let full = |joint: &str| match side.as_str() {
            "" => joint.to_owned(),
            side => format!("{side}_{joint}"),
        };
        let joints = kind.joints.iter();
        joints.map(|joint| (full(&joint.name), joint.id)).collect()
    };
    let names: Vec<Vec<(String, u8)>> = sides.iter().map(names).collect();
    let parse = |texts: &[&str], side: usize| {
        let known: Vec<(&str, u8)> = names[side]
            .iter()
            .map(|(name, id)| (name.as_str(), *id))
            .collect();
        FaultPlan::parse(texts.iter().copied(), seed_of(options, side), &known)
    };
    let texts = options.faults.iter().flat_map(|text| text.split(','));
    let mut of_side = vec![Vec::new(); sides.len()];
    for text in texts {
        let mut unknown = None;
        let mut found = false;
        for (side, texts) in of_side.iter_mut().enumerate() {
            match parse(&[text], side) {
                Err(error @ FaultParseError::UnknownServo { .. }) => unknown = Some(error),
                Err(error) => return Err(AppError::Usage(error.to_string())),
                Ok(_) => {
                    texts.push(text);
                    found = true;
                }
            }
        }
        if let Some(error) = unknown.filter(|_| !found) {
            return Err(AppError::Usage(error.to_string()));
        }
    }
    let plans = of_side.iter().enumerate();
    let plans = plans.map(|(side, texts)| parse(texts, side));
    plans
        .collect::<Result<_, _>>()
        .map_err(|error| AppError::Usage(error.to_string()))
}

/// Servos as their owner left them: with the arm's calibration, and with the registers that the robot file asks for, in
/// their EEPROM.
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
        ..engine_config(kind)
    };
    ServoArm::new(port, Engine::new(config), kind, calibration)
        .map_err(|error| AppError::Sim(error.to_string()))
}
