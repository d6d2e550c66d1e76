//! How much room a disk has.

use std::path::Path;

/// Bytes that are free for this program on the disk of `path`; `None` where the system doesn't tell.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub fn free_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Bytes that are free for this program on the disk of `path`; `None` where the system doesn't tell.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub fn free_bytes(_: &Path) -> Option<u64> {
    None
}
