//! The mechanics of a simulated robot, shared by its buses, its cameras and what places it.

use core::ops::Range;
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use ulna_core::joints::Joints;

use crate::contact::Matter;
use crate::plant::{Drive, Physics, Plant, Sense};
use crate::pose_slot::PoseSlot;
use crate::scenes::things::Layout;

/// A robot's mechanics. A clone is the same robot.
#[derive(Debug, Clone)]
pub(crate) struct SharedPhysics {
    state: Arc<Mutex<State>>,
    pose: PoseSlot,
}

#[derive(Debug)]
struct State {
    physics: Box<dyn Physics>,
    /// What each bus has asked of its servos last.
    drives: Joints<Drive>,
}

impl SharedPhysics {
    pub(crate) fn new(physics: Box<dyn Physics>) -> Self {
        let pose = PoseSlot::new(*physics.joint_angles());
        let drives = Joints::filled(physics.servos(), Drive::default());
        Self {
            state: Arc::new(Mutex::new(State { physics, drives })),
            pose,
        }
    }

    /// One slice for each of these numbers of joints, which follow one another.
    pub(crate) fn slices(&self, counts: impl IntoIterator<Item = usize>) -> Vec<PlantSlice> {
        let mut first = 0;
        let slice = |count| {
            let joints = first..first + count;
            first += count;
            PlantSlice {
                shared: self.clone(),
                joints,
            }
        };
        counts.into_iter().map(slice).collect()
    }

    /// Where the joints are after each step.
    pub(crate) fn pose(&self) -> PoseSlot {
        self.pose.clone()
    }

    /// Puts the things of a layout where they begin.
    pub(crate) fn lay_out(&self, layout: Layout) {
        let matter: Vec<Matter> = layout.things.iter().map(|thing| thing.matter).collect();
        let poses: Vec<_> = layout.things.iter().map(|thing| thing.pose).collect();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.physics.lay_out(&matter, &poses);
        self.pose.lay_out(Arc::new(layout));
        self.pose
            .publish(state.physics.joint_angles(), state.physics.bodies());
    }

    /// Puts the joints at rest at these angles, rad; NaN leaves a joint where it is.
    pub(crate) fn place(&self, angles: &Joints<f64>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.physics.place(angles);
        self.pose
            .publish(state.physics.joint_angles(), state.physics.bodies());
    }
}

/// The joints of one bus as a plant. The others go on under the drives that their own bus gave them last, so several buses
/// can move one robot.
#[derive(Debug, Clone)]
pub struct PlantSlice {
    shared: SharedPhysics,
    joints: Range<usize>,
}

impl Plant for PlantSlice {
    fn servos(&self) -> usize {
        self.joints.len()
    }

    fn advance(&mut self, to: Duration, drives: &[Drive]) {
        let shared = &self.shared;
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State {
            physics,
            drives: all,
        } = &mut *state;
        for (place, drive) in all[self.joints.clone()].iter_mut().zip(drives) {
            *place = *drive;
        }
        physics.advance(to, all);
        shared
            .pose
            .publish(physics.joint_angles(), physics.bodies());
    }

    fn sense(&self, index: usize) -> Sense {
        let state = self.shared.state.lock();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        state.physics.sense(self.joints.start + index)
    }
}
