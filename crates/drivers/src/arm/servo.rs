//! One joint's servo, as the driver knows it.

use ulna_bus::feetech::{self, Model};
use ulna_bus::health::{Plausibility, PlausibilityConfig, RosterError};
use ulna_core::robot::JointSpec;
use ulna_core::{JointCalibration, Unit};

/// One joint's servo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Servo {
    pub(crate) id: u8,
    pub(crate) model: Model,
    pub(crate) unit: Unit,
    pub(crate) calibration: JointCalibration,
    pub(crate) resolution: u32,
    pub(crate) plausibility: Plausibility,
}

/// A reading that would mean more than a turn in half a second, faster than any hobby servo or hand, is suspect. Calibration keeps
/// the wrap of the encoder out of a joint's range.
pub(super) const BELIEVABLE: PlausibilityConfig = PlausibilityConfig {
    max_speed: 8192,
    slack: 16,
    turn: None,
};

/// Why there can be no arm of a kind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArmError {
    /// The driver does not know the servo.
    #[error("joint `{joint}` has a servo of model `{model}`, but the driver knows {known}")]
    UnknownModel {
        /// The joint.
        joint: String,
        /// The model in the robot file.
        model: String,
        /// The models there are.
        known: String,
    },
    /// The file and the servo's data sheet disagree.
    #[error(
        "joint `{joint}` has {given} steps per turn, but a {model} has {expected}; correct `resolution`"
    )]
    Resolution {
        /// The joint.
        joint: String,
        /// Its servo.
        model: &'static str,
        /// What the robot file says.
        given: u32,
        /// What the servo has.
        expected: u16,
    },
    /// Two servos share an id, which a checked robot file rules out.
    #[error(transparent)]
    Group(#[from] RosterError),
}

/// The servo of a joint, if the driver knows it.
pub(super) fn servo(joint: &JointSpec, calibration: &JointCalibration) -> Result<Servo, ArmError> {
    let model = feetech::MODELS
        .into_iter()
        .find(|model| model.name == joint.model)
        .ok_or_else(|| ArmError::UnknownModel {
            joint: joint.name.clone(),
            model: joint.model.clone(),
            known: feetech::MODELS.map(|model| model.name).join(", "),
        })?;
    if joint.resolution != u32::from(model.resolution) {
        let (joint, given) = (joint.name.clone(), joint.resolution);
        return Err(ArmError::Resolution {
            joint,
            model: model.name,
            given,
            expected: model.resolution,
        });
    }
    Ok(Servo {
        id: joint.id,
        model,
        unit: joint.unit,
        calibration: *calibration,
        resolution: joint.resolution,
        plausibility: Plausibility::new(BELIEVABLE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_core::RobotKind;

    #[test]
    fn servos_that_the_driver_does_not_know_are_refused() {
        let kind: RobotKind =
            toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap();
        let (_, calibration) = kind.nominal_calibration().joints[0].clone();
        let mut joint = kind.joints[0].clone();
        assert_eq!(servo(&joint, &calibration).unwrap().model.number, 777);
        joint.resolution = 1024;
        let error = servo(&joint, &calibration).unwrap_err().to_string();
        assert!(error.contains("a sts3215 has 4096"), "{error}");
        joint.model = "sts9999".to_owned();
        let error = servo(&joint, &calibration).unwrap_err().to_string();
        assert!(
            error.contains("`sts9999`") && error.contains("sts3215"),
            "{error}"
        );
    }
}
