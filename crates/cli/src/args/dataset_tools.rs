//! The commands of `ulna dataset` that change datasets.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ulna_session::datasets::{
    Choice, Cut, Edit, FeatureChanges, Format, Moment, NewFeature, NewValues, Number, Parts,
    TaskChanges,
};
use ulna_session::record::CodecChoice;

use super::values::{Episodes, dtype, episodes, fraction, moment, new_values, part};

/// A dataset, and where the result goes.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Folder of the dataset
    pub(crate) dir: PathBuf,

    /// Write the result to this folder, absent or empty, and leave the dataset as it is
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

/// A dataset that loses something for good, unless the result goes elsewhere.
#[derive(Debug, Args)]
pub(crate) struct Costly {
    #[command(flatten)]
    pub(crate) place: Place,

    /// Change the dataset in place without asking
    #[arg(long, short = 'y', conflicts_with = "output")]
    pub(crate) yes: bool,

    /// Before changing the dataset in place, copy it to DIR.backup
    #[arg(long, conflicts_with = "output")]
    pub(crate) backup: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompactArgs {
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Folder of the dataset, of any format that ulna reads
    pub(crate) dir: PathBuf,

    /// Folder of the new dataset, absent or empty
    #[arg(long, value_name = "DIR")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) on: Costly,

    /// The episodes that go, such as 1,3-5
    #[arg(long, value_parser = episodes, value_name = "LIST")]
    episodes: Episodes,
}

impl DeleteArgs {
    pub(crate) fn edit(&self) -> Edit {
        Edit::Delete(self.episodes.0.clone())
    }
}

#[derive(Debug, Args)]
pub(crate) struct SelectArgs {
    #[command(flatten)]
    pub(crate) on: Costly,

    /// Keep these episodes, such as 1,3-5
    #[arg(long, value_parser = episodes, value_name = "LIST")]
    episodes: Option<Episodes>,

    /// Keep episodes with frames of this task; may be repeated
    #[arg(long, value_name = "TEXT")]
    task: Vec<String>,

    /// Keep episodes that are at least so long, in seconds
    #[arg(long, value_name = "S")]
    at_least: Option<f64>,

    /// Keep episodes that are at most so long, in seconds
    #[arg(long, value_name = "S")]
    at_most: Option<f64>,
}

impl SelectArgs {
    pub(crate) fn edit(&self) -> Edit {
        Edit::Select(
            Choice::default()
                .episodes(self.episodes.as_ref().map(|list| list.0.clone()))
                .tasks(self.task.clone())
                .at_least(self.at_least)
                .at_most(self.at_most),
        )
    }
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Folder of the one dataset
    pub(crate) one: PathBuf,

    /// Folder of the other
    pub(crate) other: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SplitArgs {
    /// Folder of the dataset
    pub(crate) dir: PathBuf,

    /// Shares of the episodes, in order, such as train=0.8,val=0.2; the last part gets the rest
    #[arg(long, value_parser = fraction, value_delimiter = ',', value_name = "NAME=SHARE",
          required_unless_present = "by_episodes", conflicts_with = "by_episodes")]
    fractions: Vec<(String, f64)>,

    /// The episodes of a part, such as train=0-7,9
    #[arg(long, value_parser = part, num_args = 1.., value_name = "NAME=LIST")]
    by_episodes: Vec<(String, Vec<u64>)>,

    /// The parts become folders in this one [default: next to the dataset, as DIR_NAME]
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

impl SplitArgs {
    pub(crate) fn parts(&self) -> Parts {
        match self.fractions.is_empty() {
            true => Parts::Episodes(self.by_episodes.clone()),
            false => Parts::Fractions(self.fractions.clone()),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// Folders of the datasets, in the order of their episodes
    #[arg(required = true, value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,

    /// Folder of the new dataset, absent or empty
    #[arg(long, value_name = "DIR")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct TrimArgs {
    #[command(flatten)]
    pub(crate) on: Costly,

    /// The episode to trim
    #[arg(long, value_name = "K", conflicts_with = "idle")]
    episode: Option<u64>,

    /// What stays begins here: a frame's number, or seconds such as 1.5s [default: at the start]
    #[arg(long, value_parser = moment, value_name = "WHEN", requires = "episode")]
    from: Option<Moment>,

    /// What stays ends before this: a frame's number, or seconds [default: at the end]
    #[arg(long, value_parser = moment, value_name = "WHEN", requires = "episode")]
    to: Option<Moment>,

    /// Of every episode, cut off what lies before the first and after the last movement
    #[arg(long)]
    idle: bool,

    /// With --idle: only these episodes, such as 1,3-5
    #[arg(long, value_parser = episodes, value_name = "LIST", requires = "idle")]
    episodes: Option<Episodes>,

    /// With --idle: how far a joint may stray and still count as at rest, in the dataset's units
    #[arg(long, value_name = "X", default_value_t = 1.0, requires = "idle")]
    threshold: f64,

    /// With --idle: seconds that stay before and after the movement
    #[arg(long, value_name = "S", default_value_t = 0.2, requires = "idle")]
    margin: f64,
}

impl TrimArgs {
    pub(crate) fn edit(&self) -> Result<Edit, String> {
        match (self.episode, self.idle) {
            (Some(episode), _) => Ok(Edit::TrimTo {
                episode,
                from: self.from,
                to: self.to,
            }),
            (None, true) => Ok(Edit::Trim(Cut::Idle {
                episodes: self.episodes.as_ref().map(|list| list.0.clone()),
                threshold: self.threshold,
                margin: self.margin,
            })),
            (None, false) => Err(
                "nothing says what is to be cut off: --episode K with --from and --to, or --idle"
                    .to_owned(),
            ),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TasksArgs {
    #[command(flatten)]
    pub(crate) place: Place,

    /// Give a task another text; may be repeated
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    rename: Vec<String>,

    /// Give episodes, such as 1,3-5, one task; may be repeated
    #[arg(long, num_args = 2, value_names = ["LIST", "TEXT"])]
    assign: Vec<String>,

    /// Give all episodes that the others leave alone this task
    #[arg(long, value_name = "TEXT")]
    all: Option<String>,
}

impl TasksArgs {
    /// The changes; none when the tasks are to be listed.
    pub(crate) fn edit(&self) -> Result<Option<Edit>, String> {
        let mut changes = TaskChanges::default().others(self.all.clone());
        for pair in self.rename.chunks_exact(2) {
            changes.renamed.insert(pair[0].clone(), pair[1].clone());
        }
        for pair in self.assign.chunks_exact(2) {
            for episode in episodes(&pair[0])
                .map_err(|why| format!("--assign {}: {why}", pair[0]))?
                .0
            {
                changes.assigned.insert(episode, pair[1].clone());
            }
        }
        Ok((changes != TaskChanges::default()).then_some(Edit::Tasks(changes)))
    }
}

#[derive(Debug, Args)]
pub(crate) struct FeaturesArgs {
    #[command(flatten)]
    pub(crate) on: Costly,

    /// Drop a feature; may be repeated
    #[arg(long, value_name = "KEY")]
    drop: Vec<String>,

    /// Give a feature or camera another name; may be repeated
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    rename: Vec<String>,

    /// Drop ulna's own columns, `ulna.*`, which other datasets don't have
    #[arg(long)]
    plain: bool,

    /// Add a feature: KEY=1.0,0.0 for a constant, KEY=FILE.npy or KEY=FILE.parquet with a row per frame; may be repeated
    #[arg(long, value_parser = new_values, value_name = "KEY=VALUES")]
    add: Vec<(String, NewValues)>,

    /// The type of what is added, by its numpy name [default: that of the file, float32 for constants]
    #[arg(long, value_parser = dtype, value_name = "TYPE", requires = "add")]
    dtype: Option<Number>,
}

impl FeaturesArgs {
    /// The changes; none when the features are to be listed.
    pub(crate) fn edit(&self) -> Option<Edit> {
        let added = self
            .add
            .iter()
            .map(|(key, values)| NewFeature::new(key, values.clone()).number(self.dtype));
        let changes = FeatureChanges::default()
            .dropped(self.drop.clone())
            .plain(self.plain)
            .renamed(
                (self.rename.chunks_exact(2))
                    .map(|pair| (pair[0].clone(), pair[1].clone()))
                    .collect(),
            )
            .added(added.collect());
        (changes != FeatureChanges::default()).then_some(Edit::Features(changes))
    }
}

#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    pub(crate) place: Place,

    /// Decode the pictures and compute theirs too, which takes long
    #[arg(long)]
    pub(crate) pictures: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReencodeArgs {
    #[command(flatten)]
    pub(crate) place: Place,

    /// h264 (built in); av1, hevc, vp9 or the name of an encoder of the ffmpeg on the PATH
    #[arg(long, value_name = "CODEC")]
    codec: String,

    /// Distance of key frames, in frames
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    gop: Option<u32>,

    /// Constant quality, less is better [default: LeRobot's, 30; h264 has its own]
    #[arg(long, value_name = "N")]
    crf: Option<u32>,

    /// Speed, as the encoder names it [default: 12 for av1]
    #[arg(long, value_name = "P")]
    preset: Option<String>,
}

impl ReencodeArgs {
    pub(crate) fn edit(&self) -> Result<Edit, String> {
        let choice = CodecChoice {
            codec: Some(self.codec.clone()),
            gop: self.gop,
            crf: self.crf,
            preset: self.preset.clone(),
        };
        let encoding = choice.encoding().map_err(|error| error.to_string())?;
        Ok(Edit::Reencode(encoding))
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A table with a line per frame
    Csv,
    /// A folder of pictures per camera
    Png,
    /// A video per camera, not re-encoded
    Mp4,
}

impl From<ExportFormat> for Format {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Csv => Format::Csv,
            ExportFormat::Png => Format::Png,
            ExportFormat::Mp4 => Format::Mp4,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Folder of the dataset
    pub(crate) dir: PathBuf,

    /// What each episode becomes
    #[arg(long)]
    pub(crate) format: ExportFormat,

    /// Folder for the files
    #[arg(long, value_name = "DIR")]
    pub(crate) output: PathBuf,

    /// Only these episodes, such as 1,3-5
    #[arg(long, value_parser = episodes, value_name = "LIST")]
    episodes: Option<Episodes>,
}

impl ExportArgs {
    pub(crate) fn episodes(&self) -> Option<&[u64]> {
        self.episodes.as_ref().map(|list| list.0.as_slice())
    }
}
