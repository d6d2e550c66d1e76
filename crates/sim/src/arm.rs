//! A simulated arm: the joints of a robot file, each turned by a servo, under gravity.
//!
//! The links are rigid bodies with the masses and inertias of the robot file; the servos' rotors turn about their joints' axes
//! behind the play of their gears. All of it moves in ticks of a millisecond.

pub(crate) mod drivetrain;
pub(crate) mod mechanics;
mod mount;
mod options;

#[cfg(test)]
mod tests;

use core::time::Duration;

use nalgebra::Isometry3;
use ulna_core::joints::Joints;
use ulna_robot::Calibration;
use ulna_robot::RobotKind;

use crate::contact::{Contacts, Fixture, MAX_ARM, Matter};
use crate::law::Servo;
use crate::law::solve::{Coupling, Matrix, solve};
use crate::plant::{Drive, Physics, Plant, Sense};

use drivetrain::Drivetrain;
use mechanics::Mechanics;
pub use mount::Mount;
pub(crate) use options::fit_together;
pub use options::{ArmOptions, MechanicsError};

/// The tick of a simulated arm, that of a servo's firmware.
pub const TICK: Duration = Duration::from_millis(1);

/// An arm of servos. A clone is a snapshot: it moves on exactly as the original would.
#[derive(Debug, Clone)]
pub struct Arm {
    drivetrain: Drivetrain,
    mechanics: Mechanics,
    angles: Joints<f64>,
    speeds: Joints<f64>,
    ticks: u64,
    contacts: Option<Box<Contacts>>,
}

impl Arm {
    /// The arm of a validated robot file whose encoders are mounted as this calibration found them.
    ///
    /// # Errors
    /// If a servo model is unknown, or the calibration does not fit the robot.
    pub fn new(
        kind: &RobotKind,
        calibration: &Calibration,
        options: ArmOptions,
    ) -> Result<Self, MechanicsError> {
        let drivetrain = Drivetrain::new(kind, calibration, &options)?;
        Ok(Self {
            mechanics: Mechanics::new(kind),
            angles: drivetrain.angles(),
            speeds: drivetrain.speeds(),
            drivetrain,
            ticks: 0,
            contacts: None,
        })
    }

    /// Puts the arm at rest with these joint angles (rad), the servos' set points included. Joints whose angle is
    /// missing or NaN stay as they are.
    pub fn place(&mut self, angles: &Joints<f64>) {
        self.drivetrain.place(angles);
        self.measure();
    }

    /// The same arm among things that it can touch: `fixtures`, and the free bodies that [`lay_out`](Physics::lay_out) gives it. Its links are
    /// what the robot file draws.
    ///
    /// # Errors
    /// If it has more joints than contact is known for.
    pub fn among(mut self, kind: &RobotKind, fixtures: &[Fixture]) -> Result<Self, MechanicsError> {
        if kind.dof() > MAX_ARM {
            return Err(MechanicsError::TooManyToTouch {
                robot: kind.name.clone(),
                given: kind.dof(),
            });
        }
        let rest = self.mechanics.pose(&self.angles);
        self.contacts = Some(Box::new(Contacts::new(kind, &rest, fixtures)));
        Ok(self)
    }

    /// True joint angles, rad.
    pub fn angles(&self) -> &Joints<f64> {
        &self.angles
    }

    #[cfg(test)]
    pub(crate) fn contacts(&self) -> Option<&Contacts> {
        self.contacts.as_deref()
    }

    /// How the encoder of joint `index` is mounted.
    pub fn mount(&self, index: usize) -> Option<&Mount> {
        self.drivetrain.mounts().get(index)
    }

    /// The servo of joint `index`.
    pub fn servo(&self, index: usize) -> Option<&Servo> {
        self.drivetrain.servos().get(index)
    }

    /// Kinetic and potential energy, J; the latter is zero at the height of the base.
    #[cfg(test)]
    pub(crate) fn energy(&self) -> f64 {
        let (mass, _) = self.mechanics.loads(&self.angles, &self.speeds);
        let momentum = self.momentum(&mass);
        let links: f64 = momentum
            .iter()
            .zip(self.speeds.iter())
            .map(|(p, v)| p * v / 2.0)
            .sum();
        let servos = self.drivetrain.servos().iter();
        let rotors: f64 = servos.map(Servo::kinetic_energy).sum();
        links + rotors + self.mechanics.potential_energy(&self.angles)
    }

    fn tick(&mut self, drives: &[Drive]) {
        let dt = TICK.as_secs_f64();
        let pose = self.mechanics.pose(&self.angles);
        let (mut mass, torque) = self.mechanics.loads_at(&pose, &self.speeds);
        let mut momentum = self.momentum(&mass);
        for (momentum, torque) in momentum.iter_mut().zip(torque.iter()) {
            *momentum += torque * dt;
        }
        // The servos' own sense of rotation is that of the equations.
        let turns = self.drivetrain.turns();
        for (i, turn) in turns.iter().enumerate() {
            momentum[i] *= turn;
            for (value, other) in mass[i].iter_mut().zip(turns.iter()) {
                *value *= turn * other;
            }
        }

        let mut taken = self.drivetrain.taken();
        let shares = self.drivetrain.prepare(drives, dt);
        let contacts = self.contacts.as_deref_mut();
        let mut contacts =
            contacts.and_then(|contacts| contacts.detect(&pose, &turns, dt).then_some(contacts));
        let coupling = contacts.as_deref_mut();
        let coupling = coupling.map(|contacts| contacts as &mut dyn Coupling);
        let speeds = solve(&mut mass, &momentum, &shares, &mut taken, coupling);
        if let Some(contacts) = contacts {
            contacts.finish();
        }
        self.drivetrain.commit(&speeds, &taken, dt);
        self.measure();
    }

    /// Momentum of the links about each joint, N·m·s.
    fn momentum(&self, mass: &Matrix) -> Joints<f64> {
        let count = self.speeds.len();
        Joints::from_fn(count, |i| {
            (0..count).map(|j| mass[i][j] * self.speeds[j]).sum()
        })
    }

    fn measure(&mut self) {
        self.angles = self.drivetrain.angles();
        self.speeds = self.drivetrain.speeds();
    }
}

impl Plant for Arm {
    fn servos(&self) -> usize {
        self.drivetrain.servos().len()
    }

    /// Servos without a drive are limp.
    fn advance(&mut self, to: Duration, drives: &[Drive]) {
        while TICK.as_nanos() * u128::from(self.ticks + 1) <= to.as_nanos() {
            self.tick(drives);
            self.ticks += 1;
        }
    }

    fn sense(&self, index: usize) -> Sense {
        self.servo(index).map(Servo::sense).unwrap_or_default()
    }
}

impl Physics for Arm {
    fn joint_angles(&self) -> &Joints<f64> {
        &self.angles
    }

    fn place(&mut self, angles: &Joints<f64>) {
        Arm::place(self, angles);
    }

    fn bodies(&self) -> &[Isometry3<f64>] {
        let contacts = self.contacts.as_deref();
        contacts.map_or(&[], Contacts::poses)
    }

    fn overlap(&self) -> f64 {
        let contacts = self.contacts.as_deref();
        contacts.map_or(0.0, Contacts::deepest)
    }

    fn lay_out(&mut self, matter: &[Matter], poses: &[Isometry3<f64>]) {
        if let Some(contacts) = &mut self.contacts {
            contacts.lay_out(matter, poses);
        }
    }
}

/// The resting pose of the robot file, or the middle of each range where it has none, rad.
pub fn resting_angles(kind: &RobotKind) -> Joints<f64> {
    Joints::from_fn(kind.dof(), |index| {
        let joint = &kind.joints[index];
        kind.exit
            .park
            .get(&joint.name)
            .map_or(joint.middle(), |degrees| degrees.to_radians())
    })
}
