//! A bridge board as a port: `bridge:/dev/ttyACM1`.
//!
//! While an arm is connected, set up or repaired, the board passes bytes on as they are, so all of that works behind it as it does behind an adapter.
//! In the control loop the board asks the servos by itself, and goals and states travel in frames ([`BoardLink`](crate::port::BoardLink)).
//!
//! Reading order: [`BridgeAddress`] (what stands behind `bridge:`), [`BridgeClient`] (frames out, frames in), [`BoardClock`] (whose time is it), and
//! [`BridgePort`] (all of it as a [`Port`]).

mod address;
mod client;
mod clock;
mod error;
mod port;

#[cfg(test)]
mod tests;

use ulna_rt::{RealClock, RealPacer};

pub use address::{BridgeAddress, PREFIX};
pub use client::BridgeClient;
pub use clock::BoardClock;
pub use error::BridgeError;
pub use port::BridgePort;

use crate::port::{Port, PortError, SerialPort};

/// Opens the framed port of the board `name`, and says hello. Nothing is refused to a board that has stopped its arm: it may be looked at, and cleared.
///
/// # Errors
/// [`PortError`]
pub fn client(name: &str) -> Result<(BridgeClient, RealPacer), PortError> {
    let address: BridgeAddress = name.parse().map_err(PortError::from)?;
    // A USB port has no rate; one of an emulated or external UART takes that of the servos.
    let port = SerialPort::open(&address.device, 1_000_000)?;
    let inputs = port.input().into_iter().collect();
    let mut pacer = RealPacer::new(RealClock::start(), inputs);
    let client = BridgeClient::greet(Box::new(port), name, &mut pacer)?;
    Ok((client, pacer))
}

/// Opens the board `name` for an arm of servos at `baud` bits per second.
///
/// # Errors
/// [`PortError`]
pub fn open(name: &str, baud: u32) -> Result<BridgePort, PortError> {
    let address: BridgeAddress = name.parse().map_err(PortError::from)?;
    let (client, mut pacer) = client(name)?;
    Ok(BridgePort::new(client, &address, baud, &mut pacer)?)
}
