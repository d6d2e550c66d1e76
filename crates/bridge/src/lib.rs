#![doc = include_str!("../README.md")]
//!
//! # Reading order
//! * [`message`]: what host and board say to each other. [`setup`]: the part of it that describes an arm and its limits.
//! * [`frame`]: how a message travels: postcard, CRC-32, COBS.
//! * [`limiter`]: the second gate, for one joint.
//! * [`board`]: the board's state machine, [`Board::step`]: an event in, bytes for each wire out.
//!
//! # What the board promises
//! * A goal moves a servo only in cyclic mode, which takes a setup, a start and goals in frames whose CRC is right and whose number is new.
//!   Whatever else comes in is dropped and counted: it holds, or is refused.
//! * A goal that leaves the board lies inside its joint's limits, and no further from the one before than the joint's step and speed allow.
//! * No later than the dead-man's time after the last valid frame the board stops the arm by itself, and takes no more goals until it is cleared.
//! * A board that starts, for whatever reason, sends nothing to the servos, which hold their last goals by themselves.
//! * Raw bytes pass by the limits, by their nature. They pass only while the board is idle, and not at all once it is locked.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod board;
pub mod frame;
pub mod limiter;
pub mod message;
pub mod setup;

pub use board::{Board, BoardActions, BoardEvent};
