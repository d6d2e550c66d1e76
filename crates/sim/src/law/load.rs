//! What the output shaft of a servo works against.

/// What the output shaft has to move and what pushes it, in the servo's own sense of rotation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Inertia about the shaft, kg·m².
    pub inertia: f64,
    /// Torque on the shaft from outside, N·m.
    pub torque: f64,
    /// Where mechanical stops stand, rad.
    pub stops: (f64, f64),
}

impl Default for Load {
    /// Nothing but a horn.
    fn default() -> Self {
        Self {
            inertia: 1e-5,
            torque: 0.0,
            stops: (f64::NEG_INFINITY, f64::INFINITY),
        }
    }
}

/// Stiffness and damping of a mechanical stop: printed parts give about a degree under a servo's full torque.
pub(super) const STOP_STIFFNESS: f64 = 250.0;
pub(super) const STOP_DAMPING: f64 = 2.0;

/// Torque of a spring-damper that is pressed in by `depth` (0 if it does not touch), and the damping by which an implicit step sees it.
pub(super) fn contact(depth: f64, stiffness: f64, damping: f64, dt: f64) -> (f64, f64) {
    if depth == 0.0 {
        (0.0, 0.0)
    } else {
        (stiffness * depth, damping + stiffness * dt)
    }
}
