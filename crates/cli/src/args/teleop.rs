//! `ulna teleop`.

use std::time::Duration;

use clap::Args;
use ulna_session::{RigOptions, SessionError};

use super::display::DisplayArgs;
use super::rig::{LeaderArgs, RigArgs, clock};
use super::values::seconds;

#[derive(Debug, Args)]
pub(crate) struct TeleopArgs {
    #[command(flatten)]
    rig: RigArgs,

    #[command(flatten)]
    pub(crate) display: DisplayArgs,

    #[command(flatten)]
    leader: LeaderArgs,

    /// Run the simulation on the virtual clock: as fast as possible, bit-identical for a seed
    #[arg(long, requires_all = ["sim", "duration"], help_heading = "Rig")]
    lockstep: bool,

    /// Stop after this time, such as 10 or 1m30s; without it, Ctrl-C ends it
    #[arg(long, help_heading = "Session", value_name = "S", value_parser = seconds)]
    pub(crate) duration: Option<Duration>,
}

impl TeleopArgs {
    pub(crate) fn is_simulated(&self) -> bool {
        self.rig.is_simulated()
    }

    pub(crate) fn rig(&self) -> Result<RigOptions, SessionError> {
        self.rig.options(clock(self.lockstep), &self.leader)
    }
}
