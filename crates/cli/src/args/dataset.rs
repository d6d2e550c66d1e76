//! `ulna dataset`.

use std::path::PathBuf;

use clap::Subcommand;

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
    /// Finish or undo what a crash left half done, and save the episode that was being recorded. What is sound is not touched
    Repair {
        /// Folder of the dataset
        dir: PathBuf,
    },
}
