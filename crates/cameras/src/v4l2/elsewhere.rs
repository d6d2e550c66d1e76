//! Systems without V4L2, and those whose structures differ.

use std::io::{Error, ErrorKind};
use std::path::Path;

use super::device::VideoDevice;

/// There are none.
///
/// # Errors
/// Always.
pub(crate) fn open(_path: &Path) -> std::io::Result<Box<dyn VideoDevice>> {
    let problem = "webcams are read by V4L2, which only 64-bit Linux has: pass type=ffmpeg";
    Err(Error::new(ErrorKind::Unsupported, problem))
}
