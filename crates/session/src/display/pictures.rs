//! Cameras whose pictures are shown.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use ulna_core::{Camera, CameraFault, Frame, Stamp};
use ulna_rt::{Machine, Next};

use super::Counts;

/// Where the pictures of one camera come out.
#[derive(Debug)]
pub(super) struct PictureSource {
    pub(super) camera: String,
    pub(super) receiver: Receiver<Frame>,
}

/// A camera whose pictures are shown, whoever takes them from it. The pixels are shared, so showing them costs it nothing.
#[derive(Debug)]
pub(super) struct Mirror {
    pub(super) camera: Box<dyn Camera>,
    pub(super) sender: SyncSender<Frame>,
    pub(super) counts: Arc<Counts>,
}

impl Camera for Mirror {
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
        let polled = self.camera.poll(now)?;
        if let Some(frame) = &polled {
            self.counts.pictures_offered.fetch_add(1, Ordering::Relaxed);
            // A picture that was offered and not shown is counted as dropped in the end.
            let _ = self.sender.try_send(frame.clone());
        }
        Ok(polled)
    }

    fn next_due(&self, now: Stamp) -> Stamp {
        self.camera.next_due(now)
    }
}

/// A camera that is polled for the display alone.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(super) camera: Box<dyn Camera>,
}

impl Watched {
    /// The camera's name.
    pub(crate) fn name(&self) -> &str {
        self.camera.name()
    }
}

/// A camera that has no idea when its next picture comes is asked this often.
const POLL_PERIOD: Duration = Duration::from_millis(1);

impl Machine for Watched {
    fn step(&mut self, now: Duration) -> Next {
        let stamp = Stamp::new(now);
        loop {
            match self.camera.poll(stamp) {
                // Its mirror has passed it on.
                Ok(Some(_)) => {}
                Ok(None) => break,
                // Its last picture stays, which is all that a display can do about it.
                Err(_) => return Next::Finished,
            }
        }
        let due = self.camera.next_due(stamp).since_epoch();
        Next::At(if due > now { due } else { now + POLL_PERIOD })
    }
}
