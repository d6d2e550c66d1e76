//! Opening a dataset and reading the numbers of its episodes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use serde_json::Value;

use crate::episode::{Column, Episode};
use crate::episodes::{self, EpisodeRow};
use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature};
use crate::info::{Format, Info};
use crate::manifest::Manifest;
use crate::parquet_io::Source;
use crate::stats::Stats;
use crate::{json, parquet_io, stats, table, tasks, v2};

/// The key of the robot's measured state.
pub const STATE: &str = "observation.state";
/// The key of the commanded action.
pub const ACTION: &str = "action";

/// A dataset's folder, with its metadata read.
#[derive(Clone, Debug)]
pub struct Dataset {
    root: PathBuf,
    info: Arc<Info>,
    tasks: Arc<[String]>,
    episodes: Arc<[EpisodeRow]>,
    uncommitted: usize,
}

impl Dataset {
    /// Reads the metadata of the dataset in `dir`. No data or video file is opened.
    ///
    /// Rows of the episode table beyond `info.json`'s count belong to a save that was cut short; they
    /// are left out (see [`Dataset::uncommitted_episodes`]).
    pub fn open(dir: impl AsRef<Path>) -> Result<Dataset> {
        let root = dir.as_ref().to_owned();
        let info = Info::read(&root)?;
        let tasks = match info.total_tasks {
            0 => Vec::new(),
            _ if info.format < Format::V3 => v2::tasks(&root)?,
            _ => tasks::read(&root)?,
        };
        let mut episodes = match info.total_episodes {
            0 => Vec::new(),
            _ if info.format < Format::V3 => v2::episodes(&root, &info)?,
            _ => episodes::read(&root, &info)?,
        };
        let found = episodes.len() as u64;
        if found < info.total_episodes {
            return Err(DatasetError::Disagree {
                what: "the number of episodes".to_owned(),
                place: "meta/info.json",
                expected: info.total_episodes,
                found,
            });
        }
        let uncommitted = found - info.total_episodes;
        episodes.truncate(usize::try_from(info.total_episodes).unwrap_or(usize::MAX));
        Ok(Dataset {
            root,
            info: Arc::new(info),
            tasks: tasks.into(),
            episodes: episodes.into(),
            uncommitted: usize::try_from(uncommitted).unwrap_or(usize::MAX),
        })
    }

    /// The dataset's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What `info.json` says.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// Frames per second.
    pub fn fps(&self) -> u32 {
        self.info.fps
    }

    /// How many episodes are saved.
    pub fn len(&self) -> usize {
        self.episodes.len()
    }

    /// Whether no episode is saved.
    pub fn is_empty(&self) -> bool {
        self.episodes.is_empty()
    }

    /// Rows of the episode table that a save left behind without finishing.
    pub fn uncommitted_episodes(&self) -> usize {
        self.uncommitted
    }

    /// The task texts, by task index.
    pub fn tasks(&self) -> &[String] {
        &self.tasks
    }

    /// The episode table.
    pub fn episodes(&self) -> &[EpisodeRow] {
        &self.episodes
    }

    /// The row of one episode.
    pub fn episode_row(&self, episode: usize) -> Result<&EpisodeRow> {
        self.episodes
            .get(episode)
            .ok_or(DatasetError::MissingEpisode {
                episode: episode as u64,
                count: self.episodes.len() as u64,
            })
    }

    /// `meta/stats.json`, or none when the dataset has no such file. Format v2.1 has none: there it is put together
    /// from the statistics of the episodes.
    pub fn stats(&self) -> Result<Option<Stats>> {
        let path = self.root.join(stats::STATS_PATH);
        if !path.is_file() {
            if self.info.format == Format::V3 {
                return Ok(None);
            }
            let parts = self.episode_stats()?;
            let parts: Vec<&Stats> = parts.iter().collect();
            return Ok((!parts.is_empty()).then(|| stats::aggregate(&parts)));
        }
        stats::parse(&json::read(&path)?)
            .map(Some)
            .map_err(|(field, reason)| DatasetError::field(&path, field, reason))
    }

    /// The statistics of each episode; empty when the dataset doesn't keep them (v2.0).
    pub fn episode_stats(&self) -> Result<Vec<Stats>> {
        match self.info.format {
            Format::V3 => episodes::read_stats(&self.root),
            Format::V2_0 | Format::V2_1 => v2::episode_stats(&self.root, &self.info),
        }
    }

    /// What the recording program noted about robot, units and calibration; none in datasets that
    /// ulna didn't record.
    pub fn manifest(&self) -> Result<Option<Manifest>> {
        Manifest::read(&self.root)
    }

    /// The report that the recording program stored with an episode, if any.
    pub fn episode_report(&self, episode: usize) -> Result<Option<Value>> {
        self.episode_row(episode)?;
        let path = self.root.join(crate::manifest::report_path(episode as u64));
        match path.is_file() {
            true => json::read(&path).map(Some),
            false => Ok(None),
        }
    }

    /// Reads every numeric feature of an episode.
    pub fn episode(&self, episode: usize) -> Result<Episode> {
        let numeric = |f: &&Feature| f.number().is_some();
        let keys = self.info.features.iter().filter(numeric);
        self.read_episode(episode, &keys.collect::<Vec<_>>())
    }

    /// Reads only the named features of an episode, besides time stamps and indexes.
    pub fn episode_columns(&self, episode: usize, keys: &[&str]) -> Result<Episode> {
        let features = keys
            .iter()
            .map(|key| self.numeric_feature(key))
            .collect::<Result<Vec<_>>>()?;
        self.read_episode(episode, &features)
    }

    fn numeric_feature(&self, key: &str) -> Result<&Feature> {
        let feature = self.info.feature(key)?;
        match feature.dtype {
            Dtype::Number(_) => Ok(feature),
            _ => Err(DatasetError::WrongKind {
                feature: key.to_owned(),
                dtype: feature.dtype.name().to_owned(),
                expected: "a feature made of numbers",
            }),
        }
    }

    fn read_episode(&self, episode: usize, features: &[&Feature]) -> Result<Episode> {
        let row = self.episode_row(episode)?;
        let path = self.root.join(self.info.data_file(row.data)?);
        if !path.is_file() {
            return Err(DatasetError::MissingFile {
                what: format!("episode {episode}"),
                path,
            });
        }
        let wanted = |name: &str| {
            AUTO_COLUMNS.contains(&name) || features.iter().any(|feature| feature.key == name)
        };
        let only = i64::try_from(row.episode_index).unwrap_or(i64::MAX);
        let mut out = Episode {
            index: episode,
            fps: self.info.fps,
            length: 0,
            columns: BTreeMap::new(),
            timestamps: Vec::new(),
            frame_index: Vec::new(),
            global_index: Vec::new(),
            task_index: Vec::new(),
            tasks: Arc::clone(&self.tasks),
        };
        for feature in features.iter().filter(|f| !f.is_auto()) {
            out.columns
                .insert(feature.key.clone(), Column::new(feature));
        }
        let source = Source::open(&path)?;
        let mut budget = parquet_io::numbers();
        let only = (EPISODE_INDEX, only);
        let has = |batch: &RecordBatch, key: &str| batch.schema().index_of(key).is_ok();
        let schema = parquet_io::each(
            &path,
            &source,
            wanted,
            Some(only),
            &mut budget,
            &mut |batch| {
                // A column that is missing is told below, by its name.
                if !out.columns.keys().all(|key| has(&batch, key)) {
                    return Ok(());
                }
                let batch = rows_of(&batch, only.1, &path)?;
                out.append(&batch, &path)
            },
        )?;
        for feature in features.iter().filter(|f| !f.is_auto()) {
            if schema.index_of(&feature.key).is_err() {
                return Err(DatasetError::field(
                    &path,
                    &feature.key,
                    "is declared in meta/info.json, but is not a column of this file",
                ));
            }
        }
        out.length = out.frame_index.len();
        if out.length as u64 != row.length {
            return Err(DatasetError::Disagree {
                what: format!("the frames of episode {episode} in {}", path.display()),
                place: "the episode table",
                expected: row.length,
                found: out.length as u64,
            });
        }
        Ok(out)
    }
}

const EPISODE_INDEX: &str = "episode_index";

const AUTO_COLUMNS: [&str; 5] = [
    "timestamp",
    "frame_index",
    "episode_index",
    "index",
    "task_index",
];

/// The rows of one episode within a batch that may hold several.
fn rows_of(batch: &RecordBatch, episode: i64, path: &Path) -> Result<RecordBatch> {
    let column = batch
        .column_by_name("episode_index")
        .ok_or_else(|| DatasetError::field(path, "episode_index", "is a missing column"))?;
    let mut numbers = Vec::with_capacity(column.len());
    table::append_integers(column, &mut numbers)
        .map_err(|reason| DatasetError::field(path, "episode_index", reason))?;
    // Episodes are contiguous, so the rows are one slice; if not, the length check says so.
    let first = numbers.iter().position(|n| *n == episode).unwrap_or(0);
    let count = numbers[first..]
        .iter()
        .take_while(|n| **n == episode)
        .count();
    Ok(batch.slice(first, count))
}
