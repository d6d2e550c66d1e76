//! What touches devices: serial ports, servo arms, calibration files.
//!
//! Drivers decide nothing about motion: an arm writes the goals that passed the safety gate and reports what it measured.
//!
//! Reading order: [`port`] (bytes in, bytes out), [`arm`] (a chain of servos), [`arms`]
//! (one or two of them as a robot or a leader), [`connect`] (from an open
//! port to a configured arm), [`calibration`] (LeRobot's own file).

pub mod arm;
pub mod arms;
pub mod calibration;
pub mod connect;
pub mod port;

pub use arm::ServoArm;
pub use arms::{Arms, Leader};
pub use port::{Port, PortError, SerialPort};
