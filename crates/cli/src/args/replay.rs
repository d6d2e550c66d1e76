//! `ulna replay`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ulna_session::replay::Trust;
use ulna_session::report::ClockKind;
use ulna_session::rig_file::RigUnit;
use ulna_session::{RigOptions, SessionError, Unit};

use super::display::DisplayArgs;
use super::rig::{LeaderArgs, RigArgs};

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    rig: RigArgs,

    #[command(flatten)]
    pub(crate) display: DisplayArgs,

    /// Folder of the dataset
    #[arg(long, value_name = "DIR")]
    pub(crate) dataset: PathBuf,

    /// The episode, counted from 0
    #[arg(long, value_name = "K")]
    pub(crate) episode: usize,

    /// The unit of the dataset's joints, if the dataset does not say
    #[arg(long, value_name = "UNITS")]
    pub(crate) units: Option<UnitsArg>,

    /// Drive the robot even if the dataset was recorded with one of another family
    #[arg(long)]
    force: bool,

    /// Take as long as the recording did, instead of running the simulation on the virtual clock
    #[arg(long, requires = "sim")]
    real_time: bool,
}

impl ReplayArgs {
    /// Whether the robot is the user's own choice: then it may be another one than the dataset's.
    pub(crate) fn trust(&self) -> Trust {
        match self.force {
            true => Trust::Forced,
            false if self.rig.names_robot() => Trust::Named,
            false => Trust::Same,
        }
    }

    pub(crate) fn rig(&self) -> Result<RigOptions, SessionError> {
        let options = self.rig.options(ClockKind::Real, &LeaderArgs::default())?;
        let virtual_clock = options.sim && !self.real_time;
        Ok(RigOptions {
            clock: if virtual_clock {
                ClockKind::Virtual
            } else {
                ClockKind::Real
            },
            ..options
        })
    }
}

/// Units of body joints; grippers are always 0 to 100.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum UnitsArg {
    /// Degrees from the middle of the range: LeRobot's `so_follower`
    Degrees,
    /// -100 to 100 over the range: LeRobot's older `so100_follower` and `so101_follower`
    M100,
}

impl From<UnitsArg> for Unit {
    fn from(units: UnitsArg) -> Self {
        match units {
            UnitsArg::Degrees => Self::Degrees,
            UnitsArg::M100 => Self::M100,
        }
    }
}

impl From<UnitsArg> for RigUnit {
    fn from(units: UnitsArg) -> Self {
        match units {
            UnitsArg::Degrees => Self::Degrees,
            UnitsArg::M100 => Self::M100,
        }
    }
}
