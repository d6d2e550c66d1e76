//! Pictures on their way to a display.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};

use ulna_core::{CameraFault, Frame, FrameSink};

use super::counts::Counts;

/// Where the pictures of one camera come out.
#[derive(Debug)]
pub(super) struct PictureSource {
    pub(super) camera: String,
    pub(super) receiver: Receiver<Frame>,
}

/// A camera's end: what finds no room is dropped, and counted in the end. The pixels are shared, so showing them costs no copy.
#[derive(Debug)]
pub(super) struct DisplaySink {
    sender: SyncSender<Frame>,
    counts: Arc<Counts>,
}

impl DisplaySink {
    pub(super) fn new(sender: SyncSender<Frame>, counts: Arc<Counts>) -> Self {
        Self { sender, counts }
    }
}

impl FrameSink for DisplaySink {
    fn take(&mut self, frame: &Frame) -> bool {
        self.counts.pictures_offered.fetch_add(1, Ordering::Relaxed);
        let sent = self.sender.try_send(frame.clone());
        !matches!(sent, Err(TrySendError::Disconnected(_)))
    }

    fn end(&mut self, _fault: &CameraFault) {
        // Its last picture stays, which is all that a display can do about it.
    }
}
