//! The way in: states from the control thread, pictures from cameras.

use ulna_core::{Camera, CameraFault, Frame, Stamp, State};
use ulna_rt::latest::{self, Publisher, Watcher};

use crate::bundle::MAX_ENVIRONMENT;

/// Where the newest picture of a camera can be seen; `None` before the first.
pub type FrameWatcher = Watcher<Option<Frame>>;

/// What the control thread tells, at once: a state and the surroundings that belong to it.
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
pub struct ObservationTap {
    sample: Sample,
    publisher: Publisher<Sample>,
}

pub(super) fn tap(environment_state: usize) -> (ObservationTap, Watcher<Sample>) {
    let sample = Sample {
        state: State::default(),
        environment: [0.0; MAX_ENVIRONMENT],
        len: environment_state.min(MAX_ENVIRONMENT),
    };
    let (publisher, watcher) = latest::slot(&sample);
    (ObservationTap { sample, publisher }, watcher)
}

impl ObservationTap {
    /// Tells the newest state, in the robot file's units.
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

/// A camera that shows its pictures to a policy as well: whoever polls it, a recorder for example, notices nothing.
#[derive(Debug)]
pub struct CameraTap {
    camera: Box<dyn Camera>,
    publisher: Publisher<Option<Frame>>,
}

impl CameraTap {
    /// Puts a tap on `camera`.
    pub fn new(camera: Box<dyn Camera>) -> (Self, FrameWatcher) {
        let (publisher, watcher) = latest::slot(&None);
        (Self { camera, publisher }, watcher)
    }
}

impl Camera for CameraTap {
    fn name(&self) -> &str {
        self.camera.name()
    }

    fn size(&self) -> (u32, u32) {
        self.camera.size()
    }

    fn fps(&self) -> f64 {
        self.camera.fps()
    }

    fn poll(&mut self, now: Stamp) -> Result<Option<Frame>, CameraFault> {
        let frame = self.camera.poll(now)?;
        if frame.is_some() {
            self.publisher.publish(frame.clone());
        }
        Ok(frame)
    }

    fn next_due(&self, now: Stamp) -> Stamp {
        self.camera.next_due(now)
    }
}
