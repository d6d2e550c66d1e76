//! A simulated arm: the joints of a robot file, each turned by a servo, under gravity.
//!
//! The links are rigid bodies with the masses and inertias of the robot file; the servos' rotors turn about their joints' axes
//! behind the play of their gears. All of it moves in ticks of a millisecond.

pub(crate) mod mechanics;
mod mount;

#[cfg(test)]
mod tests;

use core::time::Duration;

use nalgebra::Isometry3;
use thiserror::Error;
use ulna_core::joints::{Joints, MAX_JOINTS};
use ulna_robot::Calibration;
use ulna_robot::RobotKind;

use crate::contact::{Contacts, Fixture, MAX_ARM, Matter};
use crate::law::solve::{Coupling, Matrix, Share, solve};
use crate::law::{Servo, ServoModel};
use crate::plant::{Drive, Physics, Plant, Sense};

use mechanics::Mechanics;
pub use mount::Mount;

/// The tick of a simulated arm, that of a servo's firmware.
pub const TICK: Duration = Duration::from_millis(1);

/// Why an arm cannot be simulated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MechanicsError {
    /// The motor constants of this servo model are not known.
    #[error(
        "joint {joint:?} has a servo {model:?}, whose motor is not known to the simulation; known are {}",
        ServoModel::names().collect::<Vec<_>>().join(", ")
    )]
    UnknownServo {
        /// Name of the joint.
        joint: String,
        /// The servo's model in the robot file.
        model: String,
    },
    /// No servo of the robot is made with the motor that its file names.
    #[error(
        "no servo of robot {robot:?} has a motor {motor:?} (`motor` in [simulation] of its file, or in the rig's file); they may have {known}"
    )]
    NoSuchMotor {
        /// Name of the robot.
        robot: String,
        /// The motor in its file.
        motor: String,
        /// Motors that its servos are made with.
        known: String,
    },
    /// The calibration belongs to another robot.
    #[error(
        "the calibration has {given} joints, but robot {robot:?} has {expected}; use the file of this robot"
    )]
    CalibrationMismatch {
        /// Name of the robot.
        robot: String,
        /// Joints of the robot.
        expected: usize,
        /// Joints of the calibration.
        given: usize,
    },
    /// The robot has more joints than fit.
    #[error("robot {robot:?} has {given} joints, but the simulation takes at most {MAX_JOINTS}")]
    TooManyJoints {
        /// Name of the robot.
        robot: String,
        /// Joints of the robot.
        given: usize,
    },
    /// The robot has more joints than one that touches things can have.
    #[error(
        "robot {robot:?} has {given} joints, but among objects an arm has at most {MAX_ARM}; use a scene without objects, such as `--scene table`"
    )]
    TooManyToTouch {
        /// Name of the robot.
        robot: String,
        /// Joints of the robot.
        given: usize,
    },
}

/// How an arm is simulated, beyond what its robot file says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmOptions {
    /// Voltage of the power supply without load, V; of each servo what its maker recommends, if absent.
    pub voltage: Option<f64>,
    /// Resistance of supply and cables, Ω: the voltage at the servos sags by it.
    pub supply_resistance: f64,
    /// Temperature of the room, °C.
    pub ambient: f64,
    /// Joint angles at the start, rad; the middle of the ranges if absent.
    pub start: Option<Joints<f64>>,
    /// Constants of every servo, instead of those of the models that the robot file names.
    pub model: Option<ServoModel>,
}

impl Default for ArmOptions {
    /// An arm on a good supply in a room of 25 °C.
    fn default() -> Self {
        Self {
            voltage: None,
            supply_resistance: 0.1,
            ambient: 25.0,
            start: None,
            model: None,
        }
    }
}

/// An arm of servos. A clone is a snapshot: it moves on exactly as the original would.
#[derive(Debug, Clone)]
pub struct Arm {
    servos: Vec<Servo>,
    mounts: Vec<Mount>,
    stops: Vec<(f64, f64)>,
    mechanics: Mechanics,
    angles: Joints<f64>,
    speeds: Joints<f64>,
    options: ArmOptions,
    /// What resistance takes from every servo's voltage, V.
    sag: f64,
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
        if kind.dof() > MAX_JOINTS {
            return Err(MechanicsError::TooManyJoints {
                robot: kind.name.clone(),
                given: kind.dof(),
            });
        }
        if calibration.joints.len() != kind.dof() {
            return Err(MechanicsError::CalibrationMismatch {
                robot: kind.name.clone(),
                expected: kind.dof(),
                given: calibration.joints.len(),
            });
        }
        known_motor(kind)?;
        let mut arm = Self {
            servos: Vec::with_capacity(kind.dof()),
            mounts: Vec::with_capacity(kind.dof()),
            stops: Vec::with_capacity(kind.dof()),
            mechanics: Mechanics::new(kind),
            angles: Joints::from_fn(kind.dof(), |i| kind.joints[i].middle()),
            speeds: Joints::filled(kind.dof(), 0.0),
            options,
            sag: 0.0,
            ticks: 0,
            contacts: None,
        };
        for (joint, value) in kind.joints.iter().zip(calibration.values()) {
            let model = options
                .model
                .or_else(|| ServoModel::of(kind, joint))
                .ok_or_else(|| MechanicsError::UnknownServo {
                    joint: joint.name.clone(),
                    model: joint.model.clone(),
                })?;
            let mount = Mount::new(joint, value);
            let ends = (mount.encoder(joint.lower), mount.encoder(joint.upper));
            arm.stops.push(match joint.is_wheel() {
                true => (f64::NEG_INFINITY, f64::INFINITY),
                false => (ends.0.min(ends.1), ends.0.max(ends.1)),
            });
            arm.servos.push(Servo::new(
                model,
                mount.encoder(joint.middle()),
                options.voltage.unwrap_or(model.supply),
                options.ambient,
            ));
            arm.mounts.push(mount);
        }
        arm.place(&options.start.unwrap_or(arm.angles));
        Ok(arm)
    }

    /// Puts the arm at rest with these joint angles (rad), the servos' set points included. Joints whose angle is
    /// missing or NaN stay as they are.
    pub fn place(&mut self, angles: &Joints<f64>) {
        for ((servo, mount), angle) in self.servos.iter_mut().zip(&self.mounts).zip(angles.iter()) {
            if angle.is_finite() {
                servo.place(mount.encoder(*angle));
            }
        }
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
        self.mounts.get(index)
    }

    /// The servo of joint `index`.
    pub fn servo(&self, index: usize) -> Option<&Servo> {
        self.servos.get(index)
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
        let rotors: f64 = self.servos.iter().map(Servo::kinetic_energy).sum();
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
        let turns = Joints::from_fn(self.servos.len(), |i| self.mounts[i].direction());
        for (i, turn) in turns.iter().enumerate() {
            momentum[i] *= turn;
            for (value, other) in mass[i].iter_mut().zip(turns.iter()) {
                *value *= turn * other;
            }
        }

        let sag = self.sag;
        let supply = self.options.voltage;
        let mut taken = Joints::from_fn(self.servos.len(), |i| self.servos[i].taken());
        let mut shares = Joints::filled(self.servos.len(), Share::default());
        for (i, servo) in self.servos.iter_mut().enumerate() {
            let drive = drives.get(i).copied().unwrap_or_default();
            let voltage = supply.unwrap_or(servo.model().supply) - sag;
            shares[i] = servo.prepare(&drive, self.stops[i], voltage, dt);
        }
        let contacts = self.contacts.as_deref_mut();
        let mut contacts =
            contacts.and_then(|contacts| contacts.detect(&pose, &turns, dt).then_some(contacts));
        let coupling = contacts.as_deref_mut();
        let coupling = coupling.map(|contacts| contacts as &mut dyn Coupling);
        let speeds = solve(&mut mass, &momentum, &shares, &mut taken, coupling);
        if let Some(contacts) = contacts {
            contacts.finish();
        }
        let mut current = 0.0;
        for (i, servo) in self.servos.iter_mut().enumerate() {
            servo.commit(speeds[i], taken[i], dt);
            current += servo.supply_current();
        }
        // A supply gives current but takes none back.
        self.sag = self.options.supply_resistance * current.max(0.0);
        self.measure();
    }

    /// Momentum of the links about each joint, N·m·s.
    fn momentum(&self, mass: &Matrix) -> Joints<f64> {
        let count = self.servos.len();
        Joints::from_fn(count, |i| {
            (0..count).map(|j| mass[i][j] * self.speeds[j]).sum()
        })
    }

    fn measure(&mut self) {
        for (i, (servo, mount)) in self.servos.iter().zip(&self.mounts).enumerate() {
            self.angles[i] = mount.angle(servo.angle());
            self.speeds[i] = servo.speed() * mount.direction();
        }
    }
}

impl Plant for Arm {
    fn servos(&self) -> usize {
        self.servos.len()
    }

    /// Servos without a drive are limp.
    fn advance(&mut self, to: Duration, drives: &[Drive]) {
        while TICK.as_nanos() * u128::from(self.ticks + 1) <= to.as_nanos() {
            self.tick(drives);
            self.ticks += 1;
        }
    }

    fn sense(&self, index: usize) -> Sense {
        self.servos.get(index).map(Servo::sense).unwrap_or_default()
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

    fn lay_out(&mut self, matter: &[Matter], poses: &[Isometry3<f64>]) {
        if let Some(contacts) = &mut self.contacts {
            contacts.lay_out(matter, poses);
        }
    }
}

/// An error if no servo of the robot is made with the motor that its file names.
pub(crate) fn known_motor(kind: &RobotKind) -> Result<(), MechanicsError> {
    let Some(motor) = ServoModel::misnamed(kind) else {
        return Ok(());
    };
    let joints = kind.joints.iter();
    let mut known: Vec<&str> = joints
        .flat_map(|joint| ServoModel::motors_of(&joint.model))
        .collect();
    known.sort_unstable();
    known.dedup();
    Err(MechanicsError::NoSuchMotor {
        robot: kind.name.clone(),
        motor: motor.to_owned(),
        known: known.join(", "),
    })
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
