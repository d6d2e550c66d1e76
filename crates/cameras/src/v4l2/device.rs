//! What is asked of a video device, in the order in which it is asked.

use std::fmt;
use std::time::{Duration, Instant};

use rustix::io::Errno;

/// Who a device is (`VIDIOC_QUERYCAP`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Capability {
    /// Such as `uvcvideo`.
    pub(crate) driver: String,
    /// The camera's name.
    pub(crate) card: String,
    /// Where it hangs, such as `usb-0000:00:14.0-2`.
    pub(crate) bus_info: String,
    /// Whether pictures can be streamed from this node. A USB camera has a second node that gives metadata alone.
    pub(crate) captures: bool,
}

/// Sizes of a format (`VIDIOC_ENUM_FRAMESIZES`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sizes {
    /// This one.
    One(u32, u32),
    /// All from the first to the last, in steps.
    Range { least: (u32, u32), most: (u32, u32) },
}

/// What was set, as the driver answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Format {
    pub(crate) fourcc: [u8; 4],
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Bytes from line to line of an uncompressed picture.
    pub(crate) stride: u32,
}

/// A control (`VIDIOC_QUERYCTRL`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Control {
    pub(crate) id: u32,
    /// As the driver calls it, such as `White Balance, Automatic`.
    pub(crate) name: String,
    pub(crate) kind: ControlKind,
    pub(crate) least: i32,
    pub(crate) most: i32,
    pub(crate) step: i32,
    pub(crate) usual: i32,
    /// Another control decides it now, for example an automatic one.
    pub(crate) inactive: bool,
    pub(crate) read_only: bool,
}

/// What values a control has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ControlKind {
    #[default]
    Integer,
    Boolean,
    Menu,
    /// Buttons, 64-bit numbers, texts.
    Other,
}

/// What `VIDIOC_DQBUF` says of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) sequence: u32,
    /// When its light fell (or its transfer began), if the driver's clock is the monotonic one.
    pub(crate) light: Option<Instant>,
    /// The driver says that it is damaged.
    pub(crate) damaged: bool,
}

/// A device. Errors are the kernel's.
pub(crate) trait VideoDevice: fmt::Debug + Send {
    fn capability(&mut self) -> Result<Capability, Errno>;

    /// The fourcc of format number `index`; `EINVAL` behind the last.
    fn format(&mut self, index: u32) -> Result<[u8; 4], Errno>;

    /// Sizes number `index` of a format; `EINVAL` behind the last.
    fn sizes(&mut self, fourcc: [u8; 4], index: u32) -> Result<Sizes, Errno>;

    /// Interval number `index` of a format and size, s; `EINVAL` behind the last.
    fn interval(&mut self, fourcc: [u8; 4], size: (u32, u32), index: u32) -> Result<f64, Errno>;

    /// Sets format and size, and gives what the driver has made of it.
    fn set_format(&mut self, wanted: Format) -> Result<Format, Errno>;

    /// Sets the rate, and gives what the driver says it is; nothing if it has no say in it.
    fn set_rate(&mut self, fps: u32) -> Result<Option<f64>, Errno>;

    /// The first control whose id is larger than `after`; `EINVAL` behind the last.
    fn control_after(&mut self, after: u32) -> Result<Control, Errno>;

    /// The name of an entry of a menu.
    fn menu_entry(&mut self, id: u32, index: u32) -> Result<String, Errno>;

    fn get_control(&mut self, id: u32) -> Result<i32, Errno>;

    fn set_control(&mut self, id: u32, value: i32) -> Result<(), Errno>;

    /// Maps buffers, queues them and starts streaming.
    fn start(&mut self) -> Result<(), Errno>;

    /// Waits for a picture; false if none came.
    fn wait(&mut self, patience: Duration) -> Result<bool, Errno>;

    /// Copies the next picture into `into` and gives its buffer back; `EAGAIN` if there is none.
    fn take(&mut self, into: &mut Vec<u8>) -> Result<Taken, Errno>;
}
