//! What LeRobot's calibration file says of one joint.

use serde::{Deserialize, Serialize};

/// The calibration of one motor, with the fields of LeRobot's `MotorCalibration`.
///
/// All positions are encoder steps as the servo reports them (after its homing offset).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointCalibration {
    /// Id of the servo on its bus.
    pub id: u8,
    /// 1 if the joint's -100..100 or 0..100 value runs against the encoder, else 0.
    pub drive_mode: u8,
    /// What the servo subtracts (Feetech) from its raw encoder reading, steps.
    pub homing_offset: i32,
    /// Lowest position that the calibration sweep reached, steps.
    pub range_min: i32,
    /// Highest position that the calibration sweep reached, steps.
    pub range_max: i32,
}

impl JointCalibration {
    /// The position half way between both ends of the range, steps.
    pub fn middle(&self) -> f64 {
        f64::midpoint(f64::from(self.range_min), f64::from(self.range_max))
    }

    /// -1.0 if the joint is reversed, else 1.0.
    pub fn direction(&self) -> f64 {
        if self.drive_mode == 0 { 1.0 } else { -1.0 }
    }
}
