//! `core::Camera` for a real camera.

use std::time::Duration;

use ulna_core::{Camera, CameraFault, Frame, JpegFrame, Stamp};

use super::LiveCamera;
use crate::jpeg::{self, Extent};
use crate::source::Payload;

/// A picture that is due and has not come is looked for this often.
const GLANCE: Duration = Duration::from_millis(2);

impl Camera for LiveCamera {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn fps(&self) -> f64 {
        self.fps
    }

    fn poll(&mut self, _now: Stamp) -> Result<Option<Frame>, CameraFault> {
        while let Some(shot) = self.next_shot()? {
            if let Some(seen) = self.seen(&shot) {
                self.came = self.as_it_comes.then_some(shot.payload);
                return Ok(Some(seen.frame));
            }
        }
        Ok(None)
    }

    fn last_jpeg(&self) -> Option<JpegFrame> {
        let (Some(Payload::Jpeg(bytes)), Some(last)) = (&self.came, &self.last) else {
            return None;
        };
        let Extent::Whole(length) = jpeg::extent(bytes) else {
            return None;
        };
        Some(JpegFrame {
            stamp: last.frame.stamp,
            sequence: last.frame.sequence,
            jpeg: bytes[..length].into(),
        })
    }

    fn poll_jpeg(&mut self, _now: Stamp) -> Option<Result<Option<JpegFrame>, CameraFault>> {
        self.as_it_comes.then(|| {
            while let Some(shot) = self.next_shot()? {
                if let Some(frame) = self.undecoded(&shot) {
                    return Ok(Some(frame));
                }
            }
            Ok(None)
        })
    }

    fn next_due(&self, now: Stamp) -> Stamp {
        let due = self.stamper.at(self.due);
        due.max(now + GLANCE)
    }
}
