//! What passes between the caller, the ticks and the cameras of one episode.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ulna_core::{CameraFault, Frame, FrameSink, Joints, Stamp};

use super::error::SteppedError;
use super::observed::Observed;

/// What the caller asks of an episode.
#[derive(Debug)]
pub(super) enum Ask {
    Step(Joints<f64>),
    Render,
}

/// What it answers.
#[derive(Debug)]
pub(super) enum Answer {
    Observed(Box<Observed>),
    Picture(Option<Frame>),
    /// It will answer nothing more.
    Failed(SteppedError),
}

/// What the two halves of the teleoperator share; both are on the session's thread.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Where the caller wants the arm, once it has said so.
    pub(super) target: Option<Joints<f64>>,
    /// The first deadline.
    pub(super) start: Stamp,
}

pub(super) type SharedWanted = Arc<Mutex<Wanted>>;

pub(super) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The newest picture of a camera.
#[derive(Debug, Clone, Default)]
pub(super) struct Newest(Arc<Mutex<Option<Frame>>>);

impl Newest {
    pub(super) fn frame(&self) -> Option<Frame> {
        lock(&self.0).clone()
    }
}

impl FrameSink for Newest {
    fn take(&mut self, frame: &Frame) -> bool {
        *lock(&self.0) = Some(frame.clone());
        true
    }

    /// No camera of a simulation without faults ends; one that did would show its last picture.
    fn end(&mut self, _: &CameraFault) {}
}
