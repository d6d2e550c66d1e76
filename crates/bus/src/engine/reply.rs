//! What the engine says: how to go on, what one servo answered, or why there is no answer.

use core::fmt;
use core::time::Duration;

use super::limits::MAX_DATA;
use crate::dynamixel::Refusal;
use crate::flags::ErrorFlags;

/// What the engine's user does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Send what [`Engine::transmit`](super::Engine::transmit) gives, and step again when bytes have arrived, at the latest at `until`.
    Waiting {
        /// When the next step is due even if nothing arrives. It is now while there is something to transmit.
        until: Duration,
    },
    /// The replies are complete.
    Done,
}

/// The outcome of a transaction for one servo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The servo.
    pub id: u8,
    /// Its data, or what went wrong.
    pub result: Result<ReplyData, ServoFault>,
    /// When the engine was handed the reply's last byte, or gave up.
    pub at: Duration,
    /// When the servo looked, as well as can be known here: half of what the link added to the time on the wire is taken to have
    /// passed after that. It lies between question and answer whatever the link does.
    pub measured: Duration,
}

/// A reply whose checksum was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyData {
    /// The servo's complaints; they do not make the data wrong.
    pub flags: ErrorFlags,
    len: u8,
    bytes: [u8; MAX_DATA],
}

impl ReplyData {
    /// Copies at most [`MAX_DATA`] bytes.
    pub(super) fn new(flags: ErrorFlags, params: &[u8]) -> Self {
        let mut bytes = [0; MAX_DATA];
        let len = params.len().min(MAX_DATA);
        bytes[..len].copy_from_slice(&params[..len]);
        Self {
            flags,
            len: u8::try_from(len).unwrap_or(0),
            bytes,
        }
    }

    /// The register bytes; none for a ping or a write.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len).min(MAX_DATA)]
    }
}

/// Why a servo has no reply in this transaction. What to do about it depends on how often it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServoFault {
    /// Silence.
    Timeout {
        /// How often the servo was asked.
        attempts: u8,
    },
    /// A packet came in its place, damaged on the way.
    Checksum,
    /// A good packet of this servo with other than the expected amount of data: the answer to an older question.
    WrongLength {
        /// Data bytes asked for.
        expected: u8,
        /// Data bytes received.
        got: u8,
    },
    /// The servo understood and said no (Dynamixel).
    Refused {
        /// Why.
        reason: Refusal,
    },
    /// The deadline left no time to ask.
    NotSent,
}

impl fmt::Display for ServoFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout { attempts: 1 } => {
                f.write_str("did not answer; check its cable, power and id")
            }
            Self::Timeout { attempts } => {
                write!(
                    f,
                    "did not answer, asked {attempts} times; check its cable, power and id"
                )
            }
            Self::Checksum => f.write_str(
                "answered with damaged bytes; check the cable, and for two servos with one id",
            ),
            Self::WrongLength { expected, got } => write!(
                f,
                "answered with {got} bytes instead of {expected}; if this repeats, another program uses the port"
            ),
            Self::Refused { reason } => write!(f, "refused: {reason}"),
            Self::NotSent => {
                f.write_str("was not asked, the deadline had passed; use a lower rate")
            }
        }
    }
}

impl core::error::Error for ServoFault {}
