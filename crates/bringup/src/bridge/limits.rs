//! What a board keeps to, in the units of people.

use serde::Serialize;
use ulna_bridge::message::{BoardAnswer, Command};
use ulna_bridge::setup::{BridgeSetup, ExcessAction, JointLimits, StopAction};
use ulna_bus::engine::Engine;
use ulna_drivers::arm::{ArmError, engine_config};
use ulna_drivers::bridge::{self, BridgeError};
use ulna_drivers::{ServoArm, calibration, open_port};
use ulna_robot::ArmRole;

use super::name;
use crate::error::{BringupError, Usage};
use crate::service::WorkOptions;

/// The limits of an arm behind a board.
#[derive(Debug, Clone, Serialize)]
pub struct BridgeLimits {
    /// The board's port.
    pub port: String,
    /// They are in force, or what a session would set.
    pub in_force: bool,
    /// Cycles per second.
    pub rate_hz: u16,
    /// The dead-man's time, ms.
    pub dead_man_ms: u16,
    /// What happens when it is up.
    pub on_silence: StopAction,
    /// What happens with a goal outside the limits.
    pub on_excess: ExcessAction,
    /// The joints.
    pub joints: Vec<JointLimitsInWords>,
}

/// The limits of one joint.
#[derive(Debug, Clone, Serialize)]
pub struct JointLimitsInWords {
    /// Its name, where the robot is known; its place in the setup otherwise.
    pub joint: String,
    /// Its servo's id.
    pub id: u8,
    /// It is a wheel.
    pub wheel: bool,
    /// In counts of its servo.
    #[serde(flatten)]
    pub limits: JointLimits,
}

/// The limits that are in force on a board or, with the `id` under which an arm of this kind is calibrated, those that a session with it would set.
///
/// # Errors
/// If the port cannot be opened, no board answers, or there is no such arm.
pub fn limits(
    port: &str,
    work: &WorkOptions,
    id: Option<&str>,
) -> Result<Option<BridgeLimits>, BringupError> {
    let name = name(port);
    let Some(id) = id else {
        let (mut client, mut pacer) = bridge::client(&name)?;
        let setup = match client.ask(&mut pacer, &Command::Limits)? {
            BoardAnswer::Limits(setup) => setup,
            _ => None,
        };
        return Ok(setup.map(|setup| in_words(name, true, &setup, &[])));
    };
    let kind = work.kind()?;
    let path = calibration::find(ArmRole::Follower, &kind, id)?;
    let calibration = calibration::load(&path, id, &kind)?;
    let port = open_port(&name, kind.bus.baud)?;
    let engine = Engine::new(engine_config(&kind));
    let arm = ServoArm::new(port, engine, &kind, &calibration);
    let mut arm = arm.map_err(|error: ArmError| Usage::Servos {
        robot: kind.name.clone(),
        problem: error.into(),
    })?;
    arm.plan_for_board(&kind, &calibration);
    let names: Vec<&str> = kind.names().collect();
    match arm.board_setup() {
        Some(setup) => Ok(Some(in_words(name, false, setup, &names))),
        None => Err(BridgeError::TooManyJoints {
            joints: kind.dof(),
            most: ulna_bridge::message::MAX_JOINTS,
        }
        .into()),
    }
}

fn in_words(port: String, in_force: bool, setup: &BridgeSetup, names: &[&str]) -> BridgeLimits {
    let joints = setup.joints.iter().enumerate();
    let joints = joints.map(|(place, joint)| JointLimitsInWords {
        joint: names
            .get(place)
            .map_or_else(|| place.to_string(), |name| (*name).to_owned()),
        id: joint.id,
        wheel: joint.wheel,
        limits: joint.limits,
    });
    BridgeLimits {
        port,
        in_force,
        rate_hz: setup.rate_hz,
        dead_man_ms: setup.dead_man_ms,
        on_silence: setup.on_silence,
        on_excess: setup.on_excess,
        joints: joints.collect(),
    }
}
