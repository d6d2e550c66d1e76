//! `ulna setup`.

use clap::Args;
use ulna_bringup::setup::SetupOptions;
use ulna_robot::ArmRole;
use ulna_session::SessionError;

use super::bus::{ArmArgs, BusArgs};

#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    #[command(flatten)]
    arm: ArmArgs,

    /// The leader's servos, not the follower's
    #[arg(long)]
    leader: bool,

    /// Wiggle each servo gently once it has its id
    #[arg(long)]
    wiggle: bool,

    /// Change nothing: wiggle one joint after the other, to see whether ids and joints belong together
    #[arg(long, conflicts_with = "wiggle")]
    identify: bool,

    /// Press Enter at every question
    #[arg(long)]
    yes: bool,

    /// Plain lines, not the full-screen guide
    #[arg(long)]
    plain: bool,

    #[command(flatten)]
    bus: BusArgs,
}

impl SetupArgs {
    pub(crate) fn options(&self) -> Result<SetupOptions, SessionError> {
        let role = if self.leader {
            ArmRole::Leader
        } else {
            ArmRole::Follower
        };
        let arm = self.arm.named(role, &self.bus)?;
        Ok(SetupOptions {
            work: self.bus.work(arm, role),
            wiggle: self.wiggle,
            identify: self.identify,
        })
    }

    /// Every question is answered with Enter: no person is there.
    pub(crate) fn alone(&self, attended: bool) -> bool {
        self.yes || self.bus.is_sim() && !attended
    }

    /// The full-screen guide is welcome.
    pub(crate) fn full_screen(&self) -> bool {
        !self.plain && !self.yes
    }

    /// What the guide calls itself.
    pub(crate) fn title(&self) -> String {
        format!(
            "ulna setup: {}{}",
            if self.bus.is_sim() { "simulated " } else { "" },
            if self.leader { "leader" } else { "follower" },
        )
    }
}
