//! `ulna dataset`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ulna_session::datasets::{CardOptions, PageOptions};

use super::check::CheckArgs;
use super::dataset_tools::{
    CompactArgs, DeleteArgs, DiffArgs, ExportArgs, FeaturesArgs, ImportArgs, MergeArgs,
    ReencodeArgs, SelectArgs, SplitArgs, StatsArgs, TasksArgs, TrimArgs,
};
use super::display::DisplayArgs;
use super::replay::UnitsArg;
use super::values::{Episodes, episodes};

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

    /// Write one HTML page of the whole dataset instead: facts, findings, distributions; plots, times and pictures of its episodes
    #[arg(long, value_name = "FILE.html", conflicts_with_all = ["display", "episode", "robot", "units"])]
    pub(crate) report: Option<PathBuf>,

    /// With --report: show these episodes in detail, such as 0-3,7 [default: all, or a hundred of more]
    #[arg(long, value_parser = episodes, value_name = "LIST", requires = "report")]
    episodes: Option<Episodes>,

    /// With --report: overwrite a file that is no report of ulna's
    #[arg(long, requires = "report")]
    force: bool,

    #[command(flatten)]
    pub(crate) display: DisplayArgs,
}

impl ViewArgs {
    pub(crate) fn page(&self) -> PageOptions {
        PageOptions::default()
            .episodes(self.episodes.as_ref().map(|list| list.0.clone()))
            .force(self.force)
    }
}

/// A card to write.
#[derive(Debug, Args)]
pub(crate) struct CardArgs {
    /// Folder of the dataset
    pub(crate) dir: PathBuf,

    /// The licence of the data, by its identifier on the Hub, such as apache-2.0 or cc-by-4.0 [default: what the card says]
    #[arg(long, value_name = "ID")]
    license: Option<String>,

    /// Put ulna's part at the end of a README.md that ulna did not write
    #[arg(long)]
    force: bool,
}

impl CardArgs {
    pub(crate) fn options(&self) -> CardOptions {
        CardOptions::default()
            .license(self.license.clone())
            .force(self.force)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum DatasetAction {
    /// What it holds: episodes, tasks, features, rate, units
    Info {
        /// Folder of the dataset
        dir: PathBuf,
    },
    /// What is wrong with it, and how good each episode is to train on. Exits with 1 if there are errors
    #[command(after_help = super::check::AFTER_HELP)]
    Check(CheckArgs),
    /// Look at an episode in Rerun's viewer (joints, tracking error, pictures, the arm in space), or at all of it in one HTML page
    #[command(after_help = "\
Examples:
  ulna dataset view datasets/so101-hand                            the first episode, in Rerun's viewer (pip install rerun-sdk==0.36.3)
  ulna dataset view DIR --episode 3 --display episode-3.rrd        into a file, which `rerun episode-3.rrd` shows
  ulna dataset view DIR --report report.html                       one page for any browser, without network
  ulna dataset view DIR --report report.html --episodes 0-3,7")]
    View(ViewArgs),
    /// Finish or undo what a crash left half done, and save the episode that was being recorded. What is sound is not touched
    Repair {
        /// Folder of the dataset
        dir: PathBuf,
    },
    /// Write its card, README.md, as the Hub shows it: what it is, how it was recorded, how to load it
    #[command(after_help = "\
Examples:
  ulna dataset card DIR
  ulna dataset card DIR --license cc-by-4.0

Only the part between two comment lines, and missing keys at the top, are ulna's; what you write around them stays. Recording and
the commands that change datasets keep ulna's part up to date.")]
    Card(CardArgs),
    #[command(flatten)]
    Tool(DatasetTool),
}

/// What makes another dataset of one.
#[derive(Debug, Subcommand)]
pub(crate) enum DatasetTool {
    /// Merge the files of single episodes into large ones, without re-encoding
    #[command(after_help = "\
Examples:
  ulna dataset compact DIR
  ulna dataset compact DIR --output SMALLER

Files grow up to the limits in meta/info.json: 100 MB of rows, 200 MB of video. Recording can go on afterwards.
All commands that change a dataset build the new one beside it, check it, and put it in place in one step: a crash leaves the
old one or the new one, and `ulna dataset repair` clears what it left beside them.")]
    Compact(CompactArgs),
    /// Make a v3 dataset from one of an older format, or from a v3 one that is out of order
    #[command(after_help = "\
Examples:
  ulna dataset import OLD --output NEW")]
    Import(ImportArgs),
    /// Remove episodes; those after them move up
    #[command(after_help = "\
Examples:
  ulna dataset delete DIR --episodes 1,3-5
  ulna dataset delete DIR --episodes 0 --output FEWER")]
    Delete(DeleteArgs),
    /// Keep only some episodes: by number, task or length
    #[command(after_help = "\
Examples:
  ulna dataset select DIR --task \"pick up the cube\" --output CUBES
  ulna dataset select DIR --at-least 2 --at-most 30 --output USUAL
  ulna dataset select DIR --episodes 0-9 --output FIRST")]
    Select(SelectArgs),
    /// Say in what two datasets differ. Exits with 1 if they do
    #[command(after_help = "\
Examples:
  ulna dataset diff BEFORE AFTER")]
    Diff(DiffArgs),
    /// Make several datasets out of one
    #[command(after_help = "\
Examples:
  ulna dataset split DIR --fractions train=0.8,val=0.2                  DIR_train and DIR_val beside DIR
  ulna dataset split DIR --by-episodes train=0-7,9 val=8 --output OUT   OUT/train and OUT/val")]
    Split(SplitArgs),
    /// Join datasets of the same robot, rate and features
    #[command(after_help = "\
Examples:
  ulna dataset merge MONDAY TUESDAY --output BOTH

Datasets of LeRobot's lack ulna's own columns: take these off first, with `ulna dataset features --plain`.")]
    Merge(MergeArgs),
    /// Cut the heads and tails of episodes off
    #[command(after_help = "\
Examples:
  ulna dataset trim DIR --episode 3 --from 1.5s --to 9s
  ulna dataset trim DIR --episode 3 --from 45
  ulna dataset trim DIR --idle --threshold 2 --margin 0.5")]
    Trim(TrimArgs),
    /// List tasks, rename them, give them to episodes
    #[command(after_help = "\
Examples:
  ulna dataset tasks DIR                                      lists them
  ulna dataset tasks DIR --rename \"pick cube\" \"pick up the cube\"
  ulna dataset tasks DIR --assign 0,4-6 \"put it back\" --all \"pick up the cube\"")]
    Tasks(TasksArgs),
    /// List features, drop and add them
    #[command(after_help = "\
Examples:
  ulna dataset features DIR                                   lists them
  ulna dataset features DIR --plain                           as LeRobot's own datasets: without ulna's columns
  ulna dataset features DIR --drop observation.images.wrist
  ulna dataset features DIR --rename observation.images.laptop observation.images.top --output RENAMED
  ulna dataset features DIR --add reward=reward.npy --add weight=1")]
    Features(FeaturesArgs),
    /// Compute the statistics from the data
    #[command(after_help = "\
Examples:
  ulna dataset stats DIR
  ulna dataset stats DIR --pictures")]
    Stats(StatsArgs),
    /// Re-encode the pictures with another codec
    #[command(after_help = "\
Examples:
  ulna dataset reencode DIR --codec av1 --output SMALL        LeRobot's settings: SVT-AV1, crf 30, preset 12
  ulna dataset reencode DIR --codec h264                      built in, needs no ffmpeg
  ulna dataset reencode DIR --codec hevc --crf 24 --gop 2")]
    Reencode(ReencodeArgs),
    /// Write episodes as tables, pictures or videos
    #[command(after_help = "\
Examples:
  ulna dataset export DIR --format csv --output OUT
  ulna dataset export DIR --format png --episodes 2 --output OUT
  ulna dataset export DIR --format mp4 --output OUT")]
    Export(ExportArgs),
}
