//! Cameras: pictures with the moment at which their light fell.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::stamp::Stamp;

/// One picture. Cloning shares the pixels.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// When the light fell, not when the picture arrived.
    pub stamp: Stamp,
    /// The camera's own count of pictures. It skips the pictures that were lost and stands still when a frozen driver
    /// hands out the same buffer again.
    pub sequence: u64,
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
    /// Rows from the top, each of `width` pixels, each of red, green and blue: height x width x 3 bytes.
    pub pixels: Arc<[u8]>,
}

impl Frame {
    /// How long ago the light fell.
    pub fn age(&self, now: Stamp) -> Duration {
        self.stamp.age(now)
    }
}

/// Without the pixels, which would fill a message.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("stamp", &self.stamp)
            .field("sequence", &self.sequence)
            .field("width", &self.width)
            .field("height", &self.height)
            .finish_non_exhaustive()
    }
}

/// One picture as JPEG, as its camera gave it. Cloning shares the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct JpegFrame {
    /// As of [`Frame`].
    pub stamp: Stamp,
    /// As of [`Frame`].
    pub sequence: u64,
    /// A whole JPEG.
    pub jpeg: Arc<[u8]>,
}

/// Without the bytes, which would fill a message.
impl fmt::Debug for JpegFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JpegFrame")
            .field("stamp", &self.stamp)
            .field("sequence", &self.sequence)
            .field("bytes", &self.jpeg.len())
            .finish()
    }
}

/// The camera gives no more pictures, ever: unplugged, closed, or its recording is at an end.
///
/// A camera that merely gives none for a while, or old ones, reports nothing: the consumers judge the age of its pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraFault {
    /// The camera's name.
    pub camera: String,
    /// What happened, in words.
    pub reason: String,
}

impl fmt::Display for CameraFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "camera `{}` gives no more pictures: {}",
            self.camera, self.reason
        )
    }
}

impl core::error::Error for CameraFault {}

/// A source of pictures, real, simulated or replayed. Poll-style like everything that is recorded: it neither sleeps nor
/// reads a clock, and `poll` never blocks.
pub trait Camera: fmt::Debug + Send {
    /// What the dataset calls it, e.g. `front`.
    fn name(&self) -> &str;

    /// Width and height of its pictures, pixels; they never change.
    fn size(&self) -> (u32, u32);

    /// Pictures per second, nominally.
    fn fps(&self) -> f64;

    /// The next picture that has arrived by `now`, in the order of capture. A picture arrives some time after its light fell
    /// (read-out, transfer, decoding): it carries the earlier moment as its stamp.
    ///
    /// # Errors
    /// [`CameraFault`] once there will be no more pictures.
    fn poll(&mut self, now: Stamp) -> Result<Option<Frame>, CameraFault>;

    /// As [`poll`](Self::poll), with pictures as JPEG; `None` if this camera has none that are JPEG as they come.
    ///
    /// # Errors
    /// As of [`poll`](Self::poll).
    fn poll_jpeg(&mut self, _now: Stamp) -> Option<Result<Option<JpegFrame>, CameraFault>> {
        None
    }

    /// The picture that [`poll`](Self::poll) gave last as the JPEG that it came as, so that those who only look need not encode it again; `None` if it
    /// came otherwise.
    fn last_jpeg(&self) -> Option<JpegFrame> {
        None
    }

    /// When `poll` next has something to do. Calling it earlier is harmless; calling it later makes pictures late, and a
    /// simulated camera take them late.
    fn next_due(&self, now: Stamp) -> Stamp;
}

impl Camera for alloc::boxed::Box<dyn Camera> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn size(&self) -> (u32, u32) {
        (**self).size()
    }

    fn fps(&self) -> f64 {
        (**self).fps()
    }

    fn poll(&mut self, now: Stamp) -> Result<Option<Frame>, CameraFault> {
        (**self).poll(now)
    }

    fn poll_jpeg(&mut self, now: Stamp) -> Option<Result<Option<JpegFrame>, CameraFault>> {
        (**self).poll_jpeg(now)
    }

    fn last_jpeg(&self) -> Option<JpegFrame> {
        (**self).last_jpeg()
    }

    fn next_due(&self, now: Stamp) -> Stamp {
        (**self).next_due(now)
    }
}

/// Takes the pictures of one camera, on the camera's thread: a queue, a latest-value slot, an encoder. It must not block.
pub trait FrameSink: fmt::Debug + Send {
    /// The next picture, in the order of capture.
    ///
    /// Returns false once nothing reads this sink any more.
    fn take(&mut self, frame: &Frame) -> bool;

    /// Whether it wants pictures of this size (width and height, pixels) as JPEG, if the camera has them so: then nothing is decoded for it.
    fn wants_jpeg(&self, _size: (u32, u32)) -> bool {
        false
    }

    /// The next picture as JPEG; never called unless it wants that. Returns as [`take`](Self::take) does.
    fn take_jpeg(&mut self, _frame: &JpegFrame) -> bool {
        true
    }

    /// The camera gives no more pictures.
    fn end(&mut self, fault: &CameraFault);
}
