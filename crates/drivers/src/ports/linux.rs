//! Serial ports as Linux describes them under `/sys/class/tty`.

use std::fs;
use std::path::{Path, PathBuf};

use super::adapters::looks_like;
use super::info::{PortInfo, UsbInfo};

/// The serial ports of the system whose root is `root`, by path.
///
/// Terminals, consoles and the places that the kernel keeps for UARTs that are not there are left out.
pub fn list_in(root: &Path) -> Vec<PortInfo> {
    let class = root.join("sys/class/tty");
    let entries = fs::read_dir(&class).into_iter().flatten().flatten();
    let mut ports: Vec<PortInfo> = entries
        .filter_map(|entry| describe(root, &entry.path()))
        .collect();
    ports.sort_by_key(|port| natural(&port.path));
    ports
}

fn describe(root: &Path, class: &Path) -> Option<PortInfo> {
    let name = class.file_name()?;
    let device = fs::canonicalize(class.join("device")).ok()?;
    // A UART of type 0 is a place that the kernel keeps for one.
    if read(&class.join("type")).is_some_and(|kind| kind == "0") {
        return None;
    }
    let usb = usb_behind(&device);
    if usb.is_none() && !is_uart(class) {
        return None;
    }
    let path = Path::new("/dev").join(name);
    let stable = ["by-id", "by-path"]
        .into_iter()
        .find_map(|kind| link_to(root, kind, name));
    Some(PortInfo {
        looks_like: usb.as_ref().and_then(|usb| looks_like(usb.vid, usb.pid)),
        latency_ms: read(&device.join("latency_timer")).and_then(|text| text.parse().ok()),
        path,
        usb,
        stable,
    })
}

/// A UART says of which type it is.
fn is_uart(class: &Path) -> bool {
    class.join("type").exists() || class.join("iomem_base").exists()
}

/// The nearest parent that is a USB device.
fn usb_behind(device: &Path) -> Option<UsbInfo> {
    let folder = device
        .ancestors()
        .find(|folder| folder.join("idVendor").exists())?;
    let hex = |file| u16::from_str_radix(&read(&folder.join(file))?, 16).ok();
    Some(UsbInfo {
        vid: hex("idVendor")?,
        pid: hex("idProduct")?,
        manufacturer: read(&folder.join("manufacturer")),
        product: read(&folder.join("product")),
        serial: read(&folder.join("serial")),
        socket: folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned()),
    })
}

/// The link under `/dev/serial/<kind>` that leads to the device `name`.
fn link_to(root: &Path, kind: &str, name: &std::ffi::OsStr) -> Option<PathBuf> {
    let folder = root.join("dev/serial").join(kind);
    let mut links: Vec<PathBuf> = fs::read_dir(&folder)
        .ok()?
        .flatten()
        .filter(|entry| {
            fs::read_link(entry.path()).is_ok_and(|target| target.file_name() == Some(name))
        })
        .map(|entry| Path::new("/dev/serial").join(kind).join(entry.file_name()))
        .collect();
    links.sort();
    links.into_iter().next()
}

/// A line of text; `None` if there is none or it is empty.
fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// `ttyACM2` before `ttyACM10`.
fn natural(path: &Path) -> (String, u64) {
    let name = path.to_string_lossy();
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = name[stem.len()..].parse().unwrap_or(0);
    (stem.to_owned(), number)
}
