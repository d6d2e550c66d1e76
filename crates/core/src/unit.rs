//! LeRobot's normalised units and how they map to encoder steps and radians.

use core::f64::consts::{PI, TAU};
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::calibration::JointCalibration;

/// What the number of a joint means: LeRobot's `MotorNormMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Degrees from the middle of the calibrated range (LeRobot `DEGREES`).
    Degrees,
    /// -100..100 over the calibrated range (LeRobot `RANGE_M100_100`).
    M100,
    /// 0..100 over the calibrated range (LeRobot `RANGE_0_100`); grippers, 0 closed.
    Percent,
    /// The speed of a wheel, degrees per second; the numbers of a robot with wheels are those of its base.
    Velocity,
}

impl Unit {
    /// Encoder steps to the normalised value, by the formulae of LeRobot 0.6.2 (`motors_bus.py`).
    ///
    /// `resolution` is the servo's steps per turn. Degrees divide by `resolution - 1`, as LeRobot does, and neither
    /// clamp nor invert; the other two clamp to the range and invert with the drive mode.
    /// The range must not be empty: calibrations are checked when they are read.
    pub fn normalise(self, steps: f64, calibration: &JointCalibration, resolution: u32) -> f64 {
        let low = f64::from(calibration.range_min);
        let high = f64::from(calibration.range_max);
        let inside = (steps.clamp(low.min(high), high.max(low)) - low) / (high - low);
        match self {
            Self::Degrees => (steps - calibration.middle()) * 360.0 / f64::from(resolution - 1),
            Self::Velocity => steps * 360.0 / f64::from(resolution),
            Self::M100 => (inside * 200.0 - 100.0) * calibration.direction(),
            Self::Percent if calibration.drive_mode == 0 => inside * 100.0,
            Self::Percent => 100.0 - inside * 100.0,
        }
    }

    /// The normalised value to encoder steps, truncated toward zero as LeRobot's `int()` does.
    pub fn denormalise(self, value: f64, calibration: &JointCalibration, resolution: u32) -> i32 {
        let low = f64::from(calibration.range_min);
        let span = f64::from(calibration.range_max) - low;
        let steps = match self {
            Self::Degrees => value * f64::from(resolution - 1) / 360.0 + calibration.middle(),
            // LeRobot rounds speeds, where it truncates positions.
            Self::Velocity => value * f64::from(resolution) / 360.0 + 0.5_f64.copysign(value),
            Self::M100 => {
                ((value * calibration.direction()).clamp(-100.0, 100.0) + 100.0) / 200.0 * span
                    + low
            }
            Self::Percent => {
                let value = if calibration.drive_mode == 0 {
                    value
                } else {
                    100.0 - value
                };
                value.clamp(0.0, 100.0) / 100.0 * span + low
            }
        };
        // The last bit of a product of doubles must not cost a whole step when a value makes the round trip.
        truncate(steps + if steps < 0.0 { -1e-9 } else { 1e-9 })
    }

    /// The affine map from this unit to the joint's angle in radians, for an arm with this calibration.
    ///
    /// `middle_rad` is the joint angle at the middle of the calibrated range (zero for all SO-101 joints except the gripper).
    pub fn to_radians(
        self,
        calibration: &JointCalibration,
        resolution: u32,
        middle_rad: f64,
    ) -> AngleMap {
        let span_rad =
            f64::from(calibration.range_max - calibration.range_min) / f64::from(resolution) * TAU;
        // Degrees and radians both follow the encoder; the range units follow the drive mode, and so does the joint's angle.
        match self {
            Self::Degrees => {
                let stretch = f64::from(resolution - 1) / f64::from(resolution);
                AngleMap {
                    scale: stretch * PI / 180.0 * calibration.direction(),
                    offset: middle_rad,
                }
            }
            Self::Velocity => AngleMap {
                scale: PI / 180.0,
                offset: 0.0,
            },
            Self::M100 => AngleMap {
                scale: span_rad / 200.0,
                offset: middle_rad,
            },
            Self::Percent => AngleMap {
                scale: span_rad / 100.0,
                offset: middle_rad - span_rad / 2.0,
            },
        }
    }

    /// The values that the calibrated range spans, lowest first.
    pub fn range(self, calibration: &JointCalibration, resolution: u32) -> (f64, f64) {
        let a = self.normalise(f64::from(calibration.range_min), calibration, resolution);
        let b = self.normalise(f64::from(calibration.range_max), calibration, resolution);
        (a.min(b), a.max(b))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Degrees => "degrees",
            Self::M100 => "m100",
            Self::Percent => "percent",
            Self::Velocity => "velocity",
        })
    }
}

/// `steps` without its fraction; NaN becomes zero and huge values the nearest `i32`.
#[allow(clippy::cast_possible_truncation)]
fn truncate(steps: f64) -> i32 {
    steps as i32
}

/// An affine map: radians = `scale` * value + `offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AngleMap {
    /// Radians per unit; never zero.
    pub scale: f64,
    /// Radians at value zero.
    pub offset: f64,
}

impl Default for AngleMap {
    fn default() -> Self {
        Self {
            scale: 1.0,
            offset: 0.0,
        }
    }
}

impl AngleMap {
    /// The joint angle of a normalised value, rad.
    pub fn radians(&self, value: f64) -> f64 {
        self.scale * value + self.offset
    }

    /// The normalised value of a joint angle.
    pub fn value(&self, radians: f64) -> f64 {
        (radians - self.offset) / self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn calibration(drive_mode: u8) -> JointCalibration {
        JointCalibration {
            id: 1,
            drive_mode,
            homing_offset: 0,
            range_min: 905,
            range_max: 3187,
        }
    }

    // Worked by hand from LeRobot's formulae.
    #[test]
    fn values_are_lerobots() {
        let plain = calibration(0);
        assert_eq!(Unit::M100.normalise(905.0, &plain, 4096), -100.0);
        assert_eq!(Unit::M100.normalise(5000.0, &plain, 4096), 100.0);
        assert_eq!(Unit::M100.normalise(3187.0, &calibration(1), 4096), -100.0);
        assert_eq!(Unit::Percent.normalise(2046.0, &plain, 4096), 50.0);
        assert!(
            (Unit::Degrees.normalise(2046.0 + 4095.0 / 4.0, &plain, 4096) - 90.0).abs() < 1e-12
        );
        // Degrees ignore the drive mode and the range's ends.
        assert!(Unit::Degrees.normalise(4095.0, &calibration(1), 4096) > 180.0 * 0.9);
        assert_eq!(Unit::Degrees.denormalise(0.04, &plain, 4096), 2046); // int(2046.455)
        assert_eq!(Unit::M100.denormalise(250.0, &plain, 4096), 3187);
        assert_eq!(Unit::Percent.denormalise(25.0, &calibration(1), 4096), 2616); // int(2616.5)
    }

    #[test]
    fn speeds_are_lerobots() {
        let calibration = calibration(1);
        assert_eq!(Unit::Velocity.normalise(1024.0, &calibration, 4096), 90.0);
        // Rounded, where positions are cut off: 0.455, 0.569 and 1.479 steps a second.
        for (value, steps) in [
            (90.0, 1024),
            (-90.0, -1024),
            (0.04, 0),
            (0.05, 1),
            (-0.05, -1),
            (0.13, 1),
        ] {
            assert_eq!(
                Unit::Velocity.denormalise(value, &calibration, 4096),
                steps,
                "{value}"
            );
        }
        let map = Unit::Velocity.to_radians(&calibration, 4096, 0.3);
        assert_eq!(map.radians(180.0), PI);
    }

    #[test]
    fn the_range_spans_what_the_joint_can_say() {
        for drive_mode in [0, 1] {
            let calibration = calibration(drive_mode);
            assert_eq!(Unit::M100.range(&calibration, 4096), (-100.0, 100.0));
            assert_eq!(Unit::Percent.range(&calibration, 4096), (0.0, 100.0));
            let half = 1141.0 * 360.0 / 4095.0;
            assert_eq!(Unit::Degrees.range(&calibration, 4096), (-half, half));
        }
    }

    #[test]
    fn an_angle_and_its_value_are_each_others() {
        let map = AngleMap {
            scale: 0.5,
            offset: 0.25,
        };
        assert_eq!((map.radians(3.0), map.value(1.75)), (1.75, 3.0));
        assert_eq!(AngleMap::default().radians(2.0), 2.0);
        let plain = calibration(0);
        let turn = Unit::Degrees.to_radians(&plain, 4096, 1.0);
        assert!((turn.radians(90.0) - (1.0 + PI / 2.0 * 4095.0 / 4096.0)).abs() < 1e-12);
        // Reversed, an angle grows as the encoder falls.
        let reversed = Unit::Degrees.to_radians(&calibration(1), 4096, 1.0);
        assert!((reversed.radians(90.0) - (1.0 - PI / 2.0 * 4095.0 / 4096.0)).abs() < 1e-12);
        let ends = [Unit::M100, Unit::Percent].map(|unit| {
            let map = unit.to_radians(&plain, 4096, 1.0);
            let (low, high) = unit.range(&plain, 4096);
            (map.radians(low), map.radians(high))
        });
        let half = 1141.0 * TAU / 4096.0;
        for (low, high) in ends {
            assert!((low - (1.0 - half)).abs() < 1e-12 && (high - (1.0 + half)).abs() < 1e-12);
        }
    }

    #[test]
    fn nonsense_never_becomes_a_wild_step() {
        assert_eq!(
            Unit::Degrees.denormalise(f64::NAN, &calibration(0), 4096),
            0
        );
        assert_eq!(
            Unit::Degrees.denormalise(f64::INFINITY, &calibration(0), 4096),
            i32::MAX
        );
    }

    proptest! {
        #[test]
        fn steps_make_the_round_trip(steps in 905i32..=3187, drive_mode in 0u8..2) {
            let calibration = calibration(drive_mode);
            for unit in [Unit::Degrees, Unit::M100, Unit::Percent] {
                let value = unit.normalise(f64::from(steps), &calibration, 4096);
                prop_assert_eq!(unit.denormalise(value, &calibration, 4096), steps);
            }
        }

        // Servos that count turns say steps below zero, too.
        #[test]
        fn degrees_of_any_turn_make_the_round_trip(steps in -20_000i32..20_000) {
            let calibration = calibration(0);
            let value = Unit::Degrees.normalise(f64::from(steps), &calibration, 4096);
            prop_assert_eq!(Unit::Degrees.denormalise(value, &calibration, 4096), steps);
        }

        #[test]
        fn all_units_name_the_same_angle(steps in 905i32..=3187, middle in -1.0..1.0f64, drive_mode in 0u8..2) {
            let calibration = calibration(drive_mode);
            let angles = [Unit::Degrees, Unit::M100, Unit::Percent]
                .map(|unit| unit.to_radians(&calibration, 4096, middle).radians(unit.normalise(f64::from(steps), &calibration, 4096)));
            prop_assert!((angles[0] - angles[1]).abs() < 1e-9 && (angles[1] - angles[2]).abs() < 1e-9);
        }
    }
}
