//! What `ulna record` and `ulna run --dataset` have in common: how many episodes, how long, at which rate, into what.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ulna_session::record::{Episodes, OnInterrupt, OnLate, RecordOptions};

use super::codec::CodecArgs;
use super::values::{MOST_EPISODES, seconds, seconds_or_none, size};
use crate::sounds::Sounds;

/// The episodes of a recording. A command that takes these has an argument `dataset` as well.
#[derive(Debug, Args)]
#[command(next_help_heading = "Recording")]
pub(crate) struct RecordingArgs {
    /// How many episodes the dataset is to hold in the end; with --resume, those that are there count [default: one more]
    #[arg(
        long,
        value_name = "N",
        requires = "dataset",
        conflicts_with = "more",
        value_parser = clap::value_parser!(u64).range(1..=MOST_EPISODES)
    )]
    episodes: Option<u64>,

    /// Go on with a dataset that is there, and record so many more
    #[arg(long, value_name = "N", requires = "dataset", value_parser = clap::value_parser!(u64).range(1..=MOST_EPISODES))]
    more: Option<u64>,

    /// How long an episode lasts, such as 30 or 1m30s
    #[arg(long, default_value = "60", value_name = "S", value_parser = seconds, requires = "dataset")]
    episode_time: Duration,

    /// How long the reset between two episodes lasts
    #[arg(long, default_value = "60", value_name = "S", value_parser = seconds_or_none, requires = "dataset")]
    reset_time: Duration,

    /// Frames per second
    #[arg(long, default_value_t = 30, value_name = "FPS", requires = "dataset")]
    fps: u32,

    /// Go on with a dataset that is there
    #[arg(long, requires = "dataset")]
    resume: bool,

    /// Leave out the columns and files that are ulna's own, for datasets that LeRobot will extend or merge
    #[arg(long, requires = "dataset")]
    plain: bool,

    /// Size of simulated pictures, pixels [default: as the scene has it, 640x480]
    #[arg(long, value_name = "WxH", value_parser = size, requires = "dataset")]
    camera_size: Option<(u32, u32)>,

    #[command(flatten)]
    codec: CodecArgs,

    /// What Ctrl-C does with the running episode
    #[arg(long, value_enum, default_value_t = InterruptArg::Save, value_name = "WHAT", requires = "dataset")]
    on_interrupt: InterruptArg,

    /// What a late picture does with the running episode; a computer that stands still counts, too
    #[arg(long, value_enum, default_value_t = LateArg::Mark, value_name = "WHAT", requires = "dataset")]
    on_late: LateArg,

    /// Announce when an episode begins and ends: with the terminal's bell, or by a voice (say, spd-say or espeak on the PATH)
    #[arg(long, value_enum, default_value_t = Sounds::Off, value_name = "HOW", requires = "dataset")]
    pub(crate) sounds: Sounds,
}

/// See [`OnInterrupt`].
#[derive(Debug, Clone, Copy, ValueEnum)]
enum InterruptArg {
    /// It is saved as far as it went
    Save,
    /// It is thrown away
    Discard,
}

/// See [`OnLate`].
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LateArg {
    /// It goes on; its late rows are marked and counted, and `ulna dataset check` grades it
    Mark,
    /// It is thrown away, and recorded again after the reset
    Discard,
    /// It is saved as far as it went, and the session ends
    Stop,
}

impl RecordingArgs {
    /// The options of a recording into `dataset`; cameras and their faults are the caller's.
    pub(crate) fn options(&self, dataset: PathBuf, task: &str) -> RecordOptions {
        let episodes = match (self.more, self.episodes) {
            (Some(more), _) => Episodes::More(more),
            (None, Some(total)) => Episodes::Total(total),
            (None, None) => Episodes::More(1),
        };
        RecordOptions {
            episodes,
            episode_time: self.episode_time,
            reset_time: self.reset_time,
            fps: self.fps,
            resume: self.resume || self.more.is_some(),
            plain: self.plain,
            picture: self.camera_size,
            codec: self.codec.choice(),
            on_interrupt: match self.on_interrupt {
                InterruptArg::Save => OnInterrupt::Save,
                InterruptArg::Discard => OnInterrupt::Discard,
            },
            on_late: match self.on_late {
                LateArg::Mark => OnLate::Mark,
                LateArg::Discard => OnLate::Discard,
                LateArg::Stop => OnLate::Stop,
            },
            ..RecordOptions::new(dataset, task)
        }
    }
}
