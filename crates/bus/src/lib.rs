#![doc = include_str!("../README.md")]
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
mod unread;

pub use encode_error::EncodeError;
pub use family::{Family, Model};
pub use flags::ErrorFlags;
pub use protocol::Protocol;
pub use scales::Scales;
pub use setting::{Setting, SettingError};
