//! Simulated servos to work on, and the simulated person who plugs them in and moves the arm.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_bus::models::{self, Model};
use ulna_core::{Calibration, RobotKind};
use ulna_drivers::{Family, Line, Port};
use ulna_rt::Stop;
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::bus::{BusOptions, Plugs, ServoBus};
use ulna_sim::fault::FaultPlan;
use ulna_sim::hand::{SweepHand, SweptArm};
use ulna_sim::plant::Plant;
use ulna_sim::servo::Servo;

use super::{WorkOptions, Workplace, clock};
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
                family,
                &kind.nominal_calibration(),
            )?)),
            Person::Idle,
        ),
        Scenery::Calibrated(calibration) => (
            Box::new(MemoryPort(assembled(options, &kind, family, &calibration)?)),
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
            let bus = uncalibrated(options, &kind, family, &reversed, hand.clone())?;
            (Box::new(MemoryPort(bus)), Person::Mover(hand))
        }
        Scenery::LeftAlone => {
            let mut bus = assembled(options, &kind, family, &kind.nominal_calibration())?;
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

fn models(kind: &RobotKind) -> Result<Vec<Model>, AppError> {
    let model = |joint: &ulna_core::robot::JointSpec| {
        models::by_name(&joint.model).ok_or_else(|| {
            sim(format!(
                "joint `{}` has a servo of model `{}`, which is not simulated",
                joint.name, joint.model
            ))
        })
    };
    kind.joints.iter().map(model).collect()
}

/// The register value for the rate that the robot's servos are to run at.
fn home_code(kind: &RobotKind, family: &Family) -> Result<i32, AppError> {
    let code = family.table.baud_code(kind.bus.baud).map(i32::from);
    code.ok_or_else(|| {
        AppError::Usage(format!(
            "robot `{}`: {} servos do not run at {} baud",
            kind.name, family.name, kind.bus.baud
        ))
    })
}

fn bus_of<P: Plant>(
    options: &WorkOptions,
    kind: &RobotKind,
    servos: Vec<Servo>,
    plant: P,
) -> Result<ServoBus<P>, AppError> {
    let names: Vec<(&str, u8)> = kind
        .joints
        .iter()
        .map(|joint| (joint.name.as_str(), joint.id))
        .collect();
    let texts = options.faults.iter().map(String::as_str);
    let faults = FaultPlan::parse(texts, options.seed, &names)
        .map_err(|error| AppError::Usage(error.to_string()))?;
    let options = BusOptions {
        baud: kind.bus.baud,
        faults,
        ..BusOptions::default()
    };
    ServoBus::new(servos, plant, options).map_err(sim)
}

/// Servos with their ids and this calibration, moving an arm that stands where it rests.
fn assembled(
    options: &WorkOptions,
    kind: &RobotKind,
    family: &Family,
    calibration: &Calibration,
) -> Result<ServoBus<Arm>, AppError> {
    let start = crate::rig::resting_angles(kind);
    let arm = Arm::new(
        kind,
        calibration,
        ArmOptions {
            start: Some(start),
            ..ArmOptions::default()
        },
    )
    .map_err(sim)?;
    let registers = &family.registers;
    let code = home_code(kind, family)?;
    let mut servos = Vec::new();
    for ((joint, model), value) in kind
        .joints
        .iter()
        .zip(models(kind)?)
        .zip(calibration.values())
    {
        let mut servo = Servo::new(joint.id, model);
        for (register, value) in [
            (registers.homing_offset, value.homing_offset),
            (Some(registers.min_position), value.range_min),
            (Some(registers.max_position), value.range_max),
            (Some(registers.baud), code),
        ] {
            if let Some(register) = register {
                servo.set(*register, value).map_err(sim)?;
            }
        }
        servos.push(servo);
    }
    bus_of(options, kind, servos, arm)
}

/// Servos out of the box. With a seed other than 0 some are second-hand: they have ids and rates of their own.
fn fresh(
    options: &WorkOptions,
    kind: &RobotKind,
    family: &Family,
) -> Result<ServoBus<Arm>, AppError> {
    let arm = Arm::new(kind, &kind.nominal_calibration(), ArmOptions::default()).map_err(sim)?;
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    let mut servos = Vec::new();
    for model in models(kind)? {
        let mut servo = Servo::new(family.factory_id, model);
        if options.seed != 0 && random.random_bool(0.4) {
            let (id, code) = (random.random_range(2..100), random.random_range(0..6));
            servo.set(*family.registers.id, id).map_err(sim)?;
            servo.set(*family.registers.baud, code).map_err(sim)?;
        }
        servos.push(servo);
    }
    bus_of(options, kind, servos, arm)
}

/// Servos with their ids alone, on an arm whose encoders are mounted anyhow.
fn uncalibrated(
    options: &WorkOptions,
    kind: &RobotKind,
    family: &Family,
    reversed: &[String],
    hand: SweepHand,
) -> Result<ServoBus<SweptArm>, AppError> {
    let mut mounting: Calibration = kind.nominal_calibration();
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    for (name, value) in &mut mounting.joints {
        value.homing_offset = random.random_range(-2047..=2047);
        value.drive_mode = u8::from(reversed.contains(name));
    }
    let arm = SweptArm::new(kind, &mounting, hand);
    let code = home_code(kind, family)?;
    let mut servos = Vec::new();
    for (joint, model) in kind.joints.iter().zip(models(kind)?) {
        let mut servo = Servo::new(joint.id, model);
        servo.set(*family.registers.baud, code).map_err(sim)?;
        servos.push(servo);
    }
    bus_of(options, kind, servos, arm)
}
