//! What an edited dataset consists of, decided before anything is written: which frames of which episodes, under
//! which tasks, with which features, in which files. Every tool is a plan; [`build`](super::build) carries it out.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value, json};

use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature};
use crate::info::{DATA_PATH, Format, INFO_PATH, Info, VIDEO_PATH};
use crate::paths::fault;
use crate::reader::Dataset;
use crate::tools::rows::task_numbers;
use crate::tools::values::Values;
use crate::video::Encoding;

/// Frames of one episode that become one episode.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Take {
    /// The position of its dataset in the plan.
    pub(crate) source: usize,
    pub(crate) episode: usize,
    pub(crate) frames: Range<usize>,
    /// The new task of every frame's, as its position in the new list.
    pub(crate) tasks: Vec<u32>,
    /// The task numbers as the source's file has them.
    stored: Vec<i64>,
}

impl Take {
    /// Whether the file's task numbers stay as they are.
    pub(crate) fn keeps_task_numbers(&self) -> bool {
        let pairs = self.tasks.iter().zip(&self.stored);
        self.tasks.len() == self.stored.len() && pairs.into_iter().all(|(a, b)| i64::from(*a) == *b)
    }

    /// Takes fewer frames, numbered within the episode.
    pub(crate) fn trim(&mut self, frames: Range<usize>) {
        self.tasks = self.tasks[frames.clone()].to_vec();
        self.stored = self.stored[frames.clone()].to_vec();
        self.frames = self.frames.start + frames.start..self.frames.start + frames.end;
    }
}

/// How data and videos are put into files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// What shares a file goes on sharing one.
    Keep,
    /// Files are filled up to the limits that `info.json` states.
    Fill,
}

/// What is written anew although nothing else asks for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anew {
    /// The statistics of numbers.
    pub(crate) statistics: bool,
    /// Those of pictures too.
    pub(crate) picture_statistics: bool,
    /// The videos.
    pub(crate) videos: Option<Encoding>,
}

/// A feature of the result.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) feature: Feature,
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
    pub(crate) anew: Anew,
    /// Things worth telling.
    pub(crate) notes: Vec<String>,
}

impl Plan {
    /// Everything as it is.
    pub(crate) fn of(dataset: Dataset) -> Result<Plan> {
        Plan::of_all(vec![dataset])
    }

    /// All episodes of these datasets, one after the other, with the features of the first and the tasks of all.
    pub(crate) fn of_all(sources: Vec<Dataset>) -> Result<Plan> {
        let mut tasks: Vec<String> = Vec::new();
        for source in &sources {
            for task in source.tasks() {
                if !tasks.contains(task) {
                    tasks.push(task.clone());
                }
            }
        }
        let mut takes = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            for (episode, numbers) in task_numbers(source)?.into_iter().enumerate() {
                let take = Take {
                    source: number,
                    episode,
                    frames: 0..numbers.len(),
                    tasks: numbers
                        .iter()
                        .map(|task| position(source, episode, *task, &tasks))
                        .collect::<Result<_>>()?,
                    stored: numbers,
                };
                takes.push(take);
            }
        }
        let features = sources.first().map(|first| first.info().features.clone());
        let columns = features.unwrap_or_default().into_iter();
        Ok(Plan {
            columns: columns
                .map(|feature| Column {
                    feature,
                    values: None,
                })
                .collect(),
            sources,
            takes,
            tasks,
            packing: Packing::Keep,
            anew: Anew::default(),
            notes: Vec::new(),
        })
    }

    /// Keeps only the takes for which `keep` says so, by their position.
    pub(crate) fn keep(&mut self, keep: impl Fn(usize) -> bool) {
        let takes = std::mem::take(&mut self.takes).into_iter().enumerate();
        self.takes = takes.filter(|(at, _)| keep(*at)).map(|(_, t)| t).collect();
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
            .map(|c| (c.feature.key.clone(), Value::Object(c.feature.raw.clone())))
            .collect();
        raw.insert("features".to_owned(), Value::Object(declared));
        if self.cameras().next().is_none() {
            raw.insert("video_path".to_owned(), Value::Null);
        }
        raw.insert("total_episodes".to_owned(), json!(self.takes.len()));
        raw.insert("total_frames".to_owned(), json!(self.frames()));
        raw.insert("total_tasks".to_owned(), json!(self.tasks.len()));
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

fn position(source: &Dataset, episode: usize, task: i64, tasks: &[String]) -> Result<u32> {
    let text = usize::try_from(task)
        .ok()
        .and_then(|at| source.tasks().get(at));
    let found = text.and_then(|text| tasks.iter().position(|known| known == text));
    found.map(|at| at as u32).ok_or_else(|| {
        DatasetError::invalid(
            format!("episode {episode} of {}", source.root().display()),
            format!("has frames of task {task}, which meta/tasks.parquet doesn't have"),
        )
    })
}
