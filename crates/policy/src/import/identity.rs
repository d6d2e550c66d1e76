//! What a checkpoint does not say.

use ulna_core::Unit;

/// What a checkpoint does not say: for which robot it is, and at what rate it steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// What people call the policy.
    pub name: String,
    /// LeRobot's names of robot classes.
    pub robot_types: Vec<String>,
    /// LeRobot's motor names, as many as actions have numbers.
    pub joints: Vec<String>,
    /// Unit of all joints but grippers.
    pub unit: Unit,
    /// Steps per second.
    pub fps: f64,
}
