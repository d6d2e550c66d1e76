//! All kinds of ports by name. A new kind is a line in [`open_port`].

use crate::bridge;
use crate::port::{Port, PortError, SerialPort};

/// Opens the port `name` for servos at `baud` bits per second: `bridge:/dev/ttyACM1` is a bridge board, anything else a serial port.
///
/// # Errors
/// [`PortError`], with what to do about it.
pub fn open_port(name: &str, baud: u32) -> Result<Box<dyn Port>, PortError> {
    match name.strip_prefix(bridge::PREFIX) {
        Some(_) => Ok(Box::new(bridge::open(name, baud)?)),
        None => Ok(Box::new(SerialPort::open(name, baud)?)),
    }
}
