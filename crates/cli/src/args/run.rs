//! `ulna run`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ulna_session::policies::PolicyOptions;
use ulna_session::record::{CameraChoice, RecordOptions};
use ulna_session::{RigOptions, SessionError};

use super::display::DisplayArgs;
use super::policy::EngineArgs;
use super::recording::RecordingArgs;
use super::rig::{LeaderArgs, RigArgs, clock};
use super::values::seconds;

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

    /// Stop after this time, such as 10 or 1m30s; without it, Ctrl-C ends it
    #[arg(long, help_heading = "Session", value_name = "S", value_parser = seconds, conflicts_with = "dataset")]
    pub(crate) duration: Option<Duration>,

    #[command(flatten)]
    pub(crate) recording: PolicyRecordingArgs,
}

/// A recording of what the policy does.
#[derive(Debug, Args)]
#[command(next_help_heading = "Recording")]
pub(crate) struct PolicyRecordingArgs {
    /// Record it: folder of the dataset, a new one, or with --resume one that is there
    #[arg(long, value_name = "DIR", requires = "task")]
    dataset: Option<PathBuf>,

    /// What the robot is to do, in a few words: it goes into the report and with every recorded frame. ACT and Diffusion do not take it in
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,

    #[command(flatten)]
    pub(crate) episodes: RecordingArgs,

    /// Record states and actions alone
    #[arg(long, requires = "dataset")]
    no_cameras: bool,
}

impl RunArgs {
    pub(crate) fn rig(&self) -> Result<RigOptions, SessionError> {
        self.rig
            .options(clock(self.lockstep), &LeaderArgs::default())
    }

    pub(crate) fn policy(&self) -> PolicyOptions {
        PolicyOptions {
            task: self.recording.task.clone(),
            ..self.engine.options(self.policy.clone())
        }
    }

    /// What is to be recorded, if anything is.
    pub(crate) fn recording(&self) -> Option<RecordOptions> {
        let PolicyRecordingArgs {
            dataset,
            task,
            episodes,
            no_cameras,
        } = &self.recording;
        Some(RecordOptions {
            cameras: match no_cameras {
                true => CameraChoice::Only(Vec::new()),
                false => CameraChoice::All,
            },
            ..episodes.options(dataset.clone()?, task.as_deref()?)
        })
    }
}
