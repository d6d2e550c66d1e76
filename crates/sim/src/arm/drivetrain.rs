//! The servos of an arm in a row: what they ask of its mechanics in a tick, and what they take from it.
//!
//! Whatever moves the links, the servos are these: two masses each behind the play of their gears, friction, a sagging supply.

use ulna_core::joints::{Joints, MAX_JOINTS};
use ulna_robot::{Calibration, RobotKind};

use super::mount::Mount;
use super::options::{ArmOptions, MechanicsError, fit_together};
use crate::law::solve::{Share, Speeds, Taken};
use crate::law::{Servo, ServoModel};
use crate::plant::Drive;

/// One servo for each joint. A clone is a snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Drivetrain {
    servos: Vec<Servo>,
    mounts: Vec<Mount>,
    stops: Vec<(f64, f64)>,
    /// Voltage without load, V; of each servo what its maker recommends, if absent.
    voltage: Option<f64>,
    /// Ω.
    supply_resistance: f64,
    /// What resistance takes from every servo's voltage, V.
    sag: f64,
}

impl Drivetrain {
    /// The servos of a validated robot file, at rest where `options` have them start.
    ///
    /// # Errors
    /// If a servo model is unknown, or the calibration does not fit the robot.
    pub(crate) fn new(
        kind: &RobotKind,
        calibration: &Calibration,
        options: &ArmOptions,
    ) -> Result<Self, MechanicsError> {
        if kind.dof() > MAX_JOINTS {
            return Err(MechanicsError::TooManyJoints {
                robot: kind.name.clone(),
                given: kind.dof(),
            });
        }
        fit_together(kind, calibration)?;
        let mut row = Self {
            servos: Vec::with_capacity(kind.dof()),
            mounts: Vec::with_capacity(kind.dof()),
            stops: Vec::with_capacity(kind.dof()),
            voltage: options.voltage,
            supply_resistance: options.supply_resistance,
            sag: 0.0,
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
            row.stops.push(match joint.is_wheel() {
                true => (f64::NEG_INFINITY, f64::INFINITY),
                false => (ends.0.min(ends.1), ends.0.max(ends.1)),
            });
            row.servos.push(Servo::new(
                model,
                mount.encoder(joint.middle()),
                options.voltage.unwrap_or(model.supply),
                options.ambient,
            ));
            row.mounts.push(mount);
        }
        if let Some(start) = &options.start {
            row.place(start);
        }
        Ok(row)
    }

    /// Puts the outputs at rest with these joint angles (rad), the set points included. Joints whose angle is missing or NaN stay as they are.
    pub(crate) fn place(&mut self, angles: &Joints<f64>) {
        for ((servo, mount), angle) in self.servos.iter_mut().zip(&self.mounts).zip(angles.iter()) {
            if angle.is_finite() {
                servo.place(mount.encoder(*angle));
            }
        }
    }

    /// The servos, in the order of the joints.
    pub(crate) fn servos(&self) -> &[Servo] {
        &self.servos
    }

    /// How their encoders are mounted.
    pub(crate) fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    /// True joint angles, rad.
    pub(crate) fn angles(&self) -> Joints<f64> {
        Joints::from_fn(self.servos.len(), |i| {
            self.mounts[i].angle(self.servos[i].angle())
        })
    }

    /// Speeds of the joints, rad/s.
    pub(crate) fn speeds(&self) -> Joints<f64> {
        Joints::from_fn(self.servos.len(), |i| {
            self.servos[i].speed() * self.mounts[i].direction()
        })
    }

    /// 1 for each joint that its servo turns forward, and -1.
    pub(crate) fn turns(&self) -> Joints<f64> {
        Joints::from_fn(self.servos.len(), |i| self.mounts[i].direction())
    }

    /// Momentum that friction took in the last tick.
    pub(crate) fn taken(&self) -> Joints<Taken> {
        Joints::from_fn(self.servos.len(), |i| self.servos[i].taken())
    }

    /// The first half of a tick of `dt` seconds: what each servo contributes to the equations of motion. Servos without a drive are limp.
    pub(crate) fn prepare(&mut self, drives: &[Drive], dt: f64) -> Joints<Share> {
        let mut shares = Joints::filled(self.servos.len(), Share::default());
        for (i, servo) in self.servos.iter_mut().enumerate() {
            let drive = drives.get(i).copied().unwrap_or_default();
            let voltage = self.voltage.unwrap_or(servo.model().supply) - self.sag;
            shares[i] = servo.prepare(&drive, self.stops[i], voltage, dt);
        }
        shares
    }

    /// The second half: the solved motion.
    pub(crate) fn commit(&mut self, speeds: &Joints<Speeds>, taken: &Joints<Taken>, dt: f64) {
        let mut current = 0.0;
        for (i, servo) in self.servos.iter_mut().enumerate() {
            servo.commit(speeds[i], taken[i], dt);
            current += servo.supply_current();
        }
        // A supply gives current but takes none back.
        self.sag = self.supply_resistance * current.max(0.0);
    }
}
