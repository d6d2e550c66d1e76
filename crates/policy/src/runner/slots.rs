//! The way in: states from the control thread, pictures from cameras.

use ulna_core::{CameraFault, Frame, FrameSink, State};
use ulna_rt::latest::{self, Publisher, Watcher};

use crate::contract::MAX_ENVIRONMENT;

/// Where the newest picture of a camera can be seen; `None` before the first.
pub type FrameWatcher = Watcher<Option<Frame>>;

/// What the control thread publishes at once: a state and the surroundings that belong to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) state: State,
    environment: [f32; MAX_ENVIRONMENT],
    len: usize,
}

impl Sample {
    pub(super) fn environment_state(&self) -> &[f32] {
        &self.environment[..self.len]
    }
}

/// The control thread's end: wait-free, and without a heap.
#[derive(Debug)]
pub struct ObservationSlot {
    sample: Sample,
    publisher: Publisher<Sample>,
}

pub(super) fn observation_slot(environment_state: usize) -> (ObservationSlot, Watcher<Sample>) {
    let sample = Sample {
        state: State::default(),
        environment: [0.0; MAX_ENVIRONMENT],
        len: environment_state.min(MAX_ENVIRONMENT),
    };
    let (publisher, watcher) = latest::slot(&sample);
    (ObservationSlot { sample, publisher }, watcher)
}

impl ObservationSlot {
    /// Publishes the newest state, in the robot file's units.
    pub fn push(&mut self, state: &State) {
        self.sample.state = *state;
        self.publisher.publish(self.sample);
    }

    /// What `observation.environment_state` is from the next [`push`](Self::push) on; numbers that the policy doesn't ask for are
    /// left out, and missing ones stay as they were.
    pub fn set_environment_state(&mut self, values: &[f32]) {
        let len = self.sample.len;
        for (to, from) in self.sample.environment[..len].iter_mut().zip(values) {
            *to = *from;
        }
    }
}

/// The newest picture of a camera: the end that takes pictures on the camera's thread, and the policy's.
pub fn frame_slot() -> (FrameSlot, FrameWatcher) {
    let (publisher, watcher) = latest::slot(&None);
    (FrameSlot(publisher), watcher)
}

/// The camera's end of a [`frame_slot`].
#[derive(Debug)]
pub struct FrameSlot(Publisher<Option<Frame>>);

impl FrameSink for FrameSlot {
    fn take(&mut self, frame: &Frame) -> bool {
        self.0.publish(Some(frame.clone()));
        true
    }

    fn end(&mut self, _fault: &CameraFault) {
        // The policy notices by the picture's age.
    }
}
