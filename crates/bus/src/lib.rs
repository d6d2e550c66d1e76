//! Servo packets, register tables and the transaction engine, without any input or output.
//!
//! The crate turns wishes into bytes and bytes into results. It opens no port, reads no clock, allocates nothing and
//! panics at no input, so the same code talks to real servos from a computer, from a microcontroller, and to simulated
//! servos in a test.
//!
//! Reading order: [`feetech`] is the wire format (packets out, an incremental decoder in), [`registers`] and
//! [`encoding`] say what the bytes in a servo mean, and [`engine`] asks servos and gathers their answers by a
//! deadline. [`health`] remembers from cycle to cycle who is worth asking and which readings to believe.
//!
//! ```
//! use ulna_bus::feetech::{Decoder, MAX_PACKET, packet};
//! use ulna_bus::registers::sts3215::PRESENT_POSITION;
//!
//! let mut buffer = [0; MAX_PACKET];
//! let question = packet::read(&mut buffer, 1, PRESENT_POSITION.address, PRESENT_POSITION.width)?;
//! assert_eq!(question, [0xFF, 0xFF, 0x01, 0x04, 0x02, 0x38, 0x02, 0xBE]);
//!
//! let answer = [0x00, 0xFF, 0xFF, 0x01, 0x04, 0x00, 0x00, 0x08, 0xF2]; // a stray byte, then servo 1
//! let mut position = None;
//! Decoder::new().feed(&answer, |packet| position = PRESENT_POSITION.decode(packet.params));
//! assert_eq!(position, Some(2048));
//! # Ok::<(), ulna_bus::feetech::EncodeError>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod dynamixel;
mod encode_error;
pub mod encoding;
pub mod engine;
pub mod feetech;
mod flags;
pub mod health;
pub mod models;
mod protocol;
pub mod registers;
pub mod units;

pub use encode_error::EncodeError;
pub use flags::ErrorFlags;
pub use protocol::Protocol;
