//! Simulated servos to work on, and the simulated operator who plugs them in and moves the arm.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_bus::registers::Role;
use ulna_bus::{ErrorFlags, Family};
use ulna_drivers::Port;
use ulna_robot::{Calibration, RobotKind};
use ulna_sim::adapter::{Adapter, AdapterModel};
use ulna_sim::arm::{Arm, ArmOptions, resting_angles};
use ulna_sim::bench::Bench;
use ulna_sim::bus::{BusOptions, Plugs, ServoBus};
use ulna_sim::fault::FaultPlan;
use ulna_sim::hand::{SweepHand, SweptArm};
use ulna_sim::memory::MemoryPort;
use ulna_sim::plant::Plant;
use ulna_sim::workbench::{Workbench, as_assembled};

use crate::error::{BringupError, Usage};
use crate::service::options::WorkOptions;

/// What is on the bus when the command begins.
#[derive(Debug, Clone)]
pub(crate) enum SimScenario {
    /// An arm as its owner left it: ids and rates are set, the torque is off.
    Assembled,
    /// The same with this calibration in its servos.
    Calibrated(Calibration),
    /// Servos out of the box, none of them connected.
    Fresh,
    /// An arm that has never been calibrated, held by the operator; these joints are mounted the wrong way round.
    Uncalibrated {
        /// Names of joints.
        reversed: Vec<String>,
    },
    /// An arm that a program left under torque some seconds ago; the options' faults have happened since.
    LeftAlone,
}

/// How long ago the program left.
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// Who does by hand what the command asks for.
#[derive(Debug, Clone)]
pub(crate) enum SimOperator {
    /// Nothing has to be done.
    Idle,
    /// Plugs servos in.
    Plugs(Plugs),
    /// Moves the arm.
    MovesArm(SweepHand),
}

/// A simulated bus as a port.
pub(super) struct SimBus {
    pub(super) port: Box<dyn Port>,
    pub(super) operator: SimOperator,
    /// What its clock shows.
    pub(super) start: Duration,
}

impl SimBus {
    fn new<P: Plant + Send + 'static>(bus: ServoBus<P>, operator: SimOperator) -> Self {
        Self {
            port: Box::new(MemoryPort(bus)),
            operator,
            start: Duration::ZERO,
        }
    }
}

/// Makes the servos of a scenario.
pub(super) fn open(
    options: &WorkOptions,
    kind: &RobotKind,
    family: &'static Family,
    scenario: SimScenario,
) -> Result<SimBus, BringupError> {
    match scenario {
        SimScenario::Assembled => {
            let bus = assembled(options, kind, &kind.nominal_calibration(), None)?;
            Ok(SimBus::new(bus, SimOperator::Idle))
        }
        SimScenario::Calibrated(calibration) => {
            let bus = assembled(options, kind, &calibration, None)?;
            Ok(SimBus::new(bus, SimOperator::Idle))
        }
        SimScenario::Fresh => {
            let bus = fresh(options, kind, family)?;
            let plugs = bus.plugs();
            plugs.none();
            Ok(SimBus::new(bus, SimOperator::Plugs(plugs)))
        }
        SimScenario::Uncalibrated { reversed } => {
            let hand = SweepHand::default();
            let bus = uncalibrated(options, kind, &reversed, hand.clone())?;
            Ok(SimBus::new(bus, SimOperator::MovesArm(hand)))
        }
        SimScenario::LeftAlone => {
            let mut bus = left_alone(options, kind, family)?;
            bus.advance(LEFT_ALONE);
            Ok(SimBus {
                start: LEFT_ALONE,
                ..SimBus::new(bus, SimOperator::Idle)
            })
        }
    }
}

/// Servos that a program left under torque, each holding where it stands.
fn left_alone(
    options: &WorkOptions,
    kind: &RobotKind,
    family: &Family,
) -> Result<ServoBus<Arm>, BringupError> {
    // Unless the options name other faults, the gripper has squeezed something for too long.
    let last = kind.joints.last().filter(|_| options.faults.is_empty());
    let alarms = last.map(|joint| (joint.name.as_str(), ErrorFlags::OVERLOAD));
    let mut bus = assembled(options, kind, &kind.nominal_calibration(), alarms)?;
    for index in 0..kind.dof() {
        if let Some(servo) = bus.servo_mut(index) {
            let here = family.find(Role::PresentPosition);
            let here = here.map_or(0, |register| servo.get(register));
            for (role, value) in [(Role::GoalPosition, here), (Role::TorqueEnable, 1)] {
                if let Some(register) = family.find(role) {
                    servo.set(register, value).map_err(BringupError::sim)?;
                }
            }
        }
    }
    Ok(bus)
}

fn bus_options(options: &WorkOptions, kind: &RobotKind) -> Result<BusOptions, BringupError> {
    let names: Vec<(&str, u8)> = kind
        .joints
        .iter()
        .map(|joint| (joint.name.as_str(), joint.id))
        .collect();
    let texts = options.faults.iter().map(String::as_str);
    let faults = FaultPlan::parse(texts, options.seed, &names).map_err(Usage::from)?;
    let model = options.adapter.as_deref().map(str::parse).transpose();
    let model: Option<AdapterModel> = model.map_err(Usage::Adapter)?;
    Ok(BusOptions {
        faults,
        adapter: Adapter {
            model: model.unwrap_or_default(),
            seed: options.seed,
            bus: 0,
        },
        ..BusOptions::default()
    })
}

/// Servos as their owner left them, moving an arm that stands where it rests.
fn assembled(
    options: &WorkOptions,
    kind: &RobotKind,
    calibration: &Calibration,
    alarms: Option<(&str, ErrorFlags)>,
) -> Result<ServoBus<Arm>, BringupError> {
    // The joints of a leader are the leader's, so their own registers count in both roles.
    let registers = &options.role.spec(kind).registers;
    let mut servos =
        Workbench::calibrated(kind, calibration, registers, true).map_err(BringupError::sim)?;
    if let Some((joint, flags)) = alarms {
        servos = servos
            .with_alarms(joint, flags)
            .map_err(BringupError::sim)?;
    }
    let at_rest = ArmOptions {
        start: Some(resting_angles(kind)),
        ..ArmOptions::default()
    };
    let arm = Arm::new(kind, calibration, at_rest).map_err(BringupError::sim)?;
    servos
        .into_bus(arm, bus_options(options, kind)?)
        .map_err(BringupError::sim)
}

/// Servos out of the box. With a seed other than 0 some are second-hand: they have ids and rates of their own.
fn fresh(
    options: &WorkOptions,
    kind: &RobotKind,
    family: &Family,
) -> Result<ServoBus<Bench>, BringupError> {
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    let mut servos = Workbench::factory_fresh(kind).map_err(BringupError::sim)?;
    for joint in kind.names() {
        if options.seed != 0 && random.random_bool(0.4) {
            let baud =
                family.likely_baud_rates[random.random_range(0..family.likely_baud_rates.len())];
            servos = servos
                .with_id(joint, random.random_range(2..100))
                .and_then(|servos| servos.with_baud(joint, baud))
                .map_err(BringupError::sim)?;
        }
    }
    let loose = Bench::loose(kind, &kind.nominal_calibration()).map_err(BringupError::sim)?;
    servos
        .into_bus(loose, bus_options(options, kind)?)
        .map_err(BringupError::sim)
}

/// Servos with their ids alone, on an arm whose encoders are mounted at any angle.
fn uncalibrated(
    options: &WorkOptions,
    kind: &RobotKind,
    reversed: &[String],
    hand: SweepHand,
) -> Result<ServoBus<SweptArm>, BringupError> {
    let reversed: Vec<&str> = reversed.iter().map(String::as_str).collect();
    let mounting = as_assembled(kind, options.seed, &reversed);
    let arm = SweptArm::new(kind, &mounting, hand);
    let servos = Workbench::set_up(kind).map_err(BringupError::sim)?;
    servos
        .into_bus(arm, bus_options(options, kind)?)
        .map_err(BringupError::sim)
}
