//! What a person sees who stands next to the arm, and what they have agreed upon: when an attempt begins, and that it is done.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::pose_slot::{PoseSlot, WorldView};

/// A person's view of one simulated world. A clone is the same view.
#[derive(Debug, Clone)]
pub struct Sight {
    pose: PoseSlot,
    agreement: Arc<Mutex<Agreement>>,
}

#[derive(Debug, Clone, Copy)]
struct Agreement {
    /// Whether an attempt is wanted, or the hand away.
    wanted: bool,
    /// Whether the expert's hand is away.
    away: bool,
    /// The newest attempt that succeeded.
    solved: Option<u64>,
}

impl Sight {
    /// A view of what this slot holds; an attempt may begin.
    pub fn new(pose: PoseSlot) -> Self {
        let agreement = Agreement {
            wanted: true,
            away: true,
            solved: None,
        };
        Self {
            pose,
            agreement: Arc::new(Mutex::new(agreement)),
        }
    }

    /// Where everything is.
    pub fn look(&self) -> WorldView {
        self.pose.look()
    }

    /// Has an expert begin, or take its hand away.
    pub fn want(&self, attempt: bool) {
        self.lock().wanted = attempt;
    }

    /// Whether an attempt is wanted.
    pub fn is_wanted(&self) -> bool {
        self.lock().wanted
    }

    /// An expert says whether its hand is away.
    pub(crate) fn set_away(&self, away: bool) {
        self.lock().away = away;
    }

    /// Whether the expert's hand is away.
    pub fn is_away(&self) -> bool {
        self.lock().away
    }

    /// The judge says that this attempt succeeded.
    pub(crate) fn solve(&self, attempt: u64) {
        self.lock().solved = Some(attempt);
    }

    /// Whether the present attempt succeeded.
    pub fn is_solved(&self) -> bool {
        self.lock().solved == Some(self.pose.look().layout.number)
    }

    fn lock(&self) -> MutexGuard<'_, Agreement> {
        self.agreement
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
