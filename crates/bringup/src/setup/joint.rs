//! What became of one servo in a setup.

use serde::Serialize;

use crate::servos::setup::BusAddress;

/// What became of one servo.
#[derive(Debug, Clone, Serialize)]
pub struct JointSetup {
    /// Its joint.
    pub joint: String,
    /// The id that the robot file gives it.
    pub id: u8,
    /// Where it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<Was>,
    /// What was done.
    pub done: Done,
    /// How far it moved when it was wiggled, degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wiggled: Option<f64>,
}

impl JointSetup {
    /// What was done, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let done = match (self.done, self.was) {
            (Done::AlreadyRight, _) => "was right already".to_owned(),
            (Done::Skipped, _) => "left out".to_owned(),
            (Done::Identified, _) => "wiggled".to_owned(),
            (Done::Set, None) => "set".to_owned(),
            (Done::Set, Some(was)) => format!("set (was id {} at {} baud)", was.id, was.baud),
        };
        match self.wiggled {
            Some(degrees) => format!("{done}, moved {degrees:.1}°"),
            None => done,
        }
    }
}

/// Where a servo was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Was {
    /// Its id.
    pub id: u8,
    /// Bits per second.
    pub baud: u32,
}

impl From<BusAddress> for Was {
    fn from(address: BusAddress) -> Self {
        let BusAddress { baud, id } = address;
        Self { id, baud }
    }
}

/// What was done with a servo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// Nothing: it had its id and rate.
    AlreadyRight,
    /// Id and rate were written and read back.
    Set,
    /// It was left out.
    Skipped,
    /// It was wiggled.
    Identified,
}
