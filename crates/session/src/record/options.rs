//! What is to be recorded, and whether that makes sense.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ulna_dataset::{Dataset, free_bytes};
use ulna_recorder::space::RESERVE;
use ulna_recorder::{OnInterrupt, OnLate};

use super::CodecChoice;
use crate::error::SessionError;
use crate::failure::SessionFailure;
use crate::usage::{RecordUsage, UsageError};

/// Which of the robot's cameras are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraChoice {
    /// All of them.
    All,
    /// Those of these names; none if empty.
    Only(Vec<String>),
}

/// How many episodes are to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Episodes {
    /// So many that the dataset holds this number in the end.
    Total(u64),
    /// So many more.
    More(u64),
}

impl Episodes {
    /// How many that is, for a dataset that holds so many.
    pub(super) fn missing(self, there: u64) -> u64 {
        match self {
            Episodes::Total(total) => total.saturating_sub(there),
            Episodes::More(more) => more,
        }
    }
}

/// What is to be recorded.
#[derive(Debug, Clone)]
pub struct RecordOptions {
    /// Folder of the dataset.
    pub dataset: PathBuf,
    /// The task that the robot performs.
    pub task: String,
    /// How many episodes.
    pub episodes: Episodes,
    /// How long each lasts at most.
    pub episode_time: Duration,
    /// How long one may reset the scene.
    pub reset_time: Duration,
    /// Rows per second.
    pub fps: u32,
    /// Go on with a dataset that is there.
    pub resume: bool,
    /// Leave out all columns and files of ulna's own.
    pub plain: bool,
    /// The cameras.
    pub cameras: CameraChoice,
    /// Width and height of simulated pictures, pixels; as each camera of the scene has them if `None`.
    pub picture: Option<(u32, u32)>,
    /// What goes wrong with simulated cameras, e.g. `front:frozen@3s`.
    pub camera_faults: Vec<String>,
    /// What Ctrl-C does with the running episode.
    pub on_interrupt: OnInterrupt,
    /// What late pictures and control ticks do with it.
    pub on_late: OnLate,
    /// How pictures are encoded.
    pub codec: CodecChoice,
}

impl RecordOptions {
    /// LeRobot's defaults but for the number of episodes, which it has at 50: 60 s each, 60 s to reset, 30 rows/s, all cameras
    /// with 640 x 480 pixels.
    pub fn new(dataset: PathBuf, task: &str) -> Self {
        Self {
            dataset,
            task: task.to_owned(),
            episodes: Episodes::More(1),
            episode_time: Duration::from_secs(60),
            reset_time: Duration::from_secs(60),
            fps: 30,
            resume: false,
            plain: false,
            cameras: CameraChoice::All,
            picture: None,
            camera_faults: Vec::new(),
            on_interrupt: OnInterrupt::Save,
            on_late: OnLate::Mark,
            codec: CodecChoice::default(),
        }
    }

    /// How many episodes the dataset holds, if those are all that it is to have.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn complete(&self) -> Result<Option<u64>, SessionError> {
        if !self.resume {
            return Ok(None);
        }
        if !self.dataset.exists() {
            let dataset = self.dataset.clone();
            return Err(UsageError::from(RecordUsage::NothingThere { dataset }).into());
        }
        let there = Dataset::open(&self.dataset)?.info().total_episodes;
        Ok((self.episodes.missing(there) == 0).then_some(there))
    }

    /// Refuses a disk on which the session would end as soon as it begins.
    fn check_disk(&self) -> Result<(), SessionError> {
        let mut there = self.dataset.ancestors();
        let folder = there.find(|folder| folder.exists());
        // The parent of a bare name is the current folder.
        let folder = folder.unwrap_or(Path::new("."));
        match free_bytes(folder) {
            Some(free) if free < 2 * RESERVE => {
                let full = SessionFailure::DiskFull {
                    dataset: self.dataset.clone(),
                    megabytes: free / 1_000_000,
                };
                Err(full.into())
            }
            _ => Ok(()),
        }
    }

    /// How many rows a time has.
    pub(super) fn rows(&self, time: Duration) -> u64 {
        (time.as_secs_f64() * f64::from(self.fps)).round() as u64
    }

    /// Refuses what makes no sense, before anything is opened.
    pub(super) fn check(&self, rate_hz: f64) -> Result<(), SessionError> {
        let usage = |wrong: RecordUsage| Err(UsageError::from(wrong).into());
        if self.task.trim().is_empty() {
            return usage(RecordUsage::NoTask);
        }
        if let Episodes::Total(0) | Episodes::More(0) = self.episodes {
            return usage(RecordUsage::NoEpisodes);
        }
        if let Some(there) = self.complete()? {
            return usage(RecordUsage::Complete {
                dataset: self.dataset.clone(),
                episodes: there,
            });
        }
        self.check_disk()?;
        if !self.resume {
            self.codec.encoding()?;
        }
        if self.fps == 0 || f64::from(self.fps) > rate_hz {
            let fps = self.fps;
            return usage(RecordUsage::Fps { fps, rate_hz });
        }
        if self.rows(self.episode_time) == 0 {
            return usage(RecordUsage::EpisodeTime {
                seconds: self.episode_time.as_secs_f64(),
                fps: self.fps,
            });
        }
        let fits =
            |side: u32, largest: u32| side.is_multiple_of(2) && (16..=largest).contains(&side);
        match self.picture {
            Some((width, height)) if !fits(width, 3840) || !fits(height, 2160) => {
                usage(RecordUsage::CameraSize { width, height })
            }
            _ => Ok(()),
        }
    }
}
