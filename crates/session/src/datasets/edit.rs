//! `ulna dataset …`, the commands that change datasets: what they did, for programs and for people.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use ulna_dataset::Dataset;
use ulna_dataset::tools::{
    Choice, Cut, Edited, Encoding, FeatureChanges, Format, Parts, Progress, Target, TaskChanges,
    Work, change_features, change_tasks, compact, delete, diff, export, import, merge,
    recompute_stats, reencode, select, split, trim,
};
use ulna_outside::Text;

use super::answer::DatasetAnswer;
use crate::Stop;
use crate::error::SessionError;

/// A change to one dataset.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Removes episodes.
    Delete(Vec<u64>),
    /// Keeps only some episodes.
    Select(Choice),
    /// Cuts heads and tails off.
    Trim(Cut),
    /// Cuts all but a stretch of one episode off, given in frames or in seconds.
    TrimTo {
        /// The episode.
        episode: u64,
        /// The first moment that stays; none is the start.
        from: Option<Moment>,
        /// The first moment that goes again; none is the end.
        to: Option<Moment>,
    },
    /// Changes tasks.
    Tasks(TaskChanges),
    /// Drops and adds features.
    Features(FeatureChanges),
    /// Computes the statistics from the data.
    Stats {
        /// Those of pictures too.
        pictures: bool,
    },
    /// Merges files.
    Compact,
    /// Re-encodes pictures.
    Reencode(Encoding),
}

/// A place in an episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moment {
    /// The frame with this number.
    Frame(u64),
    /// The frame at this many seconds.
    Seconds(f64),
}

impl Moment {
    fn frame(self, fps: f64) -> usize {
        match self {
            Moment::Frame(frame) => usize::try_from(frame).unwrap_or(usize::MAX),
            // A float that is too large or negative becomes the nearest number there is.
            Moment::Seconds(seconds) => (seconds * fps).round() as usize,
        }
    }
}

/// Hears how far a job is.
pub type ProgressListener<'a> = &'a mut dyn FnMut(Progress);

/// Does `job` with reports to `watch`, until `stop`.
pub(super) fn with_work<T>(
    stop: &Stop,
    watch: ProgressListener,
    job: impl FnOnce(&mut Work) -> ulna_dataset::Result<T>,
) -> Result<T, SessionError> {
    let mut on_progress = |progress| {
        watch(progress);
        stop.requested().is_none()
    };
    Ok(job(&mut Work::new(&mut on_progress))?)
}

fn target(output: Option<&Path>) -> Target {
    output.map_or(Target::InPlace, |path| Target::New(path.to_owned()))
}

/// Changes the dataset in `dir`, or writes the result to `output`.
///
/// # Errors
/// If the dataset cannot be opened, the change makes no sense for it, the result cannot be written or does not pass its
/// check. The dataset is then as it was.
pub fn edit(
    dir: &Path,
    edit: &Edit,
    output: Option<&Path>,
    stop: &Stop,
    watch: ProgressListener,
) -> Result<DatasetAnswer, SessionError> {
    let to = target(output);
    let edited = with_work(stop, watch, |work| match edit {
        Edit::Delete(episodes) => delete(dir, episodes, &to, work),
        Edit::Select(choice) => select(dir, choice, &to, work),
        Edit::Trim(cut) => trim(dir, cut, &to, work),
        Edit::TrimTo {
            episode,
            from,
            to: end,
        } => {
            let cut = stretch(dir, *episode, *from, *end)?;
            trim(dir, &cut, &to, work)
        }
        Edit::Tasks(changes) => change_tasks(dir, changes, &to, work),
        Edit::Features(changes) => change_features(dir, changes, &to, work),
        Edit::Stats { pictures } => recompute_stats(dir, *pictures, &to, work),
        Edit::Compact => compact(dir, &to, work),
        Edit::Reencode(encoding) => reencode(dir, encoding, &to, work),
    })?;
    Ok(answer(&edited))
}

fn stretch(
    dir: &Path,
    episode: u64,
    from: Option<Moment>,
    to: Option<Moment>,
) -> ulna_dataset::Result<Cut> {
    let dataset = Dataset::open(dir)?;
    let row = dataset.episode_row(usize::try_from(episode).unwrap_or(usize::MAX))?;
    let length = usize::try_from(row.length).unwrap_or(usize::MAX);
    let fps = dataset.fps();
    let start = from.map_or(0, |moment| moment.frame(fps));
    let end = to.map_or(length, |moment| moment.frame(fps));
    Ok(Cut::Frames {
        episode,
        frames: start..end,
    })
}

/// Joins datasets into a new one.
///
/// # Errors
/// If one cannot be opened, they don't fit together, or the result cannot be written.
pub fn merged(
    dirs: &[PathBuf],
    output: &Path,
    stop: &Stop,
    watch: ProgressListener,
) -> Result<DatasetAnswer, SessionError> {
    let edited = with_work(stop, watch, |work| merge(dirs, output, work))?;
    Ok(answer(&edited))
}

/// In what two datasets differ; good if in nothing.
///
/// # Errors
/// If one cannot be opened.
pub fn compared(
    one: &Path,
    other: &Path,
    stop: &Stop,
    watch: ProgressListener,
) -> Result<DatasetAnswer, SessionError> {
    let found = with_work(stop, watch, |work| diff(one, other, work))?;
    let mut lines = Text::new();
    for difference in &found {
        let episode = difference.episode.map(|k| format!("episode {k}: "));
        let feature = difference.feature.as_ref().map(|key| format!("`{key}`: "));
        let (episode, feature) = (episode.unwrap_or_default(), feature.unwrap_or_default());
        lines.push(format_args!("{episode}{feature}{}", difference.message));
    }
    lines.push(match found.len() {
        0 => "no differences".to_owned(),
        1 => "1 difference".to_owned(),
        several => format!("{several} differences"),
    });
    let differences: Vec<Value> = found
        .iter()
        .map(
            |one| json!({ "episode": one.episode, "feature": one.feature, "message": one.message }),
        )
        .collect();
    Ok(DatasetAnswer {
        json: json!({ "same": found.is_empty(), "differences": differences }),
        text: lines,
        good: found.is_empty(),
    })
}

/// Writes a v3 dataset from one of any format that ulna reads.
///
/// # Errors
/// If it cannot be opened, or the result cannot be written.
pub fn imported(
    dir: &Path,
    output: &Path,
    stop: &Stop,
    watch: ProgressListener,
) -> Result<DatasetAnswer, SessionError> {
    let edited = with_work(stop, watch, |work| import(dir, output, work))?;
    Ok(answer(&edited))
}

/// Splits a dataset into new ones below `output`; without it, next to the dataset as `NAME_PART`, as LeRobot names them.
///
/// # Errors
/// If it cannot be opened, the parts make no sense, or a result cannot be written.
pub fn parted(
    dir: &Path,
    parts: &Parts,
    output: Option<&Path>,
    stop: &Stop,
    watch: ProgressListener,
) -> Result<DatasetAnswer, SessionError> {
    let made = with_work(stop, watch, |work| split(dir, parts, output, work))?;
    let mut lines = Text::new();
    let mut all = serde_json::Map::new();
    for (name, edited) in &made {
        let one = answer(edited);
        let mut own = one.text.lines().iter();
        if let Some(first) = own.next() {
            lines.push(format_args!("{name}: {first}"));
        }
        lines.extend(own);
        all.insert(name.clone(), one.json);
    }
    Ok(DatasetAnswer {
        json: json!({ "parts": all }),
        text: lines,
        good: true,
    })
}

/// Writes episodes as tables, pictures or videos.
///
/// # Errors
/// If the dataset cannot be opened or a file not be written.
pub fn exported(
    dir: &Path,
    episodes: Option<&[u64]>,
    format: Format,
    output: &Path,
    stop: &Stop,
    watch: ProgressListener,
) -> Result<DatasetAnswer, SessionError> {
    let done = with_work(stop, watch, |work| {
        export(dir, episodes, format, output, work)
    })?;
    let mut lines: Vec<String> = done
        .paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    lines.push(format!(
        "{} frames of {} written",
        done.frames,
        dir.display()
    ));
    Ok(DatasetAnswer {
        json: json!({ "paths": done.paths, "frames": done.frames }),
        text: lines.into_iter().collect(),
        good: true,
    })
}

/// The tasks, and how many episodes and frames have them.
///
/// # Errors
/// If the dataset cannot be opened.
pub fn tasks(dir: &Path) -> Result<DatasetAnswer, SessionError> {
    let dataset = Dataset::open(dir)?;
    let mut tasks: Vec<Value> = Vec::new();
    let mut lines = Vec::new();
    for (index, task) in dataset.tasks().iter().enumerate() {
        let with = dataset
            .episodes()
            .iter()
            .filter(|row| row.tasks.contains(task));
        let episodes: Vec<u64> = with.map(|row| row.episode_index).collect();
        lines.push(format!("{index:>4}  {task}  ({} episodes)", episodes.len()));
        tasks.push(json!({ "index": index, "task": task, "episodes": episodes }));
    }
    Ok(DatasetAnswer {
        json: json!({ "tasks": tasks }),
        text: lines.into_iter().collect(),
        good: true,
    })
}

/// The features.
///
/// # Errors
/// If the dataset cannot be opened.
pub fn features(dir: &Path) -> Result<DatasetAnswer, SessionError> {
    let dataset = Dataset::open(dir)?;
    let mut lines = Vec::new();
    let mut features: Vec<Value> = Vec::new();
    for feature in &dataset.info().features {
        let (key, dtype) = (&feature.key, feature.dtype.name());
        lines.push(format!(
            "{key:<32} {dtype:<8} {:?}  {}",
            feature.shape,
            feature.names.join(" ")
        ));
        features.push(json!({
            "key": key, "dtype": dtype, "shape": feature.shape, "names": feature.names,
        }));
    }
    Ok(DatasetAnswer {
        json: json!({ "features": features }),
        text: lines.into_iter().collect(),
        good: true,
    })
}

fn answer(edited: &Edited) -> DatasetAnswer {
    let Edited {
        root,
        episodes,
        frames,
        files_kept,
        files_written,
        pictures_encoded,
        notes,
    } = edited;
    let mut lines = notes.clone();
    lines.push(format!(
        "{}: {episodes} episodes, {frames} frames; {files_written} data and video files written, {files_kept} \
         taken over, {pictures_encoded} pictures re-encoded",
        root.display()
    ));
    DatasetAnswer {
        json: json!({
            "dataset": root,
            "episodes": episodes,
            "frames": frames,
            "files_written": files_written,
            "files_kept": files_kept,
            "pictures_encoded": pictures_encoded,
            "notes": notes,
        }),
        text: lines.into_iter().collect(),
        good: true,
    }
}
