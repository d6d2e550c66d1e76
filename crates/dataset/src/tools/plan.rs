//! What an edited dataset consists of, decided before anything is written: which frames of which episodes, under
//! which tasks, with which features, in which files. Every tool is a plan; [`build`](super::build) carries it out.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature};
use crate::format::{DATA_PATH, Format, INFO_PATH, VIDEO_PATH};
use crate::info::Info;
use crate::paths::fault;
use crate::reader::{Dataset, EpisodeReader};
use crate::tools::take::Take;
use crate::tools::values::Values;
use crate::video::Encoding;
use crate::{advice, splits};

/// How data and videos are put into files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// What shares a file goes on sharing one.
    Keep,
    /// Files are filled up to the limits that `info.json` states.
    Fill,
}

/// What is computed again although nothing else asks for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recompute {
    /// The statistics of pictures; those of numbers always are.
    pub(crate) picture_statistics: bool,
    /// The videos, in this encoding.
    pub(crate) videos: Option<Encoding>,
}

/// A feature of the result.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) feature: Feature,
    /// Its key in the sources; another one if it is renamed.
    pub(crate) from: String,
    /// Its values over all frames of the first source, if it is new.
    pub(crate) values: Option<Values>,
}

/// A whole edit.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) sources: Vec<Dataset>,
    pub(crate) takes: Vec<Take>,
    pub(crate) columns: Vec<Column>,
    pub(crate) tasks: Vec<String>,
    pub(crate) packing: Packing,
    pub(crate) recompute: Recompute,
    /// What the user should know of it, a sentence each.
    pub(crate) notes: Vec<String>,
}

impl Plan {
    /// Everything as it is.
    pub(crate) fn of(dataset: Dataset) -> Result<Plan> {
        Plan::of_all(vec![dataset])
    }

    /// Only these episodes; the rows of others are not looked at.
    pub(crate) fn of_episodes(dataset: Dataset, keep: impl Fn(usize) -> bool) -> Result<Plan> {
        Plan::build(vec![dataset], &keep, OnUnreadable::Fail)
    }

    /// Whatever can be read; what cannot is left out, with a note.
    pub(crate) fn of_what_is_readable(dataset: Dataset) -> Result<Plan> {
        Plan::build(vec![dataset], &|_| true, OnUnreadable::LeaveOut)
    }

    /// All episodes of these datasets, one after the other, with the features of the first and the tasks of all.
    pub(crate) fn of_all(sources: Vec<Dataset>) -> Result<Plan> {
        Plan::build(sources, &|_| true, OnUnreadable::Fail)
    }

    fn build(
        sources: Vec<Dataset>,
        keep: &dyn Fn(usize) -> bool,
        on_unreadable: OnUnreadable,
    ) -> Result<Plan> {
        let mut list = TaskList::default();
        let mut takes = Vec::new();
        let mut notes = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            let known: BTreeMap<i64, u32> = (source.task_numbers().iter().zip(source.tasks()))
                .map(|(task, text)| (*task, list.position(text)))
                .collect();
            let mut reader = match on_unreadable {
                OnUnreadable::Fail => EpisodeReader::new(source, Vec::new()),
                // What cannot be read has to be known before it is written.
                OnUnreadable::LeaveOut => EpisodeReader::of_all(source),
            };
            for episode in (0..source.len()).filter(|episode| keep(*episode)) {
                let read = match reader.read(episode) {
                    Ok(read) => read,
                    Err(error) if on_unreadable == OnUnreadable::LeaveOut => {
                        notes.push(format!("episode {episode} is left out: {error}"));
                        continue;
                    }
                    Err(error) => return Err(unreadable(source, episode, error)),
                };
                let mut tasks = Vec::with_capacity(read.len());
                for task in read.task_index() {
                    let position = match (known.get(task), on_unreadable) {
                        (Some(position), _) => *position,
                        (None, OnUnreadable::LeaveOut) => {
                            list.position(&stand_in(source, episode, *task, &mut notes))
                        }
                        (None, OnUnreadable::Fail) => {
                            return Err(unknown_task(source, episode, *task));
                        }
                    };
                    tasks.push(position);
                }
                takes.push(Take::whole(number, &read, tasks, source.fps()));
            }
        }
        let features = sources.first().map(|first| first.info().features.clone());
        let columns = features.unwrap_or_default().into_iter();
        Ok(Plan {
            columns: columns
                .map(|feature| Column {
                    from: feature.key.clone(),
                    feature,
                    values: None,
                })
                .collect(),
            sources,
            takes,
            tasks: list.texts,
            packing: Packing::Keep,
            recompute: Recompute::default(),
            notes,
        })
    }

    /// Leaves tasks out that no frame has.
    pub(crate) fn drop_unused_tasks(&mut self) {
        let mut used = vec![false; self.tasks.len()];
        for task in self.takes.iter().flat_map(|take| &take.tasks) {
            used[*task as usize] = true;
        }
        let mut moved = BTreeMap::new();
        let mut kept = Vec::new();
        for (old, text) in std::mem::take(&mut self.tasks).into_iter().enumerate() {
            if used[old] {
                moved.insert(old as u32, kept.len() as u32);
                kept.push(text);
            }
        }
        self.tasks = kept;
        self.move_tasks(&moved);
    }

    /// Gives tasks other numbers.
    pub(crate) fn move_tasks(&mut self, moved: &BTreeMap<u32, u32>) {
        for task in self.takes.iter_mut().flat_map(|take| &mut take.tasks) {
            *task = moved.get(task).copied().unwrap_or(*task);
        }
    }

    /// How many frames the result has.
    pub(crate) fn frames(&self) -> u64 {
        self.takes.iter().map(|take| take.tasks.len() as u64).sum()
    }

    /// Where an episode of the result begins in the result.
    pub(crate) fn starts(&self) -> Vec<u64> {
        let mut next = 0;
        let starts = self.takes.iter().map(|take| {
            let start = next;
            next += take.tasks.len() as u64;
            start
        });
        starts.collect()
    }

    /// The cameras of the result.
    pub(crate) fn cameras(&self) -> impl Iterator<Item = &Feature> {
        let features = self.columns.iter().map(|column| &column.feature);
        features.filter(|feature| feature.dtype == Dtype::Video)
    }

    /// The result's `info.json`: that of the first source with the plan's features and counts.
    pub(crate) fn info(&self) -> Result<Info> {
        let first = self.sources.first().ok_or_else(|| {
            DatasetError::invalid("the edit", "it is about no dataset; name at least one")
        })?;
        let mut raw = match first.info().to_value() {
            Value::Object(raw) => raw,
            _ => Map::new(),
        };
        if first.info().format < Format::V3 {
            to_v3(&mut raw);
        }
        let declared: Map<String, Value> = self
            .columns
            .iter()
            .map(|c| (c.feature.key.clone(), c.feature.declaration()))
            .collect();
        strict(&mut raw, first.fps());
        raw.insert("features".to_owned(), Value::Object(declared));
        if self.cameras().next().is_none() {
            raw.insert("video_path".to_owned(), Value::Null);
        }
        raw.insert("total_episodes".to_owned(), json!(self.takes.len()));
        raw.insert("total_frames".to_owned(), json!(self.frames()));
        raw.insert("total_tasks".to_owned(), json!(self.tasks.len()));
        raw.insert("splits".to_owned(), self.splits(first).0);
        let parse =
            |raw: Map<_, _>| Info::parse(&Value::Object(raw), std::path::Path::new(INFO_PATH));
        let info = parse(raw.clone())?;
        if fault(&info).is_none() {
            return Ok(info);
        }
        // The source's names would not keep the files of the result apart.
        raw.insert("data_path".to_owned(), json!(DATA_PATH));
        if info.video_path.is_some() {
            raw.insert("video_path".to_owned(), json!(VIDEO_PATH));
        }
        parse(raw)
    }
}

impl Plan {
    /// The splits of the first source that has some worth the name, for the episodes of the result, and notes on what could
    /// not be kept.
    pub(crate) fn splits(&self, first: &Dataset) -> (Value, Vec<String>) {
        let count = self.takes.len() as u64;
        let Some(stated) = first.info().raw("splits").filter(|value| !value.is_null()) else {
            return (splits::grown(None, count), Vec::new());
        };
        let before = first.len() as u64;
        if splits::grown(Some(stated), before) == splits::grown(None, before) {
            return (splits::grown(None, count), Vec::new());
        }
        let mine = |take: &Take| (take.source == 0).then_some(take.episode as u64);
        let episodes: Vec<Option<u64>> = self.takes.iter().map(mine).collect();
        splits::remapped(stated, before, &episodes)
    }
}

/// Turns the description of an older format into that of the newest, paths and limits included.
fn to_v3(raw: &mut Map<String, Value>) {
    for gone in ["total_chunks", "total_videos", "data_path", "video_path"] {
        raw.remove(gone);
    }
    // What is missing has LeRobot's default, but LeRobot itself wants to read it.
    let paths = Info::new(1, None, Vec::new()).map(|info| info.to_value());
    if let Ok(Value::Object(new)) = paths {
        for key in [
            "codebase_version",
            "data_files_size_in_mb",
            "video_files_size_in_mb",
            "data_path",
        ] {
            raw.insert(key.to_owned(), new[key].clone());
        }
    }
    raw.insert("video_path".to_owned(), json!(VIDEO_PATH));
}

/// What becomes of an edit when an episode cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnUnreadable {
    Fail,
    LeaveOut,
}

/// The tasks of the result, each once.
#[derive(Debug, Default)]
struct TaskList {
    texts: Vec<String>,
    positions: HashMap<String, u32>,
}

impl TaskList {
    fn position(&mut self, text: &str) -> u32 {
        if let Some(known) = self.positions.get(text) {
            return *known;
        }
        let position = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.positions.insert(text.to_owned(), position);
        position
    }
}

/// The text for frames of a task that the list of tasks doesn't have: that of the episode table, if it names one.
fn stand_in(source: &Dataset, episode: usize, task: i64, notes: &mut Vec<String>) -> String {
    let named = source.episode_row(episode).map(|row| row.tasks.as_slice());
    let text = match named {
        Ok([text]) => text.clone(),
        _ => format!("task {task}"),
    };
    let note = format!("task {task} has no text; frames of it get `{text}`");
    if !notes.contains(&note) {
        notes.push(note);
    }
    text
}

/// Puts the keys that LeRobot needs into the form that it needs.
fn strict(raw: &mut Map<String, Value>, fps: f64) {
    let version = raw.get("codebase_version").and_then(Value::as_str);
    if version.is_none_or(|version| !version.trim_start_matches(['v', 'V']).starts_with('3')) {
        raw.insert("codebase_version".to_owned(), json!(Format::V3.version()));
    }
    let whole = fps.fract() == 0.0;
    let fps = if whole { json!(fps as u64) } else { json!(fps) };
    raw.insert("fps".to_owned(), fps);
    for key in [
        "chunks_size",
        "data_files_size_in_mb",
        "video_files_size_in_mb",
        "data_path",
    ] {
        if raw.get(key).is_some_and(Value::is_null) {
            raw.remove(key);
        }
    }
}

fn unknown_task(source: &Dataset, episode: usize, task: i64) -> DatasetError {
    DatasetError::invalid(
        format!("episode {episode} of {}", source.root().display()),
        format!(
            "has frames of task {task}, which the list of tasks doesn't have; a copy in which it has a text: `{}`",
            advice::import(source.root())
        ),
    )
}

/// An error that says how to go on without the episode.
fn unreadable(source: &Dataset, episode: usize, error: DatasetError) -> DatasetError {
    if source.len() < 2 {
        return error;
    }
    let without = advice::command(
        "delete",
        source.root(),
        &format!("--episodes {episode}"),
        "readable",
    );
    DatasetError::invalid(
        format!("episode {episode} of {}", source.root().display()),
        format!("{error}; a copy without it: `{without}`"),
    )
}
