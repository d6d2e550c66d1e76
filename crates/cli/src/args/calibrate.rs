//! `ulna calibrate`.

use std::time::Duration;

use clap::Args;
use ulna_bringup::calibrate::{CalibrateOptions, CalibrationTask};
use ulna_robot::ArmRole;
use ulna_session::SessionError;

use super::bus::{BusArgs, NamedArm};
use super::values::seconds;

#[derive(Debug, Args)]
pub(crate) struct CalibrateArgs {
    /// A rig of your own (`ulna rig new NAME`); options that are given come before what it says
    #[arg(value_name = "RIG")]
    rig: Option<String>,

    /// The leader arm, not the follower
    #[arg(long)]
    leader: bool,

    /// The follower's serial port; the only USB adapter that is plugged in unless given; those of a pair as LEFT,RIGHT
    #[arg(long, value_name = "P", conflicts_with = "leader")]
    robot_port: Option<String>,

    /// The follower's id: a name of your choice for this one arm
    #[arg(long, value_name = "ID", conflicts_with = "leader")]
    robot_id: Option<String>,

    /// The leader's serial port; those of a pair as LEFT,RIGHT
    #[arg(long, value_name = "P", requires = "leader")]
    teleop_port: Option<String>,

    /// The leader's id
    #[arg(long, value_name = "ID", requires = "leader")]
    teleop_id: Option<String>,

    /// Compare the file with what the servos hold, and change nothing
    #[arg(long)]
    check: bool,

    /// Write the file's calibration into the servos, after one was exchanged say
    #[arg(long, conflicts_with = "check")]
    restore: bool,

    /// Sweep for this many seconds and ask nothing
    #[arg(long, value_name = "S", value_parser = seconds, conflicts_with_all = ["check", "restore"])]
    seconds: Option<Duration>,

    /// Take joints as they are that were moved through a part of their range only
    #[arg(long, conflicts_with_all = ["check", "restore"])]
    yes: bool,

    /// In the simulation: a joint that is mounted the wrong way round; may be repeated
    #[arg(long, value_name = "JOINT", requires = "sim")]
    reversed: Vec<String>,

    #[command(flatten)]
    bus: BusArgs,
}

impl CalibrateArgs {
    pub(crate) fn options(&self, attended: bool) -> Result<CalibrateOptions, SessionError> {
        let (role, port, id) = if self.leader {
            (ArmRole::Leader, &self.teleop_port, &self.teleop_id)
        } else {
            (ArmRole::Follower, &self.robot_port, &self.robot_id)
        };
        let rig = self.rig.as_deref();
        let named = rig.map(|rig| NamedArm::of_rig(rig, role, self.bus.is_sim()));
        let named = named.transpose()?.unwrap_or_default();
        let id = id.clone().or_else(|| named.id.clone());
        let arm = NamedArm {
            port: port.clone().or_else(|| named.port.clone()),
            ..named
        };
        let mut work = self.bus.work(arm, role);
        // Ranges that grow are worth watching.
        work.live = attended && self.seconds.is_none();
        Ok(CalibrateOptions {
            work,
            id,
            task: match (self.check, self.restore) {
                (true, _) => CalibrationTask::Check,
                (_, true) => CalibrationTask::Restore,
                _ => CalibrationTask::Calibrate,
            },
            seconds: self.seconds,
            yes: self.yes,
            reversed: self.reversed.clone(),
        })
    }

    /// Every question is answered with Enter: no person is there.
    pub(crate) fn alone(&self, attended: bool) -> bool {
        self.bus.is_sim() && !attended
    }
}
