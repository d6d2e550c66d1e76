//! `ulna ports`.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct PortsArgs {
    #[command(subcommand)]
    action: Option<PortsAction>,

    /// Two adapters that are not there
    #[arg(long)]
    sim: bool,
}

#[derive(Debug, Subcommand)]
enum PortsAction {
    /// The serial ports, what is plugged into each, and whether it can be used
    List {
        /// Two adapters that are not there
        #[arg(long)]
        sim: bool,
    },
    /// Find out which port is the arm's: pull its cable, and the port that vanishes is it
    Find {
        /// Two adapters that are not there, and a simulated operator who pulls the cable of one
        #[arg(long)]
        sim: bool,
    },
}

impl PortsArgs {
    /// With `--sim`.
    pub(crate) fn sim(&self) -> bool {
        match self.action {
            Some(PortsAction::List { sim } | PortsAction::Find { sim }) => sim,
            None => self.sim,
        }
    }

    /// The dialogue instead of the list.
    pub(crate) fn find(&self) -> bool {
        matches!(self.action, Some(PortsAction::Find { .. }))
    }
}
