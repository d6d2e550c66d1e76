//! A hand that shows an arm its ranges, as calibration asks for: first it holds all joints in the middle of their ranges, then it takes
//! each to both ends and back, one a little after the other, and begins again.

use core::time::Duration;

use ulna_core::joints::Joints;
use ulna_core::robot::RobotKind;

/// How long the hand holds still in the middle, s.
const REST: f64 = 2.0;
/// From the middle to one end, to the other and back: the time of the whole way, s.
const WAY: f64 = 4.5;
/// Parts of that time at which the hand is at the lower and at the upper end.
const ENDS: [f64; 2] = [0.25, 0.75];
/// One joint after the other, s.
const STAGGER: f64 = 0.4;

/// Such a hand, which depends on nothing but time.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    ranges: Joints<(f64, f64)>,
}

impl Sweep {
    /// One that knows the ranges of a validated robot file.
    #[must_use]
    pub fn new(kind: &RobotKind) -> Self {
        let range = |i: usize| (kind.joints[i].lower, kind.joints[i].upper);
        Self {
            ranges: Joints::from_fn(kind.dof(), range),
        }
    }

    /// How long it keeps all joints in the middle, to begin with.
    #[must_use]
    pub fn rest(&self) -> Duration {
        Duration::from_secs_f64(REST)
    }

    /// When every joint has been to both of its ends and is back in the middle. Then it starts over.
    #[must_use]
    pub fn period(&self) -> Duration {
        Duration::from_secs_f64(self.period_seconds())
    }

    /// The joint angles at this time since the start, rad.
    #[must_use]
    pub fn angles(&self, time: Duration) -> Joints<f64> {
        let seconds = time.as_secs_f64() % self.period_seconds();
        Joints::from_fn(self.ranges.len(), |i| {
            let (low, high) = self.ranges[i];
            let middle = f64::midpoint(low, high);
            let part = (seconds - REST - STAGGER * i as f64) / WAY;
            let [at_low, at_high] = ENDS;
            if part < at_low {
                blend(middle, low, part / at_low)
            } else if part < at_high {
                blend(low, high, (part - at_low) / (at_high - at_low))
            } else {
                blend(high, middle, (part - at_high) / (1.0 - at_high))
            }
        })
    }

    fn period_seconds(&self) -> f64 {
        REST + WAY + STAGGER * self.ranges.len() as f64
    }
}

/// From `from` to `to` after `part` of the time, with speed and acceleration zero at both ends.
fn blend(from: f64, to: f64, part: f64) -> f64 {
    let x = part.clamp(0.0, 1.0);
    from + (to - from) * x * x * x * (10.0 + x * (6.0 * x - 15.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_joint_goes_to_both_ends_and_no_further() {
        let kind: RobotKind = toml::from_str(include_str!("../../../configs/so101.toml")).unwrap();
        let sweep = Sweep::new(&kind);
        let mut last = sweep.angles(Duration::ZERO);
        let (mut low, mut high) = (last, last);
        let period = sweep.period().as_millis() as u64;
        for now in (0..period).map(Duration::from_millis) {
            let angles = sweep.angles(now);
            for (i, joint) in kind.joints.iter().enumerate() {
                if now < sweep.rest() {
                    let middle = f64::midpoint(joint.lower, joint.upper);
                    assert!((angles[i] - middle).abs() < 1e-9);
                }
                assert!((angles[i] - last[i]).abs() < 0.006, "it never jumps");
                low[i] = low[i].min(angles[i]);
                high[i] = high[i].max(angles[i]);
            }
            last = angles;
        }
        for (i, joint) in kind.joints.iter().enumerate() {
            assert!((low[i] - joint.lower).abs() < 1e-3 && low[i] >= joint.lower);
            assert!((high[i] - joint.upper).abs() < 1e-3 && high[i] <= joint.upper);
        }
        assert_eq!(sweep.angles(sweep.period()), sweep.angles(Duration::ZERO));
    }
}
