//! What a registry of teleoperators holds: a name, and how one is opened.

use serde::de::DeserializeOwned;
use ulna_robot::{Calibration, RobotKind};

use crate::cameras::CameraHub;
use crate::client::BaseSpeeds;
use crate::device::Teleoperator;
use crate::error::SessionError;
use crate::report::ClockKind;
use crate::supply::{SuppliedArm, Surroundings};
use crate::usage::UsageError;

/// One type of teleoperator.
#[derive(Debug, Clone, Copy)]
pub struct TeleoperatorType {
    /// How `--teleop` and rig files call it.
    pub name: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// Whether it needs the ports of a leader arm.
    pub leader_arm: bool,
    /// Opens one.
    pub open: OpenTeleoperator,
}

/// Opens a teleoperator for a rig; nothing moves yet.
pub type OpenTeleoperator =
    fn(&mut TeleoperatorRequest<'_>) -> Result<Box<dyn Teleoperator>, SessionError>;

/// What a teleoperator is opened with.
#[derive(Debug)]
pub struct TeleoperatorRequest<'a> {
    /// The robot that is to move.
    pub robot: &'a RobotKind,
    /// Its calibration.
    pub calibration: &'a Calibration,
    /// The leader arm that belongs to it, if the type asked for one ...
    pub leader: Option<&'a RobotKind>,
    /// ... and its open ports, in the order of its sides.
    pub leader_arms: Vec<SuppliedArm>,
    /// What is around the robot.
    pub surroundings: &'a dyn Surroundings,
    /// Where pictures come from.
    pub cameras: &'a mut CameraHub,
    /// What clients of the session say about the base.
    pub base_speeds: &'a BaseSpeeds,
    /// Control ticks per second.
    pub rate_hz: f64,
    /// The session's clock.
    pub clock: ClockKind,
    /// The device's own settings, as its table in a rig file has them.
    pub settings: &'a toml::Table,
    /// What the user should know before anything moves, a sentence each.
    pub notes: Vec<String>,
}

impl TeleoperatorRequest<'_> {
    /// The settings as a type of the device's own.
    ///
    /// # Errors
    /// If a setting is missing, unknown or of another type.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, SessionError> {
        let value = toml::Value::Table(self.settings.clone());
        let settings = value.try_into();
        settings.map_err(|problem| UsageError::TeleoperatorSettings { problem }.into())
    }
}
