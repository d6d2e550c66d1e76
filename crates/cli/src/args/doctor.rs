//! `ulna doctor`.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Leave serial ports alone
    #[arg(long)]
    pub(crate) sim: bool,

    /// Print a udev rule for servo adapters, and check nothing
    #[arg(long, conflicts_with = "sim")]
    pub(crate) udev: bool,
}
