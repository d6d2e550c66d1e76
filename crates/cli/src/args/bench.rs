//! `ulna bench`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// The servo bus: bytes on the wire, cycles per second, host overhead, CPU
    Bus,
    /// Recording: CPU per row, the pause between two episodes, memory; about half a minute
    Record,
}
