//! `ulna doctor`.

use clap::Args;

use super::adapter::AdapterName;

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Leave serial ports alone
    #[arg(long)]
    pub(crate) sim: bool,

    /// Judge a simulated port behind this USB adapter; `--adapter help` lists all
    #[arg(long, value_name = "ADAPTER", value_parser = AdapterName, requires = "sim")]
    pub(crate) adapter: Option<String>,

    /// Print a udev rule for servo adapters, and check nothing
    #[arg(long, conflicts_with = "sim")]
    pub(crate) udev: bool,
}
