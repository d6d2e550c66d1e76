//! The one way in which making a packet fails, whatever the protocol.

use core::fmt;

use crate::dynamixel;
use crate::feetech::{BROADCAST, MAX_ID};

const _: () = assert!(MAX_ID == dynamixel::MAX_ID && BROADCAST == dynamixel::BROADCAST);

/// Why a packet could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The caller's buffer ends before the packet does.
    BufferTooSmall {
        /// Size of the caller's buffer in bytes.
        available: usize,
    },
    /// Longer than the protocol's `MAX_PACKET`.
    PacketTooLong,
    /// No servo can have this id, or the broadcast id where exactly one servo must answer.
    BadId {
        /// The id.
        id: u8,
    },
    /// Nothing to read or write.
    Empty,
    /// The data of one servo in a group do not have the group's width.
    WrongWidth {
        /// The servo.
        id: u8,
        /// Bytes that every servo of the group gets.
        expected: u8,
        /// Bytes given for this one.
        got: usize,
    },
}

/// The id of one servo.
pub(crate) fn one(id: u8) -> Result<u8, EncodeError> {
    if id <= MAX_ID {
        Ok(id)
    } else {
        Err(EncodeError::BadId { id })
    }
}

/// The id of one servo, or of all.
pub(crate) fn one_or_all(id: u8) -> Result<u8, EncodeError> {
    if id == BROADCAST { Ok(id) } else { one(id) }
}

/// Something is read or written.
pub(crate) fn not_empty(count: usize) -> Result<(), EncodeError> {
    if count == 0 {
        Err(EncodeError::Empty)
    } else {
        Ok(())
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { available } => {
                write!(
                    f,
                    "the packet does not fit into a buffer of {available} bytes; use one of the protocol's `MAX_PACKET`"
                )
            }
            Self::PacketTooLong => f.write_str(
                "the packet would be longer than the protocol allows; split the request",
            ),
            Self::BadId { id } => {
                write!(f, "{id} cannot be a servo's id; ids go from 0 to 252")
            }
            Self::Empty => f.write_str(
                "there is nothing to read or write; give at least one byte and one servo",
            ),
            Self::WrongWidth { id, expected, got } => {
                write!(
                    f,
                    "servo {id} got {got} bytes in a group write of {expected} bytes each; make them equal"
                )
            }
        }
    }
}

impl core::error::Error for EncodeError {}
