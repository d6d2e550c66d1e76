//! What the numbers of joints mean, which LeRobot's own files leave open.

use crate::manifest::Manifest;

/// The unit of the joints that are no gripper; grippers have 0 to 100 with either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JointUnits {
    /// Degrees from the middle of the calibrated range.
    Degrees,
    /// -100 to 100 over the calibrated range.
    M100,
}

impl JointUnits {
    /// What ulna's manifest says.
    pub fn of_manifest(manifest: &Manifest) -> Option<JointUnits> {
        match manifest.units.as_str() {
            "degrees" => Some(JointUnits::Degrees),
            "m100" => Some(JointUnits::M100),
            _ => None,
        }
    }

    /// What LeRobot 0.6.2 records for a type of robot.
    pub fn of_robot_type(robot_type: &str) -> Option<JointUnits> {
        match robot_type {
            "so_follower" | "bi_so_follower" | "lekiwi" | "lekiwi_client" => {
                Some(JointUnits::Degrees)
            }
            "so100_follower" | "so101_follower" | "koch_follower" | "omx_follower" => {
                Some(JointUnits::M100)
            }
            _ => None,
        }
    }

    /// What the manifest says, else what the type of robot implies.
    pub(crate) fn of_metadata(
        manifest: Option<&Manifest>,
        robot_type: Option<&str>,
    ) -> Option<JointUnits> {
        let noted = manifest.and_then(JointUnits::of_manifest);
        noted.or_else(|| robot_type.and_then(JointUnits::of_robot_type))
    }
}
