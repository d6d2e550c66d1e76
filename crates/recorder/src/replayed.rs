//! A camera that shows what somebody has seen before.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ulna_core::{Camera, CameraFault, Frame, Stamp};

/// A camera that gives pictures from a list, one after another.
#[derive(Debug)]
pub struct ReplayedCamera {
    name: String,
    size: (u32, u32),
    fps: f64,
    latency: Duration,
    frames: VecDeque<Frame>,
}

impl ReplayedCamera {
    /// The given pictures (RGB, rows from the top, all of this size), `fps` a second from `start` on; each arrives `latency`
    /// after its stamp. Pictures of another size are left out.
    pub fn new(
        name: &str,
        size: (u32, u32),
        fps: f64,
        start: Stamp,
        latency: Duration,
        pictures: impl IntoIterator<Item = Arc<[u8]>>,
    ) -> Self {
        let (width, height) = size;
        let bytes = width as usize * height as usize * 3;
        let pictures = pictures.into_iter().enumerate();
        let frames = pictures.filter(|(_, pixels)| pixels.len() == bytes);
        let frames = frames.map(|(number, pixels)| {
            let since = Duration::try_from_secs_f64(number as f64 / fps).unwrap_or(Duration::MAX);
            Frame {
                stamp: start + since,
                sequence: number as u64,
                width,
                height,
                pixels,
            }
        });
        Self {
            name: name.to_owned(),
            size,
            fps,
            latency,
            frames: frames.collect(),
        }
    }
}

impl Camera for ReplayedCamera {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn fps(&self) -> f64 {
        self.fps
    }

    fn poll(&mut self, now: Stamp) -> Result<Option<Frame>, CameraFault> {
        match self.frames.front() {
            None => Err(CameraFault {
                camera: self.name.clone(),
                reason: "the recording that it replays is over".to_owned(),
            }),
            Some(frame) if frame.stamp + self.latency <= now => Ok(self.frames.pop_front()),
            Some(_) => Ok(None),
        }
    }

    fn next_due(&self, now: Stamp) -> Stamp {
        self.frames
            .front()
            .map_or(now, |frame| frame.stamp + self.latency)
    }
}
