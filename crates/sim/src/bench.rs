//! Servos that carry no arm yet: they lie on the table, and each turns its horn.

use core::time::Duration;

use ulna_core::joints::Joints;
use ulna_robot::Calibration;
use ulna_robot::RobotKind;

use crate::arm::{MechanicsError, Mount, TICK, fit_together};
use crate::law::{Load, Servo, ServoModel};
use crate::plant::{Drive, Plant, Sense};

/// Temperature of the room, °C.
const ROOM: f64 = 25.0;

/// Servos on a table. A clone is a snapshot.
#[derive(Debug, Clone)]
pub struct Bench {
    servos: Vec<Servo>,
    mounts: Vec<Mount>,
    ticks: u64,
}

impl Bench {
    /// One loose servo for each joint of a validated robot file, its horn where the middle of the joint is on an arm with this calibration.
    ///
    /// # Errors
    /// If a servo model is unknown, or the calibration does not fit the robot.
    pub fn loose(kind: &RobotKind, calibration: &Calibration) -> Result<Self, MechanicsError> {
        fit_together(kind, calibration)?;
        let mut bench = Self {
            servos: Vec::with_capacity(kind.dof()),
            mounts: Vec::with_capacity(kind.dof()),
            ticks: 0,
        };
        for (joint, value) in kind.joints.iter().zip(calibration.values()) {
            let model =
                ServoModel::of(kind, joint).ok_or_else(|| MechanicsError::UnknownServo {
                    joint: joint.name.clone(),
                    model: joint.model.clone(),
                })?;
            let mount = Mount::new(joint, value);
            let angle = mount.encoder(joint.middle());
            bench
                .servos
                .push(Servo::new(model, angle, model.supply, ROOM));
            bench.mounts.push(mount);
        }
        Ok(bench)
    }

    /// The angles, rad, that the joints would have with these servos.
    #[must_use]
    pub fn angles(&self) -> Joints<f64> {
        Joints::from_fn(self.servos.len(), |i| {
            self.mounts[i].angle(self.servos[i].angle())
        })
    }

    fn tick(&mut self, drives: &[Drive]) {
        let dt = TICK.as_secs_f64();
        self.ticks += 1;
        for (i, servo) in self.servos.iter_mut().enumerate() {
            let drive = drives.get(i).copied().unwrap_or_default();
            servo.tick(&drive, &Load::default(), servo.model().supply, dt);
        }
    }
}

impl Plant for Bench {
    fn servos(&self) -> usize {
        self.servos.len()
    }

    fn advance(&mut self, to: Duration, drives: &[Drive]) {
        while TICK.as_nanos() * u128::from(self.ticks + 1) <= to.as_nanos() {
            self.tick(drives);
        }
    }

    fn sense(&self, index: usize) -> Sense {
        self.servos.get(index).map(Servo::sense).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loose_servo_wiggles_its_horn() {
        let kind: RobotKind = toml::from_str(include_str!("../../../configs/so101.toml")).unwrap();
        let mut bench = Bench::loose(&kind, &kind.nominal_calibration()).unwrap();
        let here = bench.sense(5).position;
        let mut drives = [Drive::default(); 6];
        drives[5] = Drive {
            torque: true,
            goal: f64::from(here + 100),
            ..Drive::default()
        };
        bench.advance(Duration::from_secs(1), &drives);
        assert!((bench.sense(5).position - here - 100).abs() < 8);
        assert!((bench.sense(0).position - 2047).abs() <= 1);
        let angles = bench.angles();
        assert!((angles[5] - kind.joints[5].middle() - 100.0 * 1.534e-3).abs() < 0.02);
    }
}
