//! All kinds of ports by name. A new kind is a line in [`open_port`].

use crate::bridge::{self, BridgeAddress};
use crate::port::{Port, PortError, SerialPort};

/// The device behind the port `name`.
///
/// # Errors
/// [`PortError`], if it is no name of a port.
pub fn device_of(name: &str) -> Result<String, PortError> {
    match name.strip_prefix(bridge::PREFIX) {
        Some(_) => Ok(name.parse::<BridgeAddress>()?.device),
        None => Ok(name.to_owned()),
    }
}

/// Opens the port `name` for servos at `baud` bits per second: `bridge:/dev/ttyACM1` is a bridge board, anything else a serial port.
///
/// # Errors
/// [`PortError`], with what to do about it.
pub fn open_port(name: &str, baud: u32) -> Result<Box<dyn Port>, PortError> {
    tracing::debug!(port = name, baud, "opening a port");
    match name.strip_prefix(bridge::PREFIX) {
        Some(_) => Ok(Box::new(bridge::open(name, baud)?)),
        None => Ok(Box::new(SerialPort::open(name, baud)?)),
    }
}
