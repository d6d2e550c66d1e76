//! `ulna recover`.

use std::time::Duration;

use clap::Args;
use ulna_bringup::recover::RecoverOptions;
use ulna_robot::ArmRole;
use ulna_session::SessionError;

use super::bus::{ArmArgs, BusArgs};
use super::values::seconds;

#[derive(Debug, Args)]
pub(crate) struct RecoverArgs {
    #[command(flatten)]
    arm: ArmArgs,

    /// Leave cleared servos limp, also where the torque was on
    #[arg(long)]
    release: bool,

    /// Ask nothing
    #[arg(long)]
    yes: bool,

    /// Longest to wait until a hot servo has cooled down
    #[arg(long, default_value = "600", value_name = "S", value_parser = seconds)]
    cool_down: Duration,

    /// The leader's servos, not the follower's
    #[arg(long)]
    leader: bool,

    #[command(flatten)]
    bus: BusArgs,
}

impl RecoverArgs {
    pub(crate) fn options(&self) -> Result<RecoverOptions, SessionError> {
        let role = match self.leader {
            true => ArmRole::Leader,
            false => ArmRole::Follower,
        };
        let arm = self.arm.named(role, &self.bus)?;
        Ok(RecoverOptions {
            work: self.bus.work(arm, role),
            yes: self.yes,
            release: self.release,
            cool_down: self.cool_down,
        })
    }
}
