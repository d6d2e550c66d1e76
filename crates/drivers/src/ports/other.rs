//! Serial ports where the `serialport` crate lists them: macOS.

use std::path::PathBuf;

use serialport::SerialPortType;

use super::adapters::looks_like;
use super::info::{PortInfo, UsbInfo};

pub(super) fn list() -> Vec<PortInfo> {
    let ports = serialport::available_ports().unwrap_or_default();
    let mut ports: Vec<PortInfo> = ports
        .into_iter()
        // Each macOS port has a second name, `tty.*`, that waits for a carrier which servo adapters do not have.
        .filter(|port| !port.port_name.starts_with("/dev/tty."))
        .map(|port| {
            let usb = match port.port_type {
                SerialPortType::UsbPort(usb) => Some(UsbInfo {
                    vid: usb.vid,
                    pid: usb.pid,
                    manufacturer: usb.manufacturer,
                    product: usb.product,
                    serial: usb.serial_number,
                    socket: None,
                }),
                _ => None,
            };
            PortInfo {
                path: PathBuf::from(port.port_name),
                looks_like: usb.as_ref().and_then(|usb| looks_like(usb.vid, usb.pid)),
                usb,
                stable: None,
                latency_ms: None,
            }
        })
        .collect();
    ports.sort_by(|a, b| a.path.cmp(&b.path));
    ports
}
