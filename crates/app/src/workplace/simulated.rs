//! Simulated servos to work on, and the simulated person who plugs them in and moves the arm.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_bus::ErrorFlags;
use ulna_core::{Calibration, RobotKind};
use ulna_drivers::{Family, Line, Port};
use ulna_outside::Text;
use ulna_rt::Stop;
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::bench::Bench;
use ulna_sim::bus::{BusOptions, Plugs, ServoBus};
use ulna_sim::fault::FaultPlan;
use ulna_sim::hand::{SweepHand, SweptArm};
use ulna_sim::workbench::{Workbench, as_assembled};

use super::{Part, WorkOptions, Workplace, clock};
use crate::error::AppError;
use crate::memory::MemoryPort;

/// What there is to find.
#[derive(Debug, Clone)]
pub(crate) enum Scenery {
    /// An arm as its owner left it: ids and rates are set, the torque is off.
    Assembled,
    /// The same with this calibration in its servos.
    Calibrated(Calibration),
    /// Servos out of the box, none of them connected.
    Fresh,
    /// An arm that has never been calibrated, in somebody's hand; these joints are mounted the wrong way round.
    Uncalibrated {
        /// Names of joints.
        reversed: Vec<String>,
    },
    /// An arm that a program left under torque some seconds ago, and to which the options' faults have happened since.
    LeftAlone,
}

/// How long ago the program left.
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// Who does by hand what is asked.
#[derive(Debug, Clone)]
pub(crate) enum Person {
    /// Whoever is at the terminal.
    Real,
    /// Nobody has to do anything.
    Idle,
    /// Plugs servos in.
    Plugger(Plugs),
    /// Moves the arm.
    Mover(SweepHand),
}

impl Person {
    /// Connects one servo and no other.
    pub(crate) fn connect_only(&self, index: usize) {
        if let Self::Plugger(plugs) = self {
            plugs.only(index);
        }
    }

    /// Connects all.
    pub(crate) fn connect_all(&self) {
        if let Self::Plugger(plugs) = self {
            plugs.all();
        }
    }

    /// It is simulated.
    pub(crate) fn is_simulated(&self) -> bool {
        !matches!(self, Self::Real)
    }
}

pub(super) fn open(
    options: &WorkOptions,
    kind: RobotKind,
    family: &'static Family,
    scenery: Scenery,
    stop: &Stop,
) -> Result<Workplace, AppError> {
    let mut start = Duration::ZERO;
    let (port, person): (Box<dyn Port>, Person) = match scenery {
        Scenery::Assembled => (
            Box::new(MemoryPort(assembled(
                options,
                &kind,
                &kind.nominal_calibration(),
                None,
            )?)),
            Person::Idle,
        ),
        Scenery::Calibrated(calibration) => (
            Box::new(MemoryPort(assembled(options, &kind, &calibration, None)?)),
            Person::Idle,
        ),
        Scenery::Fresh => {
            let bus = fresh(options, &kind, family)?;
            let plugs = bus.plugs();
            plugs.none();
            (Box::new(MemoryPort(bus)), Person::Plugger(plugs))
        }
        Scenery::Uncalibrated { reversed } => {
            let hand = SweepHand::default();
            let bus = uncalibrated(options, &kind, &reversed, hand.clone())?;
            (Box::new(MemoryPort(bus)), Person::Mover(hand))
        }
        Scenery::LeftAlone => {
            // Unless something else is asked for, the gripper has squeezed something for too long.
            let last = kind.joints.last().filter(|_| options.faults.is_empty());
            let alarms = last.map(|joint| (joint.name.as_str(), ErrorFlags::OVERLOAD));
            let mut bus = assembled(options, &kind, &kind.nominal_calibration(), alarms)?;
            for index in 0..kind.dof() {
                if let Some(servo) = bus.servo_mut(index) {
                    // As a program does that holds the arm where it stands.
                    let registers = &family.registers;
                    let here = servo.get(*registers.position);
                    for (register, value) in [(registers.goal, here), (registers.torque, 1)] {
                        servo.set(*register, value).map_err(sim)?;
                    }
                }
            }
            start = LEFT_ALONE;
            bus.advance(start);
            (Box::new(MemoryPort(bus)), Person::Idle)
        }
    };
    Ok(Workplace {
        line: Line::new(port, family, kind.bus.baud),
        pacer: clock(options.live, start),
        person,
        kind,
        stop: stop.clone(),
    })
}

fn sim(error: impl std::fmt::Display) -> AppError {
    AppError::Sim(error.to_string())
}

fn bus_options(options: &WorkOptions, kind: &RobotKind) -> Result<BusOptions, AppError> {
    let names: Vec<(&str, u8)> = kind
        .joints
        .iter()
        .map(|joint| (joint.name.as_str(), joint.id))
        .collect();
    let texts = options.faults.iter().map(String::as_str);
    let faults = FaultPlan::parse(texts, options.seed, &names)
        .map_err(|error| AppError::UsageLines(Text::split(error)))?;
    Ok(BusOptions {
        faults,
        ..BusOptions::default()
    })
}

/// Servos as their owner left them, moving an arm that stands where it rests.
fn assembled(
    options: &WorkOptions,
    kind: &RobotKind,
    calibration: &Calibration,
    alarms: Option<(&str, ErrorFlags)>,
) -> Result<ServoBus<Arm>, AppError> {
    let registers = &options.part.spec(kind).registers;
    let own = options.part == Part::Follower;
    let mut servos = Workbench::calibrated(kind, calibration, registers, own).map_err(sim)?;
    if let Some((joint, flags)) = alarms {
        servos = servos.with_alarms(joint, flags).map_err(sim)?;
    }
    let at_rest = ArmOptions {
        start: Some(crate::rig::resting_angles(kind)),
        ..ArmOptions::default()
    };
    let arm = Arm::new(kind, calibration, at_rest).map_err(sim)?;
    servos
        .into_bus(arm, bus_options(options, kind)?)
        .map_err(sim)
}

/// Servos out of the box. With a seed other than 0 some are second-hand: they have ids and rates of their own.
fn fresh(
    options: &WorkOptions,
    kind: &RobotKind,
    family: &Family,
) -> Result<ServoBus<Bench>, AppError> {
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    let mut servos = Workbench::factory_fresh(kind).map_err(sim)?;
    for joint in kind.names() {
        if options.seed != 0 && random.random_bool(0.4) {
            let baud = family.bauds[random.random_range(0..family.bauds.len())];
            servos = servos
                .with_id(joint, random.random_range(2..100))
                .and_then(|servos| servos.with_baud(joint, baud))
                .map_err(sim)?;
        }
    }
    let loose = Bench::loose(kind, &kind.nominal_calibration()).map_err(sim)?;
    servos
        .into_bus(loose, bus_options(options, kind)?)
        .map_err(sim)
}

/// Servos with their ids alone, on an arm whose encoders are mounted anyhow.
fn uncalibrated(
    options: &WorkOptions,
    kind: &RobotKind,
    reversed: &[String],
    hand: SweepHand,
) -> Result<ServoBus<SweptArm>, AppError> {
    let reversed: Vec<&str> = reversed.iter().map(String::as_str).collect();
    let mounting = as_assembled(kind, options.seed, &reversed);
    let arm = SweptArm::new(kind, &mounting, hand);
    let servos = Workbench::set_up(kind).map_err(sim)?;
    servos
        .into_bus(arm, bus_options(options, kind)?)
        .map_err(sim)
}
