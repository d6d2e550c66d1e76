//! `ulna ports`.

use clap::{Args, Subcommand};

use super::adapter::AdapterName;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct PortsArgs {
    #[command(subcommand)]
    action: Option<PortsAction>,

    #[command(flatten)]
    simulated: SimulatedPorts,
}

#[derive(Debug, Subcommand)]
enum PortsAction {
    /// The serial ports, what is plugged into each, and whether it can be used
    List(SimulatedPorts),
    /// Find out which port is the arm's: pull its cable, and the port that vanishes is it
    Find(SimulatedPorts),
}

#[derive(Debug, Args)]
struct SimulatedPorts {
    /// Two adapters that are not there, and for `find` an operator who pulls the cable of one
    #[arg(long)]
    sim: bool,

    /// Which USB adapters these are [default: cdc]; `--adapter help` lists all
    #[arg(long, value_name = "ADAPTER", value_parser = AdapterName, requires = "sim")]
    adapter: Option<String>,
}

impl PortsArgs {
    fn simulated(&self) -> &SimulatedPorts {
        match &self.action {
            Some(PortsAction::List(simulated) | PortsAction::Find(simulated)) => simulated,
            None => &self.simulated,
        }
    }

    /// With `--sim`.
    pub(crate) fn sim(&self) -> bool {
        self.simulated().sim
    }

    /// The adapters to simulate.
    pub(crate) fn adapter(&self) -> Option<&str> {
        self.simulated().adapter.as_deref()
    }

    /// The dialogue instead of the list.
    pub(crate) fn find(&self) -> bool {
        matches!(self.action, Some(PortsAction::Find(_)))
    }
}
