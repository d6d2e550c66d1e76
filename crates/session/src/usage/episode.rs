//! Why an episode cannot be shown or replayed as asked.

use std::path::PathBuf;

/// Why an episode cannot be shown or replayed as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EpisodeUsage {
    /// Nothing says which units its numbers have.
    #[error(
        "{}: a dataset carries no units, and robot type `{robot_type}` does not imply them: pass --units degrees or --units m100",
        dataset.display()
    )]
    NoUnits {
        /// The dataset.
        dataset: PathBuf,
        /// What it says that it was recorded with.
        robot_type: String,
    },
    /// Its numbers belong to other joints.
    #[error(
        "{}: feature `{feature}` has [{names}], but robot {robot} has [{joints}]; pass the --robot that it was recorded with",
        dataset.display()
    )]
    Joints {
        /// The dataset.
        dataset: PathBuf,
        /// The feature.
        feature: String,
        /// Its names.
        names: String,
        /// The robot.
        robot: String,
        /// Its joints.
        joints: String,
    },
    /// Its calibration is of a LeRobot before June 2025.
    #[error(
        "{}: its joints have the names that LeRobot gave before June 2025 (`{joint}`); its numbers are of the calibration of that \
         time, whose zeros and directions nothing in the dataset tells, so it can be trained on but not replayed",
        dataset.display()
    )]
    OldNames {
        /// The dataset.
        dataset: PathBuf,
        /// One of its joints.
        joint: String,
    },
    /// It was recorded with a robot of another family.
    #[error(
        "{message}; pass the --robot that it was recorded with, or --robot {robot} (or --force) if this one is meant"
    )]
    OtherFamily {
        /// What differs.
        message: String,
        /// The robot.
        robot: String,
    },
    /// A target that is NaN or infinite.
    #[error(
        "`{joint}` is {value} in frame {frame}, which is no target for an arm: `ulna dataset check` says which frames to cut off"
    )]
    NotFinite {
        /// The joint.
        joint: String,
        /// NaN or infinite.
        value: f64,
        /// The frame.
        frame: usize,
    },
    /// Its numbers most likely have other units.
    #[error(
        "`{joint}` is {value} in frame {frame}, and {outside} of {frames} frames are outside of {low:.0} to {high:.0}, \
         so the dataset has most likely other units: pass --units {other}, or --force to have the values cut off"
    )]
    OtherUnits {
        /// The first joint outside.
        joint: String,
        /// Its value.
        value: f64,
        /// The frame.
        frame: usize,
        /// How many frames are outside.
        outside: usize,
        /// How many there are.
        frames: usize,
        /// The lowest value of the unit.
        low: f64,
        /// The highest.
        high: f64,
        /// The unit that it may be.
        other: &'static str,
    },
}
