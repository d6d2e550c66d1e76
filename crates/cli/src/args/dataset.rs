//! `ulna dataset`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::display::DisplayArgs;
use super::replay::UnitsArg;

/// Which episode to look at, where.
#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    /// Folder of the dataset
    pub(crate) dir: PathBuf,

    /// The episode, counted from 0
    #[arg(long, default_value_t = 0, value_name = "K")]
    pub(crate) episode: usize,

    /// The robot that it was recorded with, if the dataset does not tell: a built-in name, or the path of a robot file
    #[arg(long, value_name = "F")]
    pub(crate) robot: Option<String>,

    /// The unit of the dataset's joints, if the dataset does not tell
    #[arg(long, value_name = "UNITS")]
    pub(crate) units: Option<UnitsArg>,

    #[command(flatten)]
    pub(crate) display: DisplayArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DatasetAction {
    /// What it holds: episodes, tasks, features, rate, units
    Info {
        /// Folder of the dataset
        dir: PathBuf,
    },
    /// What is wrong with it: counts, indexes, time stamps, files, pictures, statistics. Exits with 1 if there are errors
    Check {
        /// Folder of the dataset
        dir: PathBuf,
    },
    /// Look at an episode in Rerun's viewer: joints, tracking error, pictures, the arm in space
    #[command(after_help = "\
Examples:
  ulna dataset view datasets/so101-hand                            the first episode, in Rerun's viewer (pip install rerun-sdk)
  ulna dataset view DIR --episode 3 --display episode-3.rrd        into a file, which `rerun episode-3.rrd` shows")]
    View(ViewArgs),
    /// Finish or undo what a crash left half done, and save the episode that was being recorded. What is sound is not touched
    Repair {
        /// Folder of the dataset
        dir: PathBuf,
    },
}
