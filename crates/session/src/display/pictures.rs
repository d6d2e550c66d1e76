//! Pictures on their way to a display.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};

use ulna_core::{CameraFault, Frame, FrameSink, JpegFrame};

use super::counts::Counts;

/// Where the pictures of one camera come out.
#[derive(Debug)]
pub(super) struct PictureSource {
    pub(super) camera: String,
    pub(super) receiver: Receiver<Shown>,
}

/// A picture on its way.
#[derive(Debug)]
pub(super) enum Shown {
    Pixels(Frame),
    Jpeg(JpegFrame),
}

/// A camera's end: what finds no room is dropped, and counted in the end. The pixels are shared, so showing them costs no copy.
#[derive(Debug)]
pub(super) struct DisplaySink {
    sender: SyncSender<Shown>,
    counts: Arc<Counts>,
    /// Whether the display shows JPEG as it comes.
    shows_jpeg: bool,
}

impl DisplaySink {
    pub(super) fn new(sender: SyncSender<Shown>, counts: Arc<Counts>, shows_jpeg: bool) -> Self {
        Self {
            sender,
            counts,
            shows_jpeg,
        }
    }

    fn send(&self, picture: Shown) -> bool {
        self.counts.pictures_offered.fetch_add(1, Ordering::Relaxed);
        let sent = self.sender.try_send(picture);
        !matches!(sent, Err(TrySendError::Disconnected(_)))
    }
}

impl FrameSink for DisplaySink {
    fn take(&mut self, frame: &Frame) -> bool {
        self.send(Shown::Pixels(frame.clone()))
    }

    fn wants_jpeg(&self, _size: (u32, u32)) -> bool {
        self.shows_jpeg
    }

    fn take_jpeg(&mut self, frame: &JpegFrame) -> bool {
        self.send(Shown::Jpeg(frame.clone()))
    }

    fn end(&mut self, _fault: &CameraFault) {
        // Its last picture stays, which is all that a display can do about it.
    }
}
