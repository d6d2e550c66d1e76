//! Servo packets, register tables and the transaction engine, without any input or output.
//!
//! The crate turns wishes into bytes and bytes into results. It opens no port, reads no clock, allocates nothing and
//! panics at no input, so the same code talks to real servos from a computer, from a microcontroller, and to simulated
//! servos in a test.
//!
//! # Reading order, and what to use for what
//!
//! * [`models`]: start from the name in a robot file. [`models::by_name`] gives a [`Model`]: its number, resolution,
//!   register table and units, and the [`Family`] that it belongs to: how such servos are found, set up, calibrated and recovered. Nothing
//!   after this needs to know which family a servo is of; [`families`] has one file for each.
//! * [`registers`]: what stands where. Ask a [`registers::Table`] for a [`registers::Role`] (`PresentPosition`,
//!   `TorqueEnable`, …) or for LeRobot's name; get a [`registers::Register`], which turns numbers into bytes and back.
//!   [`registers::Table::state_span`] is the block to read for the whole state. [`units`] turns counts into volts and amperes.
//!   [`setting`] is a register and a value that may be written without moving anything.
//! * [`engine`]: asks servos and gathers their answers by a deadline, one result per servo. One [`engine::Engine`] per bus,
//!   made for the bus' [`Protocol`]: in sync reads, fast sync reads or one read after the other, whatever is shortest.
//! * [`health`]: what to remember from cycle to cycle. [`health::Roster`] says who is worth asking,
//!   [`health::Plausibility`] which positions to believe and how old the last good one is, [`health::Rotation`] whose
//!   slow readings are next, and [`health::LinkEstimate`] how long the link takes.
//! * [`feetech`] and [`dynamixel`] are the wire formats: packets out, an incremental decoder in. Only simulated servos,
//!   bridges and tests need them; drivers go through the engine.
//!
//! A control cycle for servos of any family: find the registers once, then write and read in one burst.
//!
//! ```
//! use core::time::Duration;
//! use ulna_bus::engine::{Engine, EngineConfig, GroupEntry, GroupRead, GroupWrite, Request};
//! use ulna_bus::models;
//! use ulna_bus::registers::Role;
//!
//! let model = models::by_name("xl330-m288").expect("in the table");
//! let goal = model.table.find(Role::GoalPosition).expect("every servo has one");
//! let state = model.table.state_span().expect("every servo has one");
//!
//! let mut engine = Engine::new(EngineConfig::with_protocol(model.table.protocol, 1_000_000));
//! let goals = [1, 2].map(|id| {
//!     let bytes = goal.encode(2048).expect("in range");
//!     GroupEntry { id, data: bytes.padded() }
//! });
//! let request = Request::Cycle {
//!     write: Some(GroupWrite { address: goal.address, width: goal.width, entries: &goals }),
//!     read: Some(GroupRead { address: state.address, len: state.len, ids: &[1, 2] }),
//! };
//! let (now, deadline) = (Duration::ZERO, Duration::from_millis(5));
//! engine.begin(now, &request, deadline)?;
//! assert_eq!(engine.transmit().len(), 24 + 16); // a sync write, and a sync read behind it
//! // … Engine::step with what arrives, until it is done; then of each reply:
//! // position.decode_in_block(state.address, data.bytes())
//! # Ok::<(), ulna_bus::engine::RequestError>(())
//! ```
//!
//! The codec alone:
//!
//! ```
//! use ulna_bus::feetech::{Decoder, MAX_PACKET, packet};
//! use ulna_bus::families::sts3215::PRESENT_POSITION;
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
pub mod families;
pub mod family;
pub mod feetech;
mod flags;
pub mod health;
pub mod models;
mod protocol;
pub mod registers;
mod scales;
pub mod setting;
pub mod units;

pub use encode_error::EncodeError;
pub use family::{Family, Model};
pub use flags::ErrorFlags;
pub use protocol::Protocol;
pub use scales::Scales;
pub use setting::{Setting, SettingError};
