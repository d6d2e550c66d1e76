//! Ports: where the bytes of a servo bus go out and come in.

mod board;
mod byte_port;
mod low_latency;
mod serial;

pub use board::{BoardLink, BoardOptions};
pub use byte_port::Port;
pub use serial::{PortError, SerialPort};
