//! A serial port and what is known about it.

use std::path::PathBuf;

use serde::Serialize;

/// A serial port and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortInfo {
    /// The device, `/dev/ttyACM0`.
    pub path: PathBuf,
    /// The USB device behind it; `None` for a UART of the board.
    pub usb: Option<UsbInfo>,
    /// A name that stays the same: a link that the system makes by the adapter's serial number, or else by its socket.
    pub stable: Option<PathBuf>,
    /// What it is probably good for.
    pub looks_like: Option<&'static str>,
    /// The FTDI driver's latency timer, ms: how long it collects bytes before it hands them on.
    pub latency_ms: Option<u32>,
}

/// The USB device behind a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsbInfo {
    /// Vendor.
    pub vid: u16,
    /// Product.
    pub pid: u16,
    /// The maker's name.
    pub manufacturer: Option<String>,
    /// The product's name.
    pub product: Option<String>,
    /// Its own serial number.
    pub serial: Option<String>,
    /// The socket, as `2-1.4`.
    pub socket: Option<String>,
}

impl PortInfo {
    /// The path to give to other commands: the one that stays the same, if there is one.
    pub fn name(&self) -> &std::path::Path {
        self.stable.as_deref().unwrap_or(&self.path)
    }

    /// Whether it is one of the two ports of ulna's own bridge board.
    pub fn is_bridge(&self) -> bool {
        let usb = self.usb.as_ref();
        usb.is_some_and(|usb| super::adapters::is_bridge(usb.vid, usb.pid))
    }

    /// What it is in a few words.
    pub fn description(&self) -> String {
        let Some(usb) = &self.usb else {
            return "serial port of the board".to_owned();
        };
        let name = match (&usb.manufacturer, &usb.product) {
            (Some(maker), Some(product)) if !product.contains(maker.as_str()) => {
                format!("{maker} {product}")
            }
            (_, Some(product)) => product.clone(),
            (Some(maker), None) => maker.clone(),
            (None, None) => "USB device".to_owned(),
        };
        let serial = usb
            .serial
            .as_ref()
            .map_or_else(String::new, |serial| format!(", serial number {serial}"));
        format!("{name} [{:04x}:{:04x}]{serial}", usb.vid, usb.pid)
    }

    /// The same adapter, wherever it is plugged in and whatever the system calls it now.
    pub fn same_adapter(&self, other: &Self) -> bool {
        self.path == other.path && self.usb == other.usb
    }
}
