//! The way in: states from the control thread, pictures from cameras.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ulna_core::{CameraFault, Frame, FrameSink, Stamp, State};
use ulna_rt::latest::{self, Publisher, Watcher};

use crate::contract::MAX_ENVIRONMENT;

/// Where the newest picture of a camera can be seen.
#[derive(Debug)]
pub struct FrameWatcher {
    camera: String,
    newest: Watcher<Option<Frame>>,
    fault: Arc<OnceLock<String>>,
}

impl FrameWatcher {
    /// The newest picture, if it is no older than this.
    pub(super) fn recent(&mut self, now: Stamp, max_age: Duration) -> Option<&Frame> {
        let newest = self.newest.newest().as_ref();
        newest.filter(|frame| frame.stamp.age(now) <= max_age)
    }

    /// Why there is none, in words.
    pub(super) fn why(&mut self, now: Stamp) -> String {
        let camera = &self.camera;
        match (self.fault.get(), self.newest.newest()) {
            (Some(fault), _) => format!("camera `{camera}` is gone: {fault}"),
            (None, Some(frame)) => {
                let age = frame.stamp.age(now).as_secs_f64();
                format!("camera `{camera}` showed nothing new for {age:.1} s")
            }
            (None, None) => format!("camera `{camera}` gave no picture yet"),
        }
    }
}

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

/// The newest picture of the camera of this name: the end that takes pictures on the camera's thread, and the policy's.
pub fn frame_slot(camera: &str) -> (FrameSlot, FrameWatcher) {
    let (publisher, newest) = latest::slot(&None);
    let fault = Arc::<OnceLock<String>>::default();
    let slot = FrameSlot {
        publisher,
        fault: Arc::clone(&fault),
    };
    let camera = camera.to_owned();
    let watcher = FrameWatcher {
        camera,
        newest,
        fault,
    };
    (slot, watcher)
}

/// The camera's end of a [`frame_slot`].
#[derive(Debug)]
pub struct FrameSlot {
    publisher: Publisher<Option<Frame>>,
    fault: Arc<OnceLock<String>>,
}

impl FrameSink for FrameSlot {
    fn take(&mut self, frame: &Frame) -> bool {
        self.publisher.publish(Some(frame.clone()));
        true
    }

    fn end(&mut self, fault: &CameraFault) {
        // That it ended, the policy notices by the picture's age.
        let _ = self.fault.set(fault.reason.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_that_shows_nothing_new_is_named_with_its_reason() {
        let (mut slot, mut watcher) = frame_slot("front");
        let at = |millis| Stamp::new(Duration::from_millis(millis));
        let half = Duration::from_millis(500);
        assert_eq!(watcher.recent(at(0), half), None);
        assert_eq!(watcher.why(at(0)), "camera `front` gave no picture yet");
        let frame = Frame {
            stamp: at(1000),
            sequence: 0,
            width: 1,
            height: 1,
            pixels: vec![0; 3].into(),
        };
        slot.take(&frame);
        assert_eq!(watcher.recent(at(1400), half), Some(&frame));
        assert_eq!(watcher.recent(at(4000), half), None);
        assert_eq!(
            watcher.why(at(4000)),
            "camera `front` showed nothing new for 3.0 s"
        );
        slot.end(&CameraFault {
            camera: "front".to_owned(),
            reason: "its cable was pulled".to_owned(),
        });
        assert_eq!(
            watcher.why(at(4000)),
            "camera `front` is gone: its cable was pulled"
        );
    }
}
