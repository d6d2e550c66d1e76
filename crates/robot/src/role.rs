//! The two roles that an arm can play.

use core::fmt;

use serde::Serialize;

use crate::{RobotKind, RoleSpec};

/// Which role an arm plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArmRole {
    /// It moves by its own power.
    #[default]
    Follower,
    /// It is moved by hand.
    Leader,
}

impl ArmRole {
    /// What the robot file says about an arm in this role.
    pub fn spec(self, kind: &RobotKind) -> &RoleSpec {
        match self {
            Self::Follower => &kind.follower,
            Self::Leader => &kind.leader,
        }
    }

    /// The folder below LeRobot's `calibration/` that holds the files of such arms (LeRobot 0.6, `constants.py`: `ROBOTS` and
    /// `TELEOPERATORS`).
    pub fn lerobot_folder(self) -> &'static str {
        match self {
            Self::Follower => "robots",
            Self::Leader => "teleoperators",
        }
    }
}

impl fmt::Display for ArmRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Follower => "follower",
            Self::Leader => "leader",
        })
    }
}
