//! What can be asked of the servos on one bus.

use core::fmt;

use super::limits::{MAX_DATA, MAX_SERVOS};
use crate::encode_error::EncodeError;
use crate::feetech::MAX_ID;
use crate::protocol::Protocol;

/// One transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request<'a> {
    /// Is this servo there? Its reply carries no data.
    ///
    /// A Feetech servo's answer to a ping is byte for byte the ping itself when its only complaint is the voltage. Until the engine knows whether
    /// the adapter echoes, it takes such a packet for the echo and lets the retry read a register instead, whose answer cannot be mistaken.
    Ping {
        /// The servo.
        id: u8,
    },
    /// Which servos are there? Listens until the deadline and returns one reply for each that answered, at most 32.
    /// Servos answer a broadcast ping one after the other by rising id; 0.8 s are enough at 1 Mbit/s (LeRobot 0.6.2).
    /// SCS servos cannot do it; ping each id.
    PingAll,
    /// Registers of one servo.
    Read {
        /// The servo.
        id: u8,
        /// First register address.
        address: u8,
        /// Number of bytes, 1 to 32.
        len: u8,
    },
    /// Writes registers of one servo and awaits its acknowledgement. With the broadcast id every servo obeys and
    /// none replies.
    Write {
        /// The servo.
        id: u8,
        /// First register address.
        address: u8,
        /// Bytes to write, 1 to 32.
        data: &'a [u8],
    },
    /// Starts a Dynamixel again and awaits its acknowledgement: the way out of a latched hardware error. The servo goes limp.
    Reboot {
        /// The servo.
        id: u8,
    },
    /// One control cycle: goals out, state in, sent in one burst. The write comes first, so that the goals do not
    /// wait for the answers.
    Cycle {
        /// Written once and never repeated; it has no acknowledgement.
        write: Option<GroupWrite<'a>>,
        /// Repeated for the servos that did not answer.
        read: Option<GroupRead<'a>>,
    },
}

impl<'a> Request<'a> {
    /// A cycle that only reads: `len` bytes from `address` on of each of these servos.
    #[must_use]
    pub const fn group_read(address: u8, len: u8, ids: &'a [u8]) -> Self {
        Self::Cycle {
            write: None,
            read: Some(GroupRead { address, len, ids }),
        }
    }
}

/// The same registers of several servos, each with its own value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupWrite<'a> {
    /// First register address.
    pub address: u8,
    /// Bytes for each servo, 1 to 4.
    pub width: u8,
    /// At most 32 servos.
    pub entries: &'a [GroupEntry],
}

/// One servo's part of a group write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupEntry {
    /// The servo.
    pub id: u8,
    /// The lowest `width` bytes count.
    pub data: [u8; 4],
}

/// The same registers of several servos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupRead<'a> {
    /// First register address.
    pub address: u8,
    /// Bytes from each servo, 1 to 32.
    pub len: u8,
    /// At most 32 servos, in the order in which they will answer.
    pub ids: &'a [u8],
}

/// Why a request was not begun. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// It cannot be put into a packet.
    Packet(EncodeError),
    /// A cycle that neither writes nor reads.
    Nothing,
    /// More servos than one transaction handles.
    TooManyServos {
        /// Servos given.
        count: usize,
    },
    /// One servo is named twice, and would answer once.
    DuplicateId {
        /// The servo.
        id: u8,
    },
    /// The servos' protocol has no such question.
    Unsupported {
        /// What was asked for.
        request: &'static str,
    },
    /// More or fewer bytes per servo than one transaction handles.
    BadLength {
        /// Bytes given or asked for.
        len: usize,
        /// Most bytes that this kind of request handles.
        limit: usize,
    },
}

impl From<EncodeError> for RequestError {
    fn from(error: EncodeError) -> Self {
        Self::Packet(error)
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Packet(error) => error.fmt(f),
            Self::Nothing => f.write_str("the cycle neither writes nor reads; leave it out"),
            Self::TooManyServos { count } => {
                write!(
                    f,
                    "{count} servos in one transaction, which handles {MAX_SERVOS}; split the group"
                )
            }
            Self::DuplicateId { id } => {
                write!(f, "servo {id} is named twice in one group; name it once")
            }
            Self::Unsupported { request } => write!(
                f,
                "these servos know no {request}; ask each servo for itself, or switch it off and on"
            ),
            Self::BadLength { len, limit } => {
                write!(
                    f,
                    "{len} bytes for one servo, but one transaction handles 1 to {limit}; split the request"
                )
            }
        }
    }
}

impl core::error::Error for RequestError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Packet(error) => Some(error),
            _ => None,
        }
    }
}

impl Request<'_> {
    /// Whatever the packets themselves do not check.
    pub(super) fn check(&self, protocol: Protocol) -> Result<(), RequestError> {
        match self {
            Self::Ping { id } => check_ids([*id].into_iter()),
            Self::PingAll if !protocol.has_broadcast_ping() => Err(RequestError::Unsupported {
                request: "broadcast ping",
            }),
            Self::PingAll => Ok(()),
            Self::Reboot { .. } if !protocol.has_reboot() => {
                Err(RequestError::Unsupported { request: "reboot" })
            }
            Self::Reboot { id } => check_ids([*id].into_iter()),
            Self::Read { len, .. } => check_length((*len).into(), MAX_DATA),
            Self::Write { data, .. } => check_length(data.len(), MAX_DATA),
            Self::Cycle {
                write: None,
                read: None,
            } => Err(RequestError::Nothing),
            Self::Cycle { write, read } => {
                if let Some(write) = write {
                    write.check()?;
                }
                if let Some(read) = read {
                    check_length(read.len.into(), MAX_DATA)?;
                    check_ids(read.ids.iter().copied())?;
                }
                Ok(())
            }
        }
    }
}

impl GroupWrite<'_> {
    /// Whatever the packet itself does not check.
    pub(super) fn check(&self) -> Result<(), RequestError> {
        check_length(self.width.into(), GroupEntry::CAPACITY)?;
        check_ids(self.entries.iter().map(|entry| entry.id))
    }
}

impl GroupEntry {
    const CAPACITY: usize = 4;

    /// The lowest `width` bytes.
    pub(super) fn bytes(&self, width: u8) -> &[u8] {
        &self.data[..usize::from(width).min(Self::CAPACITY)]
    }
}

fn check_length(len: usize, limit: usize) -> Result<(), RequestError> {
    if (1..=limit).contains(&len) {
        Ok(())
    } else {
        Err(RequestError::BadLength { len, limit })
    }
}

fn check_ids(ids: impl ExactSizeIterator<Item = u8>) -> Result<(), RequestError> {
    let count = ids.len();
    if count > MAX_SERVOS {
        return Err(RequestError::TooManyServos { count });
    }
    let mut seen = [false; MAX_ID as usize + 1];
    for id in ids {
        let seen = seen
            .get_mut(usize::from(id))
            .ok_or(EncodeError::BadId { id })?;
        if core::mem::replace(seen, true) {
            return Err(RequestError::DuplicateId { id });
        }
    }
    Ok(())
}
