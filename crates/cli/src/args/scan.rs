//! `ulna scan`.

use clap::Args;
use ulna_bringup::scan::ScanOptions;
use ulna_robot::ArmRole;

use super::bus::BusArgs;

#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    /// The serial port; the only USB adapter that is plugged in unless given; those of a pair as LEFT,RIGHT
    #[arg(value_name = "PORT")]
    port: Option<String>,

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
    pub(crate) fn options(&self) -> ScanOptions {
        let role = match self.leader {
            true => ArmRole::Leader,
            false => ArmRole::Follower,
        };
        ScanOptions {
            work: self.bus.work(self.port.as_ref(), role),
            bauds: self.baud.clone(),
            family: self.family.clone(),
            fresh: self.fresh,
        }
    }
}
