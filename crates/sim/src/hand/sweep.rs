//! An arm in the hand of a person who calibrates it: the middle pose, every joint through its whole range, the resting pose.

use core::f64::consts::TAU;
use core::sync::atomic::{AtomicU8, Ordering};
use core::time::Duration;
use std::sync::Arc;

use ulna_core::joints::Joints;
use ulna_robot::Calibration;
use ulna_robot::RobotKind;

use crate::arm::{Mount, TICK, resting_angles};
use crate::plant::{Drive, Plant, Sense};

/// How long one joint takes from its middle to both ends and back, s, and how much later the next one begins.
const ROUND: f64 = 4.0;
const STAGGER: f64 = 0.6;
/// How long the way to the resting pose takes, s.
const TO_REST: f64 = 1.5;
/// What a room and an unloaded servo measure, °C, and a good supply, V.
const TEMPERATURE: f64 = 25.0;
const VOLTS: f64 = 7.4;

/// What the hand does: it holds the arm still, moves every joint through its range, or lays the arm down.
const HELD: u8 = 0;
const SWEEPING: u8 = 1;
const RESTING: u8 = 2;

/// What the hand does, set by the program that calibrates.
#[derive(Debug, Clone, Default)]
pub struct SweepHand {
    phase: Arc<AtomicU8>,
}

impl SweepHand {
    /// Begins to move every joint from end to end.
    pub fn sweep(&self) {
        self.phase.store(SWEEPING, Ordering::Relaxed);
    }

    /// Lays the arm down in its resting pose.
    pub fn rest(&self) {
        self.phase.store(RESTING, Ordering::Relaxed);
    }

    /// How long a sweep of this many joints takes.
    pub fn duration(joints: usize) -> Duration {
        let last = u32::try_from(joints.saturating_sub(1)).unwrap_or(u32::MAX);
        Duration::from_secs_f64(ROUND + STAGGER * f64::from(last))
    }

    /// How long the way to the resting pose takes.
    pub fn way_to_rest() -> Duration {
        Duration::from_secs_f64(TO_REST)
    }
}

/// An arm of any role whose joints are wherever that hand puts them; its servos only measure.
#[derive(Debug, Clone)]
pub struct SweptArm {
    hand: SweepHand,
    mounts: Vec<Mount>,
    ranges: Vec<(f64, f64)>,
    rest: Joints<f64>,
    phase: u8,
    /// When the phase began, s, and where the joints were, rad.
    since: f64,
    from: Joints<f64>,
    angles: Joints<f64>,
}

impl SweptArm {
    /// An arm of a validated robot file in this hand, its encoders mounted as `mounting` says: entries in the order of the joints.
    pub fn new(kind: &RobotKind, mounting: &Calibration, hand: SweepHand) -> Self {
        let middle = Joints::from_fn(kind.dof(), |index| kind.joints[index].middle());
        let mounts = kind.joints.iter().zip(mounting.values());
        Self {
            hand,
            mounts: mounts
                .map(|(joint, value)| Mount::new(joint, value))
                .collect(),
            ranges: kind
                .joints
                .iter()
                .map(|joint| (joint.lower, joint.upper))
                .collect(),
            rest: resting_angles(kind),
            phase: HELD,
            since: 0.0,
            from: middle,
            angles: middle,
        }
    }

    /// True joint angles, rad.
    pub fn angles(&self) -> &Joints<f64> {
        &self.angles
    }
}

impl Plant for SweptArm {
    fn servos(&self) -> usize {
        self.mounts.len()
    }

    fn advance(&mut self, to: Duration, _drives: &[Drive]) {
        // Whole ticks, as every plant moves in.
        let nanos = to.as_nanos() - to.as_nanos() % TICK.as_nanos();
        let now = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)).as_secs_f64();
        let phase = self.hand.phase.load(Ordering::Relaxed);
        if phase != self.phase {
            (self.phase, self.since, self.from) = (phase, now, self.angles);
        }
        let seconds = now - self.since;
        let (from, rest) = (self.from, self.rest);
        let begin = |index: usize| STAGGER * f64::from(u32::try_from(index).unwrap_or(0));
        self.angles = Joints::from_fn(from.len(), |index| match self.phase {
            HELD => from[index],
            SWEEPING => {
                let (low, high) = self.ranges[index];
                let part = ((seconds - begin(index)) / ROUND).clamp(0.0, 1.0);
                let swing = (part * TAU).sin();
                // The middle of a joint that turns all the way round need not be the middle of its ends.
                let reach = if swing > 0.0 {
                    high - from[index]
                } else {
                    from[index] - low
                };
                from[index] + reach * swing
            }
            _ => {
                let part = (seconds / TO_REST).clamp(0.0, 1.0);
                from[index] + (rest[index] - from[index]) * part
            }
        });
    }

    #[allow(clippy::cast_possible_truncation)]
    fn sense(&self, index: usize) -> Sense {
        let Some(mount) = self.mounts.get(index) else {
            return Sense::default();
        };
        Sense {
            position: mount.steps(self.angles[index]).round() as i32,
            voltage: VOLTS,
            temperature: TEMPERATURE,
            ..Sense::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_joint_reaches_both_ends_and_then_rests() {
        let kind: RobotKind =
            toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap();
        let hand = SweepHand::default();
        let mut arm = SweptArm::new(&kind, &kind.nominal_calibration(), hand.clone());
        arm.advance(Duration::from_secs(1), &[]);
        assert_eq!(arm.angles()[0], kind.joints[0].middle());
        hand.sweep();
        let (mut low, mut high) = (*arm.angles(), *arm.angles());
        let end = 1000 + u64::try_from(SweepHand::duration(kind.dof()).as_millis()).unwrap() + 10;
        for millis in 1000..end {
            arm.advance(Duration::from_millis(millis), &[]);
            for index in 0..kind.dof() {
                low[index] = low[index].min(arm.angles()[index]);
                high[index] = high[index].max(arm.angles()[index]);
            }
        }
        for (index, joint) in kind.joints.iter().enumerate() {
            assert!(
                (low[index] - joint.lower).abs() < 1e-3,
                "{} {}",
                joint.name,
                low[index]
            );
            assert!((high[index] - joint.upper).abs() < 1e-3, "{}", joint.name);
        }
        hand.rest();
        arm.advance(Duration::from_secs(20), &[]);
        arm.advance(Duration::from_secs(22), &[]);
        assert!((arm.angles()[1].to_degrees() + 97.0).abs() < 1e-9);
    }
}
