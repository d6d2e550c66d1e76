//! The newest joint angles of a simulated robot, for cameras.

use std::sync::{Arc, Mutex, PoisonError};

use ulna_core::joints::Joints;

/// The joint angles after the latest step of the mechanics, rad. A clone is the same slot.
///
/// A camera copies from here, so that it neither waits for a step of the mechanics nor delays one.
#[derive(Debug, Clone)]
pub struct PoseSlot(Arc<Mutex<Joints<f64>>>);

impl PoseSlot {
    /// A slot that holds these angles.
    pub fn new(angles: Joints<f64>) -> Self {
        Self(Arc::new(Mutex::new(angles)))
    }

    /// Replaces the angles.
    pub fn publish(&self, angles: &Joints<f64>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = *angles;
    }

    /// A copy of the angles.
    pub fn read(&self) -> Joints<f64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
