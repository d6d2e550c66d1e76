//! `ulna recover`.

use std::time::Duration;

use clap::Args;
use ulna_bringup::recover::RecoverOptions;
use ulna_robot::ArmRole;

use super::bus::BusArgs;
use super::values::seconds;

#[derive(Debug, Args)]
pub(crate) struct RecoverArgs {
    /// The serial port; the only USB adapter that is plugged in unless given
    #[arg(value_name = "PORT")]
    port: Option<String>,

    /// Leave cleared servos limp, also where the torque was on
    #[arg(long)]
    release: bool,

    /// Ask nothing
    #[arg(long)]
    yes: bool,

    /// Longest to wait until a hot servo has cooled down
    #[arg(long, default_value = "600", value_name = "S", value_parser = seconds)]
    cool_down: Duration,

    #[command(flatten)]
    bus: BusArgs,
}

impl RecoverArgs {
    pub(crate) fn options(&self) -> RecoverOptions {
        RecoverOptions {
            work: self.bus.work(self.port.as_ref(), ArmRole::Follower),
            yes: self.yes,
            release: self.release,
            cool_down: self.cool_down,
        }
    }
}
