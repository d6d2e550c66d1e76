//! The part of a simulated robot's mechanics that the servos of one bus move.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ulna_core::Joints;
use ulna_sim::plant::{Drive, Plant, Sense};

use super::SharedArm;

/// Some of a robot's joints as a plant. The others go on under the drives that their own bus gave them last, so two buses can
/// move one robot.
#[derive(Debug, Clone)]
pub struct Limb {
    arm: SharedArm,
    drives: Arc<Mutex<Joints<Drive>>>,
    joints: Range<usize>,
}

impl Limb {
    /// One limb for each of these ranges, which follow one another.
    pub(super) fn all(arm: &SharedArm, counts: &[usize]) -> Vec<Self> {
        let dof = counts.iter().sum();
        let drives = Arc::new(Mutex::new(Joints::filled(dof, Drive::default())));
        let mut first = 0;
        let limb = |&count: &usize| {
            let joints = first..first + count;
            first += count;
            Self {
                arm: Arc::clone(arm),
                drives: Arc::clone(&drives),
                joints,
            }
        };
        counts.iter().map(limb).collect()
    }
}

impl Plant for Limb {
    fn servos(&self) -> usize {
        self.joints.len()
    }

    fn advance(&mut self, to: Duration, drives: &[Drive]) {
        let mut all = self.drives.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, drive) in all[self.joints.clone()].iter_mut().zip(drives) {
            *place = *drive;
        }
        let mut arm = self.arm.lock().unwrap_or_else(PoisonError::into_inner);
        arm.advance(to, &all);
    }

    fn sense(&self, index: usize) -> Sense {
        let arm = self.arm.lock().unwrap_or_else(PoisonError::into_inner);
        arm.sense(self.joints.start + index)
    }
}
