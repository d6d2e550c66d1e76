//! The bus that a command works on: a port, or simulated servos.

use clap::Args;
use ulna_bringup::service::WorkOptions;
use ulna_robot::ArmRole;

use super::adapter::AdapterName;

/// The bus: a port, or simulated servos.
#[derive(Debug, Args)]
#[command(next_help_heading = "Bus")]
pub(super) struct BusArgs {
    /// The robot: a built-in name, or the path of a robot file
    #[arg(long, default_value = ulna_robot::files::DEFAULT, value_name = "F")]
    robot: String,

    /// Simulated servos: no port is opened
    #[arg(long)]
    sim: bool,

    /// Seed of everything random in the simulation
    #[arg(long, default_value_t = 0, value_name = "N", requires = "sim")]
    seed: u64,

    /// What goes wrong on the simulated bus, as for teleop
    #[arg(long, value_name = "FAULT", requires = "sim")]
    fault: Vec<String>,

    /// The USB adapter in front of the simulated bus [default: cdc]; `--adapter help` lists all
    #[arg(long, value_name = "ADAPTER", value_parser = AdapterName, requires = "sim")]
    adapter: Option<String>,
}

impl BusArgs {
    pub(super) fn is_sim(&self) -> bool {
        self.sim
    }

    pub(super) fn work(&self, port: Option<&String>, role: ArmRole) -> WorkOptions {
        WorkOptions {
            robot: self.robot.clone(),
            role,
            side: None,
            port: port.cloned(),
            sim: self.sim,
            live: false,
            seed: self.seed,
            faults: self.fault.clone(),
            adapter: self.adapter.clone(),
        }
    }
}
