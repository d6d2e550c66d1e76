//! How a servo's encoder is mounted on its joint.

use core::f64::consts::TAU;

use ulna_bus::family::HomingSign;
use ulna_bus::models;
use ulna_core::calibration::JointCalibration;
use ulna_robot::JointSpec;

/// The affine map between a joint's angle and the angle of the servo's **raw** encoder (before its homing offset), both in rad.
///
/// The raw encoder is not wrapped: an arm whose travel crosses the encoder's seam goes on counting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mount {
    direction: f64,
    encoder_zero: f64,
    radians_per_step: f64,
}

impl Mount {
    /// The mounting for which `calibration` is right: the middle of its range is the middle of the joint's.
    ///
    /// A Dynamixel adds its homing offset, and turns a reversed joint round itself; a Feetech servo subtracts its offset, and what is
    /// reversed there is the joint's value. An unknown model counts as the latter.
    pub fn new(joint: &JointSpec, calibration: &JointCalibration) -> Self {
        let radians_per_step = TAU / f64::from(joint.resolution);
        let direction = calibration.direction();
        let offset = f64::from(calibration.homing_offset);
        let model = models::by_name(&joint.model);
        let middle = match model.map(|model| model.family.homing) {
            Some(HomingSign::Added) => direction * (calibration.middle() - offset),
            Some(HomingSign::Subtracted) | None => calibration.middle() + offset,
        };
        Self {
            direction,
            encoder_zero: middle * radians_per_step - direction * joint.middle(),
            radians_per_step,
        }
    }

    /// Joint angle → angle of the raw encoder.
    pub fn encoder(&self, angle: f64) -> f64 {
        self.encoder_zero + self.direction * angle
    }

    /// Angle of the raw encoder → joint angle.
    pub fn angle(&self, encoder: f64) -> f64 {
        self.direction * (encoder - self.encoder_zero)
    }

    /// Joint angle → raw encoder steps.
    pub fn steps(&self, angle: f64) -> f64 {
        self.encoder(angle) / self.radians_per_step
    }

    /// 1.0, or -1.0 if the encoder runs against the joint.
    pub fn direction(&self) -> f64 {
        self.direction
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ulna_robot::RobotKind;

    #[test]
    fn a_reversed_dynamixel_reports_rising_positions_for_rising_angles() {
        let mut kind: RobotKind =
            toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap();
        kind.joints[0].model = "xl430-w250".into();
        let mut value = kind.nominal_calibration().joints[0].1;
        value.homing_offset = 700;
        value.drive_mode = 1;
        let mount = Mount::new(&kind.joints[0], &value);
        // Inside the servo: present = -actual + offset.
        let present = |angle| -mount.steps(angle) + 700.0;
        assert!((present(0.0) - value.middle()).abs() < 1e-9);
        assert!(present(0.5) > present(0.0));
        assert!((mount.angle(mount.encoder(0.3)) - 0.3).abs() < 1e-12);
    }

    proptest! {
        // What the bus reports of an angle, normalised and mapped back, is that angle: no joint is mounted a degree off.
        #[test]
        fn states_map_back_to_the_true_angle(joint in 0usize..6, part in 0.01..0.99f64, offset in -2000i32..2000, drive_mode in 0u8..2) {
            let kind: RobotKind = toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap();
            let mut calibration = kind.nominal_calibration();
            calibration.joints[joint].1.homing_offset = offset;
            calibration.joints[joint].1.drive_mode = drive_mode;
            let spec = &kind.joints[joint];
            let value = &calibration.joints[joint].1;
            let angle = spec.lower + part * (spec.upper - spec.lower);
            let reported = Mount::new(spec, value).steps(angle) - f64::from(offset);
            let unit = spec.unit.normalise(reported, value, spec.resolution);
            let back = kind.angle_maps(&calibration)[joint].radians(unit);
            // The nominal range is whole steps, the joint's limits are not.
            prop_assert!((back - angle).abs() < 1e-3, "{back} {angle}");
        }
    }
}
