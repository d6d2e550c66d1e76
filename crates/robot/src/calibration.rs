//! What LeRobot's calibration file says of one arm.

use alloc::string::String;
use alloc::vec::Vec;

use ulna_core::JointCalibration;

/// The calibration of one arm: motor names and their values, in the order of the robot file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calibration {
    /// One entry per motor.
    pub joints: Vec<(String, JointCalibration)>,
}

impl Calibration {
    /// The values alone, in order.
    pub fn values(&self) -> impl Iterator<Item = &JointCalibration> {
        self.joints.iter().map(|(_, value)| value)
    }
}
