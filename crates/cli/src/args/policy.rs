//! `ulna policy`, and what all commands that run a policy take.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use ulna_session::EngineChoice;
use ulna_session::policies::PolicyOptions;

use super::values::{seconds_or_none, threads};

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyAction {
    /// Is it whole, does it fit the robot, and does the engine here answer as it was made to? Exits with 1 if not
    #[command(after_help = "\
Examples:
  ulna policy check datasets/so101-reach
  ulna policy check BUNDLE --robot mine.toml --engine tract --json")]
    Check(CheckArgs),

    /// How long one inference takes, and how long the bare engine takes in the same run
    #[command(after_help = "\
Examples:
  ulna policy bench datasets/so101-reach
  ulna policy bench BUNDLE --engine ort --threads 2 --json")]
    Bench(BundleArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) bundle: BundleArgs,

    /// The robot: a built-in name, or the path of a robot file; the first known one that fits unless given
    #[arg(long, value_name = "F")]
    pub(crate) robot: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct BundleArgs {
    /// Folder of the bundle: policy.toml and the files that it names
    bundle: PathBuf,

    #[command(flatten)]
    engine: EngineArgs,
}

impl BundleArgs {
    pub(crate) fn options(&self) -> PolicyOptions {
        self.engine.options(self.bundle.clone())
    }
}

/// What runs the network.
#[derive(Debug, Args)]
#[command(next_help_heading = "Policy")]
pub(super) struct EngineArgs {
    /// What runs the network: `ort` is ONNX Runtime, found at run time; `tract` is built in; `auto` is the first that can be had
    #[arg(long, default_value = "auto", value_name = "auto|ort|tract")]
    engine: EngineChoice,

    /// Threads for the network; tract always takes one
    #[arg(long, default_value = "1", value_name = "N", value_parser = threads)]
    threads: NonZeroUsize,

    /// On the virtual clock: how long an inference takes, s; in real time it takes what it takes
    #[arg(long, default_value = "0.02", value_name = "S", value_parser = seconds_or_none)]
    latency: Duration,
}

impl EngineArgs {
    pub(super) fn options(&self, bundle: PathBuf) -> PolicyOptions {
        PolicyOptions {
            engine: self.engine,
            threads: self.threads,
            latency: self.latency,
            ..PolicyOptions::new(bundle)
        }
    }
}
