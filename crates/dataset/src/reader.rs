//! Opening a dataset and reading the numbers of its episodes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::deviation::Deviation;
use crate::episode::{Column, Episode};
use crate::episodes::{self, EpisodeRow};
use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature};
use crate::format::{Format, INFO_PATH};
use crate::info::Info;
use crate::manifest::Manifest;
use crate::opening::{believe_rows, other_storage, read_episodes, read_tasks};
use crate::rows::{Cursor, Places, Stretch};
use crate::stats::Stats;
use crate::tasks::Tasks;
use crate::{json, stats, v2};

/// A dataset's folder, with its metadata read.
#[derive(Clone, Debug)]
pub struct Dataset {
    root: PathBuf,
    info: Arc<Info>,
    tasks: Arc<Tasks>,
    episodes: Arc<[EpisodeRow]>,
    uncommitted: usize,
    places: Arc<Places>,
    deviations: Arc<[Deviation]>,
}

impl Dataset {
    /// Reads the metadata of the dataset in `dir`. Data files are looked into only where the metadata contradict each
    /// other: then their rows are believed.
    ///
    /// Rows of the episode table beyond `info.json`'s count belong to a save that was cut short; they
    /// are left out (see [`Dataset::uncommitted_episodes`]). What of the metadata is missing or makes no sense costs
    /// only what it is about; [`check`](crate::check) says what that is.
    pub fn open(dir: impl AsRef<Path>) -> Result<Dataset> {
        Dataset::open_as(dir.as_ref(), false)
    }

    /// As [`open`](Self::open), with all episodes of the table, whatever `info.json` counts.
    pub(crate) fn open_whole(dir: &Path) -> Result<Dataset> {
        Dataset::open_as(dir, true)
    }

    fn open_as(root: &Path, whole: bool) -> Result<Dataset> {
        let info = Info::read(root)?;
        let mut deviations = info.deviations.clone();
        if let Some(format) = other_storage(root, &info)? {
            return Err(DatasetError::Storage {
                path: root.to_owned(),
                format,
            });
        }
        let places = Arc::new(Places::default());
        let tasks = read_tasks(root, &info, &mut deviations)?;
        let mut episodes = read_episodes(root, &info, &mut deviations)?;
        let found = episodes.len() as u64;
        let counted = info.total_episodes;
        let is_v3 = info.format == Format::V3;
        let uncommitted = match info.counts_episodes && is_v3 && !whole {
            true => found.saturating_sub(counted),
            false => 0,
        };
        episodes.truncate(usize::try_from(found - uncommitted).unwrap_or(usize::MAX));
        if found - uncommitted != counted {
            let message = format!("{INFO_PATH} counts {counted} episodes, {found} are there");
            deviations.push(Deviation::fatal("total-episodes", message));
        }
        believe_rows(root, &info, &places, &mut episodes, &mut deviations);
        Ok(Dataset {
            root: root.to_owned(),
            info: Arc::new(info),
            tasks: Arc::new(tasks),
            episodes: episodes.into(),
            uncommitted: usize::try_from(uncommitted).unwrap_or(usize::MAX),
            places,
            deviations: deviations.into(),
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
    pub fn fps(&self) -> f64 {
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

    /// The task texts, in the order of their numbers.
    pub fn tasks(&self) -> &[String] {
        self.tasks.texts()
    }

    /// The text of the task with this number, as the rows have it in `task_index`.
    pub fn task(&self, number: i64) -> Option<&str> {
        self.tasks.text(number)
    }

    /// The numbers of the tasks, in the order of [`tasks`](Self::tasks); 0, 1, 2 and so on in a sound dataset.
    pub(crate) fn task_numbers(&self) -> &[i64] {
        self.tasks.numbers()
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
        Ok(Some(stats::parse_some(&json::read(&path)?)))
    }

    /// The statistics of each episode, none for one that the dataset has none of; empty when the dataset keeps none at
    /// all (v2.0).
    pub fn episode_stats(&self) -> Result<Vec<Stats>> {
        let mut by_number = match self.info.format {
            Format::V3 => episodes::numbered_stats(&self.root)?,
            Format::V2_0 | Format::V2_1 => v2::episode_stats(&self.root, &self.info)?,
        };
        if by_number.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.episodes.iter();
        Ok(rows
            .map(|row| by_number.remove(&row.stored_index).unwrap_or_default())
            .collect())
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

    /// Reads only the named features of many episodes, besides time stamps and indexes. Read in order, each file is decoded once.
    ///
    /// # Errors
    /// If there is no such feature, or it is not made of numbers.
    pub fn reader(&self, keys: &[&str]) -> Result<EpisodeReader<'_>> {
        let features = keys.iter().map(|key| self.numeric_feature(key).cloned());
        Ok(EpisodeReader::new(self, features.collect::<Result<_>>()?))
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
        self.episode_row(episode)?;
        let keys = features.iter().map(|feature| (*feature).clone());
        EpisodeReader::new(self, keys.collect()).read(episode)
    }

    /// The same dataset at another rate.
    pub(crate) fn with_fps(&self, fps: f64) -> Dataset {
        let mut info = (*self.info).clone();
        info.fps = fps;
        Dataset {
            info: Arc::new(info),
            ..self.clone()
        }
    }

    /// The same dataset with other declarations of its features.
    pub(crate) fn with_features(&self, features: Vec<Feature>) -> Dataset {
        let mut info = (*self.info).clone();
        info.features = features;
        Dataset {
            info: Arc::new(info),
            ..self.clone()
        }
    }

    /// Where the rows of an episode are.
    pub(crate) fn stretches(&self, episode: usize) -> Result<Vec<Stretch>> {
        let row = self.episode_row(episode)?;
        self.places.of(&self.root, &self.info, row)
    }

    /// How many rows a data file has.
    pub(crate) fn rows_in(&self, path: &Path) -> Result<usize> {
        self.places.rows_in(path)
    }

    /// The numbers that the rows of an episode give it, in an old format, if they are others than the table's.
    pub(crate) fn other_numbers(&self, episode: usize) -> Vec<i64> {
        let row = self.episode_row(episode);
        row.map_or_else(
            |_| Vec::new(),
            |row| self.places.other_numbers(&self.root, &self.info, row),
        )
    }

    /// What of the dataset is not as the format has it, a sentence each, as far as opening it shows.
    pub fn remarks(&self) -> impl Iterator<Item = &str> {
        self.deviations.iter().map(|found| found.message.as_str())
    }

    /// What is unusual about the dataset, found while opening it.
    pub(crate) fn deviations(&self) -> &[Deviation] {
        &self.deviations
    }

    /// An error for what wants to write into a dataset that LeRobot cannot read, or reads wrongly.
    pub(crate) fn must_be_orderly(&self) -> Result<()> {
        match self.deviations.iter().find(|found| found.fatal) {
            None => Ok(()),
            Some(found) => Err(DatasetError::invalid(
                self.root.display().to_string(),
                format!(
                    "{}; make a sound copy first: `{}`",
                    found.message,
                    crate::advice::import(&self.root)
                ),
            )),
        }
    }
}

/// Reads episodes one after the other; a file of many is decoded once, if they are read in order.
#[derive(Debug)]
pub struct EpisodeReader<'a> {
    dataset: &'a Dataset,
    features: Vec<Feature>,
    cursor: Option<Cursor>,
}

impl<'a> EpisodeReader<'a> {
    /// A reader of some features made of numbers.
    pub(crate) fn new(dataset: &'a Dataset, features: Vec<Feature>) -> EpisodeReader<'a> {
        EpisodeReader {
            dataset,
            features,
            cursor: None,
        }
    }

    /// A reader of all features that are made of numbers.
    pub(crate) fn of_all(dataset: &'a Dataset) -> EpisodeReader<'a> {
        let numeric = |f: &&Feature| f.number().is_some();
        let features = dataset.info.features.iter().filter(numeric);
        EpisodeReader::new(dataset, features.cloned().collect())
    }

    /// The episode as its rows have it. A declared column that the file lacks is NaN throughout, as LeRobot reads it.
    ///
    /// # Errors
    /// If there is no such episode, or its rows cannot be read.
    pub fn read(&mut self, episode: usize) -> Result<Episode> {
        let stretches = self.dataset.stretches(episode)?;
        let mut out = Episode {
            index: episode,
            fps: self.dataset.info.fps,
            length: 0,
            columns: BTreeMap::new(),
            timestamps: Vec::new(),
            frame_index: Vec::new(),
            global_index: Vec::new(),
            task_index: Vec::new(),
            absent: Vec::new(),
            tasks: Arc::clone(&self.dataset.tasks),
        };
        for feature in self.features.iter().filter(|f| !f.is_auto()) {
            out.columns
                .insert(feature.key.clone(), Column::new(feature));
        }
        for stretch in stretches {
            let cursor = self.cursor(&stretch.path)?;
            let batches = cursor.rows(stretch.rows)?;
            for batch in &batches {
                out.append(batch, &stretch.path)?;
            }
        }
        out.settle();
        Ok(out)
    }

    fn cursor(&mut self, path: &Path) -> Result<&mut Cursor> {
        let features = &self.features;
        let wanted = |name: &str| {
            AUTO_COLUMNS.contains(&name) || features.iter().any(|feature| feature.key == name)
        };
        let cursor = match self.cursor.take() {
            Some(cursor) if cursor.path() == path => cursor,
            _ => Cursor::open(path, &wanted)?,
        };
        Ok(self.cursor.insert(cursor))
    }
}

const AUTO_COLUMNS: [&str; 5] = [
    "timestamp",
    "frame_index",
    "episode_index",
    "index",
    "task_index",
];
