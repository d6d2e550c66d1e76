//! Ports: where the bytes of a servo bus go out and come in.

mod byte_port;
mod low_latency;
mod serial;

pub use byte_port::Port;
pub use serial::{PortError, SerialPort};
