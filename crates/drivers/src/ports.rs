//! Which serial ports there are, and what is plugged in where.
//!
//! `/dev/ttyACM0` is whatever was plugged in first. An adapter's own serial number is the same tomorrow, so ports are identified by
//! that, and by the socket they are plugged into when the adapter has none.
//!
//! `serialport` lists ports as well, but without libudev only with what the kernel says of an adapter: neither the names that stay the same, nor the latency
//! timer, nor who may open it; and it panics where there is no sysfs (4.10), as in some containers.

mod access;
mod adapters;
mod info;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

pub use access::{PortAccess, access, holders};
pub use info::{PortInfo, UsbInfo};
#[cfg(target_os = "linux")]
pub use linux::list_in;

/// The serial ports of this computer, by path.
pub fn list() -> Vec<PortInfo> {
    #[cfg(target_os = "linux")]
    return list_in(std::path::Path::new("/"));
    #[cfg(not(target_os = "linux"))]
    return other::list();
}

/// The ports of `before` that are gone in `after`.
pub fn gone<'a>(before: &'a [PortInfo], after: &[PortInfo]) -> Vec<&'a PortInfo> {
    before
        .iter()
        .filter(|port| !after.iter().any(|there| there.same_adapter(port)))
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
