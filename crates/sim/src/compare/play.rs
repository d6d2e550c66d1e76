//! Recorded actions, played on simulated servos as the program that recorded them played them.

use core::time::Duration;

use ulna_bus::registers::{Register, Role};
use ulna_core::calibration::JointCalibration;
use ulna_core::joints::Joints;
use ulna_core::unit::Unit;

use super::{RecordedArm, RecordedMotion};
use crate::arm::{Arm, ArmOptions, MechanicsError};
use crate::plant::{Drive, Plant};
use crate::servo::{Servo, TICK};
use crate::workbench::{Workbench, WorkbenchError};

/// Why an arm cannot be played on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// There are no such mechanics.
    #[error(transparent)]
    Mechanics(#[from] MechanicsError),
    /// There are no such servos.
    #[error(transparent)]
    Servos(#[from] WorkbenchError),
}

/// The states that the simulated arm has at the beginning of each frame, in the joints' units, when it starts at rest at the first
/// recorded state and every action is held from its frame on, late by the `action_delay_ms` of the robot file. Where an action is NaN, the one
/// before stays.
///
/// # Errors
/// If the servos or their motors are not known.
pub fn play(arm: &RecordedArm, recording: &RecordedMotion) -> Result<Vec<Joints<f64>>, PlayError> {
    let mut player = Player::new(arm, recording)?;
    let late = Duration::from_secs_f64(arm.kind.simulation.action_delay_ms / 1e3);
    let begin = |frame: usize| Duration::from_secs_f64(frame as f64 / recording.fps);
    let mut played = Vec::with_capacity(recording.actions.len());
    let mut sent = 0;
    for frame in 0..recording.actions.len() {
        while sent < frame && begin(sent) + late <= begin(frame) {
            player.advance(begin(sent) + late);
            player.send(&recording.actions[sent]);
            sent += 1;
        }
        player.advance(begin(frame));
        played.push(player.state());
    }
    Ok(played)
}

/// One joint's servo, without its mechanics.
struct Electronics {
    servo: Servo,
    goal: Option<Register>,
    position: Option<Register>,
    unit: Unit,
    calibration: JointCalibration,
    resolution: u32,
    stops: (f64, f64),
}

struct Player {
    plant: Arm,
    servos: Vec<Electronics>,
    drives: Vec<Drive>,
    /// When the protections count next.
    next_tick: Duration,
}

impl Player {
    fn new(arm: &RecordedArm, recording: &RecordedMotion) -> Result<Self, PlayError> {
        let (kind, calibration) = (&arm.kind, &arm.calibration);
        let maps = kind.angle_maps(calibration);
        let known = |rows: &[Joints<f64>], joint: usize| {
            let mut values = rows.iter().map(|row| row[joint]);
            values.find(|value| value.is_finite())
        };
        let start = Joints::from_fn(kind.dof(), |joint| {
            known(&recording.states, joint)
                .or_else(|| known(&recording.actions, joint))
                .map_or(kind.joints[joint].middle(), |value| {
                    maps[joint].radians(value)
                })
        });
        let options = ArmOptions {
            start: Some(start),
            ..ArmOptions::default()
        };
        let plant = Arm::new(kind, calibration, options)?;
        let registers = &kind.follower.registers;
        let bench = Workbench::calibrated(kind, calibration, registers, true)?;
        let servos = bench.servos().iter().cloned().enumerate();
        let mut player = Self {
            servos: servos
                .map(|(joint, servo)| Electronics::new(arm, joint, servo, &plant))
                .collect(),
            drives: vec![Drive::default(); kind.dof()],
            next_tick: TICK,
            plant,
        };
        player.look();
        Ok(player)
    }

    fn advance(&mut self, to: Duration) {
        while self.next_tick <= to {
            self.plant.advance(self.next_tick, &self.drives);
            self.next_tick += TICK;
            for (joint, electronics) in self.servos.iter_mut().enumerate() {
                electronics.servo.observe(&self.plant.sense(joint));
                electronics.servo.tick();
            }
            self.look();
        }
        self.plant.advance(to, &self.drives);
    }

    fn send(&mut self, action: &Joints<f64>) {
        for (electronics, &value) in self.servos.iter_mut().zip(action.iter()) {
            electronics.send(value);
        }
        self.look();
    }

    fn state(&mut self) -> Joints<f64> {
        let plant = &self.plant;
        let servos = self.servos.iter_mut().enumerate();
        let values: Vec<f64> = servos
            .map(|(joint, electronics)| electronics.state(plant, joint))
            .collect();
        Joints::from_fn(values.len(), |joint| values[joint])
    }

    fn look(&mut self) {
        for (drive, electronics) in self.drives.iter_mut().zip(&self.servos) {
            *drive = electronics.servo.drive();
        }
    }
}

impl Electronics {
    /// The servo of a joint as LeRobot configures it, holding where it stands.
    fn new(arm: &RecordedArm, joint: usize, mut servo: Servo, plant: &Arm) -> Self {
        let spec = &arm.kind.joints[joint];
        servo.power_on(&plant.sense(joint));
        let table = servo.table();
        let named = arm.kind.follower.registers.iter().chain(&spec.registers);
        let volatile = named.filter_map(|(name, value)| Some((*table.by_name(name)?, *value)));
        let position = table.find(Role::PresentPosition);
        let goal = table.find(Role::GoalPosition);
        let here = position.map_or(0, |register| servo.get(register));
        let hold = [(goal, here), (table.find(Role::TorqueEnable), 1)];
        let hold = hold
            .into_iter()
            .filter_map(|(register, value)| Some((register?, value)));
        for (register, value) in volatile.collect::<Vec<_>>().into_iter().chain(hold) {
            // The robot file's values were checked where the bench was set up.
            let _ = servo.set(register, value);
        }
        Self {
            servo,
            goal,
            position,
            unit: spec.unit,
            calibration: arm.kind.on_wire(&arm.calibration.joints[joint].1),
            resolution: spec.resolution,
            stops: arm.stops[joint],
        }
    }

    /// What LeRobot writes for a value.
    fn send(&mut self, value: f64) {
        let Some(goal) = self.goal.filter(|_| value.is_finite()) else {
            return;
        };
        let value = value.max(self.stops.0).min(self.stops.1);
        let steps = self
            .unit
            .denormalise(value, &self.calibration, self.resolution);
        // What does not fit the register is no goal, as on a bus.
        let _ = self.servo.set(goal, steps);
    }

    /// What LeRobot reads.
    fn state(&mut self, plant: &Arm, joint: usize) -> f64 {
        self.servo.observe(&plant.sense(joint));
        let steps = self.position.map_or(0, |register| self.servo.get(register));
        self.unit
            .normalise(steps.into(), &self.calibration, self.resolution)
    }
}
