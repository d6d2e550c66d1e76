//! `ulna dataset check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ulna_session::datasets::{CheckSettings, Pictures};

/// What stands below the options.
pub(crate) const AFTER_HELP: &str = "\
Examples:
  ulna dataset check DIR                        structure, measured rate, motion, and two pictures a second of each camera
  ulna dataset check DIR --pictures none        only the numbers: quick
  ulna dataset check DIR --pictures all --verbose --strict
  ulna dataset check DIR --json                 everything: findings, grades, rates, idle seconds

Errors are what readers fail on, warnings what training suffers from, notes are harmless. Grades: good has neither errors nor
warnings; fair has warnings; poor has an error, or a warning of something that the episode teaches wrongly (a frozen camera,
a dead joint, no motion, a duplicate, less than 80 % of the rate). Rates are measured only where ulna recorded.";

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Folder of the dataset
    pub(crate) dir: PathBuf,

    /// Which pictures are decoded and looked at
    #[arg(long, value_name = "WHICH", default_value = "some")]
    pictures: PicturesArg,

    /// Exit with 1 if there are warnings, too
    #[arg(long)]
    strict: bool,
}

impl CheckArgs {
    pub(crate) fn settings(&self) -> CheckSettings {
        CheckSettings {
            pictures: self.pictures.into(),
            strict: self.strict,
            verbose: crate::loudness::is_verbose(),
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PicturesArg {
    /// No pictures
    None,
    /// Two a second of each camera, at most 40 of an episode
    Some,
    /// Every picture
    All,
}

impl From<PicturesArg> for Pictures {
    fn from(pictures: PicturesArg) -> Self {
        match pictures {
            PicturesArg::None => Self::None,
            PicturesArg::Some => Self::Some,
            PicturesArg::All => Self::All,
        }
    }
}
