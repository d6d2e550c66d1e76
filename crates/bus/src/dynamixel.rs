//! The Dynamixel Protocol 2.0 of the X series.
//!
//! Half-duplex UART, 8 data bits, no parity, 1 stop bit; numbers are little-endian. Every packet has one of two shapes:
//!
//! ```text
//! instruction   FF FF FD 00  id  length×2  instruction  params…         crc×2
//! status        FF FF FD 00  id  length×2  55           error  params…  crc×2
//! ```
//!
//! * `length` counts everything behind itself.
//! * **Stuffing:** wherever FF FF FD would stand from the instruction on, a second FD follows it on the wire, so that the
//!   header occurs nowhere else. `length` counts it. `dynamixel-sdk` 4.1.0 for Python computes the stuffing but sends the
//!   packet without it, so that a simulated servo meets both; the decoder takes both.
//! * The **CRC** ([`Crc16`]) covers everything before itself, stuffing included.
//! * A **fast** read is answered by all servos together, in one status of id FE without stuffing: the first servo sends
//!   the header, whose length already counts all the others, and each appends its block
//!   `error id data… crc×2`, whose CRC covers the whole packet up to there. A servo that misses its turn ends the packet for
//!   all behind it. See [`Block`].
//!
//! (Layouts: `dynamixel-sdk` 4.1.0 from PyPI, its `protocol2_packet_handler.py`, `group_sync_read.py` and
//! `group_bulk_read.py`. The SDK checks the last CRC of a fast read only; that the others run on from block to block is how
//! published firmware that shares a bus with XL330 servos checks and sends them.)

mod crc;
mod decode;
mod format;
mod instruction;
pub mod packet;
mod parse;

pub use crc::Crc16;
pub use decode::{Block, Decoded, Decoder, Packet};
pub use format::{
    ALERT, BAUD_RATES, BLOCK_OVERHEAD, BROADCAST, DEFAULT_BAUD, FACTORY_BAUD, FAST_OVERHEAD,
    HEADER, INSTRUCTION_OVERHEAD, MAX_ID, MAX_PACKET, Refusal, STATUS_OVERHEAD,
};
pub use instruction::Instruction;
pub use parse::{BulkItems, Parsed, SyncItems};

pub use crate::encode_error::EncodeError;
pub use crate::unread::DecoderCounters;
