//! The newest joint angles of a simulated robot and what lies around it, for cameras.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nalgebra::Isometry3;
use ulna_core::joints::Joints;

use crate::contact::MAX_BODIES;
use crate::scenes::things::Layout;
use crate::visual::Object;

/// Where everything is after the latest step of the mechanics. A clone is the same slot.
///
/// A camera copies from here, so that it neither waits for a step of the mechanics nor delays one.
#[derive(Debug, Clone)]
pub struct PoseSlot(Arc<Mutex<WorldView>>);

/// Where everything is.
#[derive(Debug, Clone)]
pub struct WorldView {
    /// The joint angles, rad.
    pub angles: Joints<f64>,
    /// What lies around the robot, and where it lay to begin with.
    pub layout: Arc<Layout>,
    bodies: [Isometry3<f64>; MAX_BODIES],
    count: usize,
}

impl WorldView {
    /// Where the things of the layout are now, base frame.
    pub fn poses(&self) -> &[Isometry3<f64>] {
        &self.bodies[..self.count]
    }

    /// The things as they are to be drawn, with what is painted on the table.
    pub fn objects(&self) -> impl Iterator<Item = Object> {
        let things = self.layout.things.iter().zip(self.poses()).enumerate();
        let look = self.layout.look.as_deref();
        let things = things.map(move |(number, (thing, pose))| {
            let look = look.and_then(|look| look.things.get(number));
            let (colour, pattern) = match look {
                Some(look) => look.coat(thing.colour),
                None => (thing.colour, None),
            };
            Object {
                shape: thing.matter.shape,
                pose: *pose,
                colour,
                pattern,
            }
        });
        self.layout.painted.iter().copied().chain(things)
    }
}

impl PoseSlot {
    /// A slot that holds these angles, with nothing around.
    pub fn new(angles: Joints<f64>) -> Self {
        Self(Arc::new(Mutex::new(WorldView {
            angles,
            layout: Arc::default(),
            bodies: [Isometry3::identity(); MAX_BODIES],
            count: 0,
        })))
    }

    /// Replaces the angles and the places of the things.
    pub fn publish(&self, angles: &Joints<f64>, poses: &[Isometry3<f64>]) {
        let mut seen = self.lock();
        seen.angles = *angles;
        let count = poses.len().min(MAX_BODIES);
        seen.bodies[..count].copy_from_slice(&poses[..count]);
        seen.count = count;
    }

    /// Says what lies around the robot from now on.
    pub fn lay_out(&self, layout: Arc<Layout>) {
        self.lock().layout = layout;
    }

    /// A copy of the angles.
    pub fn read(&self) -> Joints<f64> {
        self.lock().angles
    }

    /// A copy of everything.
    pub fn look(&self) -> WorldView {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, WorldView> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
