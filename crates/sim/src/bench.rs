//! Servos that carry no arm: lying on the table, each turning its horn, or in an arm that a hand holds and moves.

use core::time::Duration;

use ulna_core::calibration::Calibration;
use ulna_core::joints::Joints;
use ulna_core::robot::RobotKind;

use crate::arm::{ArmError, Mount, TICK};
use crate::law::{Load, Servo, ServoModel};
use crate::plant::{Drive, Plant, Sense};
use crate::sweep::Sweep;

/// Temperature of the room, °C.
const ROOM: f64 = 25.0;

/// Servos on a table, or in a hand. A clone is a snapshot.
#[derive(Debug, Clone)]
pub struct Bench {
    servos: Vec<Servo>,
    mounts: Vec<Mount>,
    hand: Option<Sweep>,
    ticks: u64,
}

impl Bench {
    /// One loose servo for each joint of a validated robot file, its horn where the middle of the joint is on an arm with this calibration.
    ///
    /// # Errors
    /// If a servo model is unknown, or the calibration does not fit the robot.
    pub fn loose(kind: &RobotKind, calibration: &Calibration) -> Result<Self, ArmError> {
        if calibration.joints.len() != kind.dof() {
            return Err(ArmError::CalibrationMismatch {
                robot: kind.name.clone(),
                expected: kind.dof(),
                given: calibration.joints.len(),
            });
        }
        let mut bench = Self {
            servos: Vec::with_capacity(kind.dof()),
            mounts: Vec::with_capacity(kind.dof()),
            hand: None,
            ticks: 0,
        };
        for (joint, value) in kind.joints.iter().zip(calibration.values()) {
            let model = ServoModel::named(&joint.model).ok_or_else(|| ArmError::UnknownServo {
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

    /// An arm whose encoders are mounted as this calibration found them. Every joint without torque is moved by a hand that [sweeps](Sweep) it
    /// through its range; one with torque stands against the hand.
    ///
    /// # Errors
    /// As [`Bench::loose`].
    pub fn swept(kind: &RobotKind, calibration: &Calibration) -> Result<Self, ArmError> {
        let mut bench = Self::loose(kind, calibration)?;
        bench.hand = Some(Sweep::new(kind));
        Ok(bench)
    }

    /// The hand that moves the joints, if there is one.
    #[must_use]
    pub fn hand(&self) -> Option<&Sweep> {
        self.hand.as_ref()
    }

    /// True joint angles, rad; on a table, those that the joints would have.
    #[must_use]
    pub fn angles(&self) -> Joints<f64> {
        Joints::from_fn(self.servos.len(), |i| {
            self.mounts[i].angle(self.servos[i].angle())
        })
    }

    fn tick(&mut self, drives: &[Drive]) {
        let dt = TICK.as_secs_f64();
        self.ticks += 1;
        let now = Duration::from_nanos((TICK.as_nanos() as u64).saturating_mul(self.ticks));
        let held = self.hand.as_ref().map(|hand| hand.angles(now));
        for (i, servo) in self.servos.iter_mut().enumerate() {
            let drive = drives.get(i).copied().unwrap_or_default();
            match &held {
                Some(angles) if !drive.torque => servo.place(self.mounts[i].encoder(angles[i])),
                _ => servo.tick(&drive, &Load::default(), servo.model().supply, dt),
            }
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

    fn so101() -> RobotKind {
        toml::from_str(include_str!("../../../configs/so101.toml")).unwrap()
    }

    #[test]
    fn a_hand_moves_limp_joints_and_lets_powered_ones_stand() {
        let kind = so101();
        let mut bench = Bench::swept(&kind, &kind.nominal_calibration()).unwrap();
        let here = f64::from(bench.sense(2).position);
        let mut drives = [Drive::default(); 6];
        drives[2] = Drive {
            torque: true,
            goal: here,
            ..Drive::default()
        };
        let mut widest = Joints::filled(6, 0.0_f64);
        for now in (0..9000).step_by(20).map(Duration::from_millis) {
            bench.advance(now, &drives);
            for (i, angle) in bench.angles().iter().enumerate() {
                let middle = f64::midpoint(kind.joints[i].lower, kind.joints[i].upper);
                widest[i] = widest[i].max((angle - middle).abs());
            }
        }
        assert!(widest[0] > 1.9 && widest[4] > 2.7, "{widest:?}");
        assert!(widest[2] < 0.01, "{widest:?}");
    }

    #[test]
    fn a_loose_servo_wiggles_its_horn() {
        let kind = so101();
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
    }
}
