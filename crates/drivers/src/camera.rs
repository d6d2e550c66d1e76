//! The one way from a camera to everything that uses its pictures.

use std::time::Duration;

use ulna_core::{Camera, FrameSink, Stamp};
use ulna_rt::{Machine, Next};

/// Polls one camera and hands each picture to every sink: a machine that has a thread of its own in real time. It is finished once
/// the camera has failed or no sink takes pictures any more.
#[derive(Debug)]
pub struct CameraPump {
    camera: Box<dyn Camera>,
    sinks: Vec<Box<dyn FrameSink>>,
}

/// A camera that does not know when its next picture comes is polled this often.
const POLL_PERIOD: Duration = Duration::from_millis(1);

impl CameraPump {
    /// A pump from this camera to these sinks.
    pub fn new(camera: Box<dyn Camera>, sinks: Vec<Box<dyn FrameSink>>) -> Self {
        Self { camera, sinks }
    }

    /// The camera's name.
    pub fn name(&self) -> &str {
        self.camera.name()
    }

    /// Width and height of its pictures, pixels.
    pub fn size(&self) -> (u32, u32) {
        self.camera.size()
    }
}

impl Machine for CameraPump {
    fn step(&mut self, now: Duration) -> Next {
        let stamp = Stamp::new(now);
        // A picture is decoded if one of its uses wants pixels, and never encoded again for those that want JPEG.
        let size = self.camera.size();
        let as_jpeg = self.sinks.iter().all(|sink| sink.wants_jpeg(size));
        let some_as_jpeg = self.sinks.iter().any(|sink| sink.wants_jpeg(size));
        loop {
            let jpeg = as_jpeg.then(|| self.camera.poll_jpeg(stamp)).flatten();
            let taken = match jpeg {
                Some(taken) => taken.map(|frame| {
                    frame.map(|frame| self.sinks.retain_mut(|sink| sink.take_jpeg(&frame)))
                }),
                None => self.camera.poll(stamp).map(|frame| {
                    let frame = frame?;
                    let jpeg = some_as_jpeg.then(|| self.camera.last_jpeg()).flatten();
                    self.sinks.retain_mut(|sink| match &jpeg {
                        Some(jpeg) if sink.wants_jpeg(size) => sink.take_jpeg(jpeg),
                        _ => sink.take(&frame),
                    });
                    Some(())
                }),
            };
            match taken {
                Ok(None) => break,
                Ok(Some(())) => {}
                Err(fault) => {
                    self.sinks.iter_mut().for_each(|sink| sink.end(&fault));
                    return Next::Finished;
                }
            }
            if self.sinks.is_empty() {
                return Next::Finished;
            }
        }
        let due = self.camera.next_due(stamp).since_epoch();
        Next::At(if due > now { due } else { now + POLL_PERIOD })
    }
}
