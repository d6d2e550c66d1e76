//! An arm that is compared or identified.

use super::arms::FoundArm;
use super::known::RangeFrom;
use crate::supply::compare::RecordedArm;
use crate::supply::compare::class::Candidate;

/// An arm of the dataset and what is known of it.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) found: FoundArm,
    pub(super) arm: RecordedArm,
    pub(super) units_from: String,
    pub(super) ranges_from: Vec<RangeFrom>,
    /// The motors that were tried, nearest first.
    pub(super) candidates: Vec<Candidate>,
    /// Whether the robot file names the motor.
    pub(super) class_given: bool,
}
