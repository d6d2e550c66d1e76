//! The Feetech serial-bus protocols: of STS and SMS servos ("protocol 0") and of SCS servos ("protocol 1").
//!
//! Both have the same packets. In protocol 1, registers of two bytes have their high byte first, which is a matter of the
//! register tables ([`crate::families::scs0009`]), and there is neither a sync read nor a usable broadcast ping, which is a
//! matter of the engine ([`crate::Protocol`]).
//!
//! Half-duplex UART, 8 data bits, no parity, 1 stop bit. Every packet has one of two shapes:
//!
//! ```text
//! instruction   FF FF  id  length  instruction  params…  checksum
//! status        FF FF  id  length  error        params…  checksum
//! ```
//!
//! `length` counts the parameters plus 2; `checksum` is the inverted low byte of the sum of everything between
//! the header and itself. (Layouts: Feetech servo SDK.)

mod decode;
mod format;
pub mod packet;

pub use crate::encode_error::EncodeError;
pub use crate::flags::ErrorFlags;
pub use crate::unread::DecoderCounters;
pub use decode::{Decoded, Decoder, Packet};
pub use format::{
    BAUD_RATES, BROADCAST, DEFAULT_BAUD, HEADER, Instruction, MAX_ID, MAX_PACKET, OVERHEAD,
    checksum,
};
