//! What a board does not take of a setup, and why.

use core::fmt;

use serde::{Deserialize, Serialize};

/// The shortest and longest dead-man's time, ms.
pub const DEAD_MAN_MS: core::ops::RangeInclusive<u16> = 10..=2000;
/// Highest rate, Hz.
pub const MAX_RATE_HZ: u16 = 2000;

/// Why a setup is not sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetupFault {
    /// It has no joints.
    NoJoints,
    /// Two joints have one id, or one has an id that no servo has.
    Id {
        /// The id.
        id: u8,
    },
    /// No servo of that number is known.
    Model {
        /// The joint.
        joint: u8,
        /// The number.
        number: u16,
    },
    /// The joint's servo speaks something else than those before it, or has its registers elsewhere.
    Mixed {
        /// The joint.
        joint: u8,
    },
    /// The joint's limits contradict each other, or leave no room to move.
    Limits {
        /// The joint.
        joint: u8,
    },
    /// The joint's servo has no torque limit that could be lowered.
    CannotDamp {
        /// The joint.
        joint: u8,
    },
    /// The dead-man's time is not within [`DEAD_MAN_MS`].
    DeadMan {
        /// What was asked for, ms.
        ms: u16,
    },
    /// The rate is higher than [`MAX_RATE_HZ`], or than the wire carries.
    Rate {
        /// What was asked for, Hz.
        hz: u16,
    },
    /// The wire's rate is none that such servos have.
    Baud,
}

impl fmt::Display for SetupFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = (DEAD_MAN_MS.start(), DEAD_MAN_MS.end());
        match self {
            Self::NoJoints => f.write_str("the setup has no joints"),
            Self::Id { id } => write!(f, "servo {id} is named twice, or is no servo's id"),
            Self::Model { joint, number } => {
                write!(
                    f,
                    "joint {joint} has a servo of the unknown model number {number}"
                )
            }
            Self::Mixed { joint } => write!(
                f,
                "joint {joint} has a servo of another kind than the joints before it"
            ),
            Self::Limits { joint } => write!(
                f,
                "the limits of joint {joint} contradict each other or leave no room to move"
            ),
            Self::CannotDamp { joint } => write!(
                f,
                "the servo of joint {joint} has no torque limit to lower; choose hold or relax"
            ),
            Self::DeadMan { ms } => {
                write!(
                    f,
                    "a dead-man's time of {ms} ms is not between {low} and {high} ms"
                )
            }
            Self::Rate { hz } => write!(
                f,
                "{hz} cycles a second are more than the servos' wire carries"
            ),
            Self::Baud => f.write_str("such servos have no such rate"),
        }
    }
}

impl core::error::Error for SetupFault {}
