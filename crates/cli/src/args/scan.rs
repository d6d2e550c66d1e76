//! `ulna scan`.

use clap::Args;
use ulna_bringup::scan::ScanOptions;
use ulna_robot::ArmRole;
use ulna_session::SessionError;

use super::bus::{ArmArgs, BusArgs};

#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    #[command(flatten)]
    arm: ArmArgs,

    /// Only at this rate, bits per second; may be repeated
    #[arg(long, value_name = "BAUD", value_parser = clap::value_parser!(u32).range(1200..=10_000_000))]
    baud: Vec<u32>,

    /// Only servos of this family: feetech, dynamixel, or scs, which is looked for on request only
    #[arg(long, value_name = "FAMILY")]
    family: Option<String>,

    /// In the simulation: servos out of the box, all plugged in at once
    #[arg(long, requires = "sim")]
    fresh: bool,

    /// The leader's servos, not the follower's
    #[arg(long)]
    leader: bool,

    #[command(flatten)]
    bus: BusArgs,
}

impl ScanArgs {
    pub(crate) fn options(&self) -> Result<ScanOptions, SessionError> {
        let role = match self.leader {
            true => ArmRole::Leader,
            false => ArmRole::Follower,
        };
        let arm = self.arm.named(role, &self.bus)?;
        Ok(ScanOptions {
            work: self.bus.work(arm, role),
            bauds: self.baud.clone(),
            family: self.family.clone(),
            fresh: self.fresh,
        })
    }
}
