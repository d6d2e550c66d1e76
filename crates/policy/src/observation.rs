//! What a policy sees at one moment.

use ulna_core::{Frame, Joints, Stamp};

/// What a policy sees at one moment, in robot units.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observation {
    /// The moment: the chunk that a network makes of it starts here.
    pub stamp: Stamp,
    /// Joint positions, in the robot file's units and order.
    pub state: Joints<f64>,
    /// `observation.environment_state`; empty if the policy has no such input.
    pub environment_state: Vec<f32>,
    /// One picture for each camera, in the order of [`Contract::cameras`](crate::Contract::cameras).
    pub images: Vec<Frame>,
}
