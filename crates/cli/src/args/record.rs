//! `ulna record`.

use std::path::PathBuf;

use clap::Args;
use ulna_session::record::{CameraChoice, RecordOptions};
use ulna_session::usage::{RecordUsage, UsageError};
use ulna_session::{RigOptions, SessionError};

use super::display::DisplayArgs;
use super::recording::RecordingArgs;
use super::rig::{LeaderArgs, RigArgs, clock};
use crate::sounds::Sounds;

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    #[command(flatten)]
    rig: RigArgs,

    #[command(flatten)]
    pub(crate) display: DisplayArgs,

    #[command(flatten)]
    leader: LeaderArgs,

    /// Run the simulation on the virtual clock: as fast as possible, bit-identical for a seed
    #[arg(long, requires = "sim", help_heading = "Rig")]
    lockstep: bool,

    #[command(flatten)]
    what: WhatArgs,
}

/// What is recorded.
#[derive(Debug, Args)]
#[command(next_help_heading = "Recording")]
pub(crate) struct WhatArgs {
    /// Folder of the dataset: a new one, or with --resume one that is there
    #[arg(long, value_name = "DIR")]
    dataset: PathBuf,

    /// What the robot is to do, in a few words; it goes with every frame [default: the task of the simulated scene]
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,

    #[command(flatten)]
    recording: RecordingArgs,

    /// The cameras to record, by name, separated by commas; all of the rig unless given
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    cameras: Option<Vec<String>>,

    /// Record states and actions alone
    #[arg(long, conflicts_with = "cameras")]
    no_cameras: bool,

    /// What goes wrong with a simulated camera, one per camera: NAME:frozen@TIME, NAME:silent@TIME, NAME:gone@TIME, NAME:late+TIME@TIME
    #[arg(long, value_name = "FAULT", requires = "sim")]
    camera_fault: Vec<String>,
}

impl RecordArgs {
    pub(crate) fn rig(&self) -> Result<RigOptions, SessionError> {
        self.rig.options(clock(self.lockstep), &self.leader)
    }

    pub(crate) fn options(&self) -> Result<RecordOptions, SessionError> {
        let of_rig = self.rig.recorded_cameras()?;
        let what = &self.what;
        let cameras = match (&what.cameras, of_rig) {
            (Some(names), _) => CameraChoice::Only(names.clone()),
            (None, _) if what.no_cameras => CameraChoice::Only(Vec::new()),
            (None, Some(names)) => CameraChoice::Only(names),
            (None, None) => CameraChoice::All,
        };
        let task = match &what.task {
            Some(task) => task.clone(),
            None => self
                .rig
                .task_of_scene()?
                .ok_or_else(|| UsageError::from(RecordUsage::TaskMissing))?,
        };
        Ok(RecordOptions {
            cameras,
            camera_faults: what.camera_fault.clone(),
            ..what.recording.options(what.dataset.clone(), &task)
        })
    }

    pub(crate) fn sounds(&self) -> Sounds {
        self.what.recording.sounds
    }
}
