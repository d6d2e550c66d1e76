//! What can go wrong with a bridge board.

use std::io;

use ulna_bridge::message::{BoardRefusal, TripReason};
use ulna_outside::{Printable, Shell};

use crate::port::PortError;

/// Why a board does not do what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// The text behind `bridge:` is none.
    #[error(
        "`{}` is no bridge board: {reason}; write it like bridge:/dev/ttyACM1?deadman=100&on-silence=hold",
        Printable(text)
    )]
    Address {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing answers, or nothing that a board would.
    #[error(
        "no bridge board answers at `{}`: a board has two ports, is this the framed one? `ulna ports` lists both; without the firmware, \
         `ulna bridge flash` writes it",
        Printable(port)
    )]
    NoAnswer {
        /// The port.
        port: String,
    },
    /// It has answered, and does not any more.
    #[error(
        "the bridge board at `{}` has fallen silent: its cable, or its power; it stops the arm by itself when its dead-man's time is up, and \
         `ulna bridge info {}` says what it has done once it is there again",
        Printable(port),
        Shell(port)
    )]
    Silent {
        /// The port.
        port: String,
    },
    /// The board's firmware is of another version.
    #[error(
        "the bridge board at `{}` speaks version {board}, this ulna version {host}: write the firmware that came with this ulna with \
         `ulna bridge flash`",
        Printable(port)
    )]
    Version {
        /// The port.
        port: String,
        /// The board's version.
        board: u16,
        /// The host's.
        host: u16,
    },
    /// The board has stopped the arm and waits for its user.
    #[error(
        "the bridge board at `{}` has stopped the arm: {reason}{}; it stays so until `ulna bridge clear {}`, which moves nothing",
        Printable(port),
        joint.map(|joint| format!(" (joint {joint})")).unwrap_or_default(),
        Shell(port)
    )]
    Tripped {
        /// The port.
        port: String,
        /// Why.
        reason: TripReason,
        /// Because of which joint.
        joint: Option<u8>,
    },
    /// The board said no.
    #[error("the bridge board at `{}` refused: {refusal}", Printable(port))]
    Refused {
        /// The port.
        port: String,
        /// Why.
        refusal: BoardRefusal,
    },
    /// The board does not know an arm with so many joints.
    #[error("a bridge board drives at most {most} joints, the arm has {joints}")]
    TooManyJoints {
        /// Joints of the arm.
        joints: usize,
        /// What the board drives.
        most: usize,
    },
    /// The port is gone.
    #[error(transparent)]
    Port(#[from] io::Error),
}

impl From<BridgeError> for PortError {
    fn from(error: BridgeError) -> Self {
        Self::Bridge(Box::new(error))
    }
}

impl From<BridgeError> for io::Error {
    fn from(error: BridgeError) -> Self {
        match error {
            BridgeError::Port(error) => error,
            other => Self::other(other),
        }
    }
}
