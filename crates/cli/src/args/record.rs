//! `ulna record`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ulna_app::record::{CameraChoice, RecordOptions};
use ulna_app::rig::RigOptions;

use super::rig::{LeaderArgs, RigArgs, clock};
use super::values::{seconds, seconds_or_none, size};

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    #[command(flatten)]
    rig: RigArgs,

    #[command(flatten)]
    leader: LeaderArgs,

    /// Run the simulation on the virtual clock: as fast as possible, bit-identical for a seed
    #[arg(long, requires = "sim", help_heading = "Rig")]
    lockstep: bool,

    /// Folder of the dataset: a new one, or with --resume one that is there
    #[arg(long, value_name = "DIR")]
    dataset: PathBuf,

    /// What the robot is to do, in a few words; it goes with every frame
    #[arg(long, value_name = "TEXT")]
    task: String,

    /// How many episodes to record
    #[arg(long, default_value_t = 1, value_name = "N")]
    episodes: u64,

    /// How long an episode lasts, s
    #[arg(long, default_value = "60", value_name = "S", value_parser = seconds)]
    episode_time: Duration,

    /// How long the reset between two episodes lasts, s
    #[arg(long, default_value = "60", value_name = "S", value_parser = seconds_or_none)]
    reset_time: Duration,

    /// Frames per second
    #[arg(long, default_value_t = 30, value_name = "FPS")]
    fps: u32,

    /// Go on with a dataset that is there
    #[arg(long)]
    resume: bool,

    /// Leave out the columns and files that are ulna's own, for datasets that LeRobot will extend or merge
    #[arg(long)]
    plain: bool,

    /// The robot's cameras to record, by name, separated by commas; all unless given
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    cameras: Option<Vec<String>>,

    /// Record states and actions alone
    #[arg(long, conflicts_with = "cameras")]
    no_cameras: bool,

    /// Size of simulated pictures, pixels
    #[arg(long, default_value = "640x480", value_name = "WxH", value_parser = size)]
    camera_size: (u32, u32),

    /// What goes wrong with a simulated camera, one per camera: NAME:frozen@TIME, NAME:silent@TIME, NAME:gone@TIME, NAME:late+TIME@TIME
    #[arg(long, value_name = "FAULT", requires = "sim")]
    camera_fault: Vec<String>,
}

impl RecordArgs {
    pub(crate) fn rig(&self) -> RigOptions {
        self.rig.options(clock(self.lockstep), &self.leader)
    }

    pub(crate) fn options(&self) -> RecordOptions {
        let cameras = match &self.cameras {
            Some(names) => CameraChoice::Only(names.clone()),
            None if self.no_cameras => CameraChoice::Only(Vec::new()),
            None => CameraChoice::All,
        };
        RecordOptions {
            episodes: self.episodes,
            episode_time: self.episode_time,
            reset_time: self.reset_time,
            fps: self.fps,
            resume: self.resume,
            plain: self.plain,
            cameras,
            picture: self.camera_size,
            camera_faults: self.camera_fault.clone(),
            ..RecordOptions::new(self.dataset.clone(), &self.task)
        }
    }
}
