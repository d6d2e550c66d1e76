//! The servo-bus bridge: a board of a few dollars between a computer and the servos of one bus.
//!
//! A computer's USB adapter delays every byte by a millisecond or sixteen, and when the computer falls silent nothing holds the arm back. The
//! board takes the timing of the bus off the host, stamps what it measures at the wire, checks every goal a second time, and stops the arm when
//! no valid frame has come for a while (the dead-man's switch).
//!
//! This crate is both ends of the link, without any input or output, clock or heap: the same code runs in a microcontroller, in tests on the
//! virtual clock, and in the host's driver.
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
//!
//! ```
//! use core::time::Duration;
//! use ulna_bridge::frame::{self, FrameReader};
//! use ulna_bridge::message::{BoardAnswer, Command, VERSION};
//! use ulna_bridge::{Board, BoardEvent};
//!
//! let mut board = Board::new("example");
//! let mut wire = [0; frame::MAX_FRAME];
//! let hello = frame::encode(1, &Command::Hello { version: VERSION }, &mut wire)?;
//! let actions = board.step(Duration::from_millis(1), BoardEvent::Host(hello));
//!
//! let mut reader = FrameReader::new();
//! let first = reader.next(&mut &*actions.to_host);
//! let Some(Ok((1, BoardAnswer::Hello(info)))) = first else { panic!("no hello") };
//! assert_eq!((info.version, info.name.as_str()), (VERSION, "example"));
//! # Ok::<(), frame::FrameError>(())
//! ```

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
