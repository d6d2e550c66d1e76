//! Linux's video interface, V4L2: ten ioctls behind a trait ([`device`]), the kernel's own ([`kernel`]) and a scripted one in tests.

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod abi;
pub(crate) mod choose;
pub(crate) mod controls;
pub(crate) mod device;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod kernel;
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
#[path = "v4l2/elsewhere.rs"]
mod kernel;
#[cfg(test)]
pub(crate) mod scripted;
pub(crate) mod stream;

pub(crate) use kernel::open;
