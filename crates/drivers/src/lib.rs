#![doc = include_str!("../README.md")]
//! Reading order: [`port`] (bytes in, bytes out), [`arm`] (a chain of servos), [`arms`] (one or two of them as a robot or a leader),
//! [`connect`] (from an open port to a configured arm), [`chain`] (what is wrong with its servos, in sentences), [`calibration`]
//! (LeRobot's own file), [`camera`] (from a camera to its uses). Before there is an arm: [`ports`] (what is plugged in) and
//! [`servo_bus`] (any servo at any rate, and what may be written to it). [`bridge`] is
//! a board between computer and servos, and [`open`] knows all kinds of ports.

pub mod arm;
pub mod arms;
pub mod bridge;
pub mod calibration;
pub mod camera;
pub mod chain;
pub mod connect;
pub mod open;
pub mod port;
pub mod ports;
pub mod servo_bus;

pub use arm::ServoArm;
pub use arms::{Arms, Leader};
pub use camera::CameraPump;
pub use open::{device_of, open_port};
pub use port::{Port, PortError, SerialPort};
pub use servo_bus::{ServoBus, ServoBusError};
