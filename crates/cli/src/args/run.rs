//! `ulna run`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ulna_app::policies::PolicyOptions;
use ulna_app::record::{CameraChoice, RecordOptions};
use ulna_app::rig::RigOptions;

use super::display::DisplayArgs;
use super::policy::EngineArgs;
use super::rig::{LeaderArgs, RigArgs, clock};
use super::values::{seconds, seconds_or_none, size};

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    rig: RigArgs,

    #[command(flatten)]
    pub(crate) display: DisplayArgs,

    /// Run the simulation on the virtual clock: as fast as possible, bit-identical for a seed
    #[arg(long, requires = "sim", help_heading = "Rig")]
    lockstep: bool,

    /// Folder of the policy's bundle: policy.toml and the files that it names
    #[arg(long, value_name = "BUNDLE")]
    policy: PathBuf,

    #[command(flatten)]
    engine: EngineArgs,

    /// Stop after this many seconds; without it, Ctrl-C ends it
    #[arg(long, value_name = "S", value_parser = seconds, conflicts_with = "dataset")]
    pub(crate) duration: Option<Duration>,

    #[command(flatten)]
    recording: RecordingArgs,
}

/// A recording of what the policy does.
#[derive(Debug, Args)]
#[command(next_help_heading = "Recording")]
struct RecordingArgs {
    /// Record it: folder of the dataset, a new one, or with --resume one that is there
    #[arg(long, value_name = "DIR", requires = "task")]
    dataset: Option<PathBuf>,

    /// What the robot is to do, in a few words; it goes with every frame
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,

    /// How many episodes to record
    #[arg(long, default_value_t = 1, value_name = "N", requires = "dataset")]
    episodes: u64,

    /// How long an episode lasts, s
    #[arg(long, default_value = "60", value_name = "S", value_parser = seconds, requires = "dataset")]
    episode_time: Duration,

    /// How long the reset between two episodes lasts, s
    #[arg(long, default_value = "60", value_name = "S", value_parser = seconds_or_none, requires = "dataset")]
    reset_time: Duration,

    /// Frames per second
    #[arg(long, default_value_t = 30, value_name = "FPS", requires = "dataset")]
    fps: u32,

    /// Go on with a dataset that is there
    #[arg(long, requires = "dataset")]
    resume: bool,

    /// Leave out the columns and files that are ulna's own
    #[arg(long, requires = "dataset")]
    plain: bool,

    /// Record states and actions alone
    #[arg(long, requires = "dataset")]
    no_cameras: bool,

    /// Size of simulated pictures, pixels
    #[arg(long, default_value = "640x480", value_name = "WxH", value_parser = size, requires = "dataset")]
    camera_size: (u32, u32),
}

impl RunArgs {
    pub(crate) fn rig(&self) -> RigOptions {
        self.rig
            .options(clock(self.lockstep), &LeaderArgs::default())
    }

    pub(crate) fn policy(&self) -> PolicyOptions {
        self.engine.options(self.policy.clone())
    }

    /// What is to be recorded, if anything is.
    pub(crate) fn recording(&self) -> Option<RecordOptions> {
        let RecordingArgs {
            dataset,
            task,
            episodes,
            episode_time,
            reset_time,
            fps,
            resume,
            plain,
            no_cameras,
            camera_size,
        } = &self.recording;
        let options = RecordOptions::new(dataset.clone()?, task.as_deref()?);
        Some(RecordOptions {
            episodes: *episodes,
            episode_time: *episode_time,
            reset_time: *reset_time,
            fps: *fps,
            resume: *resume,
            plain: *plain,
            cameras: match no_cameras {
                true => CameraChoice::Only(Vec::new()),
                false => CameraChoice::All,
            },
            picture: *camera_size,
            ..options
        })
    }
}
