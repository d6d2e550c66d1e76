//! Where something is on a robot.

use serde::{Deserialize, Serialize};

/// A frame in its parent's frame.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameSpec {
    /// Origin, m.
    pub xyz: [f64; 3],
    /// Roll, pitch, yaw about the fixed axes, rad; not turned if absent.
    #[serde(default)]
    pub rpy: [f64; 3],
}
