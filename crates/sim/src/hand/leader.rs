//! The leader arm in its operator's hand.

use core::time::Duration;

use ulna_core::joints::Joints;
use ulna_robot::Calibration;
use ulna_robot::RobotKind;

use crate::arm::{Mount, TICK};
use crate::hand::operator::Operator;
use crate::plant::{Drive, Plant, Sense};

/// A leader arm whose joints are wherever its [`Operator`] puts them; its servos only measure. Torque on them is not felt: the
/// hand is stronger.
#[derive(Debug)]
pub struct LeaderArm {
    operator: Box<dyn Operator>,
    mounts: Vec<Mount>,
    angles: Joints<f64>,
    speeds: Joints<f64>,
    voltage: f64,
}

/// What a room and an unloaded servo measure, °C.
const TEMPERATURE: f64 = 25.0;

impl LeaderArm {
    /// The leader of a validated robot file, its encoders mounted as this calibration found them, supplied with `voltage` (V).
    ///
    /// Joints that the calibration lacks are mounted as on a flawless arm.
    pub fn new(
        kind: &RobotKind,
        calibration: &Calibration,
        operator: Box<dyn Operator>,
        voltage: f64,
    ) -> Self {
        let nominal = kind.nominal_calibration();
        let mounts = kind.joints.iter().enumerate().map(|(index, joint)| {
            let value = calibration.joints.get(index);
            Mount::new(joint, &value.unwrap_or(&nominal.joints[index]).1)
        });
        Self {
            mounts: mounts.collect(),
            angles: *operator.rest(),
            speeds: Joints::filled(kind.dof(), 0.0),
            operator,
            voltage,
        }
    }

    /// True joint angles, rad.
    pub fn angles(&self) -> &Joints<f64> {
        &self.angles
    }
}

impl Plant for LeaderArm {
    fn servos(&self) -> usize {
        self.mounts.len()
    }

    fn advance(&mut self, to: Duration, _drives: &[Drive]) {
        // Whole ticks, as every plant moves in.
        let nanos = to.as_nanos() - to.as_nanos() % TICK.as_nanos();
        let now = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let before = self.operator.angles(now.saturating_sub(TICK));
        self.angles = self.operator.angles(now);
        let seconds = TICK.as_secs_f64();
        let angles = self.angles;
        self.speeds = Joints::from_fn(angles.len(), |i| (angles[i] - before[i]) / seconds);
    }

    #[allow(clippy::cast_possible_truncation)]
    fn sense(&self, index: usize) -> Sense {
        let Some(mount) = self.mounts.get(index) else {
            return Sense::default();
        };
        let angle = self.angles[index];
        Sense {
            position: mount.steps(angle).round() as i32,
            velocity: mount.steps(angle + self.speeds[index]) - mount.steps(angle),
            voltage: self.voltage,
            temperature: TEMPERATURE,
            ..Sense::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hand::stroke::Hand;

    #[test]
    fn it_reports_where_the_hand_is() {
        let kind: RobotKind =
            toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap();
        let calibration = kind.nominal_calibration();
        let hand = Hand::new(&kind, 3);
        let mut leader = LeaderArm::new(&kind, &calibration, Box::new(hand.clone()), 7.4);
        let (mut hand, mut moved) = (hand, 0);
        let maps = kind.angle_maps(&calibration);
        for millis in (0..10_000).step_by(33) {
            let now = Duration::from_millis(millis);
            leader.advance(now, &[]);
            let angles = hand.angles(now);
            for (i, joint) in kind.joints.iter().enumerate() {
                let sense = leader.sense(i);
                let value = &calibration.joints[i].1;
                let steps = f64::from(sense.position);
                let back = maps[i].radians(joint.unit.normalise(steps, value, joint.resolution));
                assert!((back - angles[i]).abs() < 2e-3, "{back} {}", angles[i]);
                moved += usize::from(sense.velocity.abs() > 100.0);
            }
        }
        assert!(moved > 100, "{moved}");
    }
}
