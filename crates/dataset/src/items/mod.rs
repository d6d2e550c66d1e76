//! Frames by their number, with windows around them, as training code asks for them.

mod batches;
mod item;
mod windows;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::episodes::EpisodeRow;
use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature};
use crate::pictures::{PictureReader, TOLERANCE};
use crate::reader::Dataset;
use crate::rows::{Block, Cells, Place, Store};
use crate::setters::setters;
use crate::values::Numbers;

pub use batches::{BatchOptions, Batches};
pub use item::{Item, ItemColumn, Value, ValueData};
use windows::Window;

/// What [`Dataset::items`] reads.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ItemOptions {
    /// The episodes, or all of them. They keep the dataset's order.
    pub episodes: Option<Vec<usize>>,
    /// The features, or all that are numbers, texts, images and videos. Time stamp, indexes and task are always
    /// there.
    pub columns: Option<Vec<String>>,
    /// For a feature, the times around the frame at which it is wanted, in seconds; each must lie on the grid of
    /// frames. LeRobot calls them `delta_timestamps`.
    pub windows: BTreeMap<String, Vec<f64>>,
    /// How far a time of a window may be off the grid, in seconds.
    pub tolerance: f64,
    /// How much memory rows may take, in bytes. Pictures are not kept.
    pub cache_bytes: usize,
}

setters!(ItemOptions {
    episodes: Option<Vec<usize>>,
    columns: Option<Vec<String>>,
    windows: BTreeMap<String, Vec<f64>>,
    tolerance: f64,
    cache_bytes: usize,
});

impl Default for ItemOptions {
    fn default() -> ItemOptions {
        ItemOptions {
            episodes: None,
            columns: None,
            windows: BTreeMap::new(),
            tolerance: TOLERANCE,
            cache_bytes: 256 << 20,
        }
    }
}

/// Reads the frames of chosen episodes in any order. Rows are read a row group at a time and kept while there is room;
/// pictures are decoded from the key frame before them.
///
/// Clones share the rows but have decoders of their own, so that each can live on another thread.
pub struct Items {
    dataset: Dataset,
    store: Arc<Store>,
    columns: Arc<[ItemColumn]>,
    windows: Arc<[Option<Window>]>,
    tasks: Arc<BTreeMap<i64, Arc<str>>>,
    /// The chosen episodes.
    episodes: Arc<[usize]>,
    /// The item that each of them begins with, and the number of items at the end.
    starts: Arc<[usize]>,
    cameras: Vec<Option<PictureReader>>,
    last: Option<Last>,
}

/// Where the last row was found: the next one is most likely there too.
struct Last {
    episode: usize,
    place: Arc<Place>,
    file: Arc<Path>,
    group: usize,
    block: Arc<Block>,
}

impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("dataset", &self.dataset.root())
            .field("columns", &self.columns)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl Clone for Items {
    fn clone(&self) -> Items {
        Items {
            dataset: self.dataset.clone(),
            store: Arc::clone(&self.store),
            columns: Arc::clone(&self.columns),
            windows: Arc::clone(&self.windows),
            tasks: Arc::clone(&self.tasks),
            episodes: Arc::clone(&self.episodes),
            starts: Arc::clone(&self.starts),
            cameras: self.cameras.iter().map(|_| None).collect(),
            last: None,
        }
    }
}

impl Dataset {
    /// The frames of the dataset by number, each with its windows:
    ///
    /// ```no_run
    /// # fn main() -> ulna_dataset::Result<()> {
    /// use ulna_dataset::{Dataset, ItemOptions};
    ///
    /// let dataset = Dataset::open("so101-pick")?;
    /// let chunk = (0..50).map(|k| f64::from(k) / 30.0).collect();
    /// let options = ItemOptions::default().windows([("action".to_owned(), chunk)].into());
    /// let mut items = dataset.items(&options)?;
    /// let item = items.get(1234)?;
    /// let action = item.value("action")?;
    /// assert_eq!(action.is_pad.len(), 50);
    /// # Ok(())
    /// # }
    /// ```
    pub fn items(&self, options: &ItemOptions) -> Result<Items> {
        let features = chosen_features(self, options)?;
        let windows = features.iter().map(|feature| {
            let times = options.windows.get(&feature.key);
            let window = |times| Window::new(&feature.key, times, self.fps(), options.tolerance);
            times.map(|times| window(times)).transpose()
        });
        let windows = windows.collect::<Result<Vec<_>>>()?;
        let mut episodes: Vec<usize> = match &options.episodes {
            Some(chosen) => chosen.clone(),
            None => (0..self.len()).collect(),
        };
        episodes.sort_unstable();
        episodes.dedup();
        let mut starts = vec![0_usize];
        for episode in &episodes {
            let length = usize::try_from(self.episode_row(*episode)?.length);
            let last = starts.last().copied().unwrap_or(0);
            let next = length.ok().and_then(|length| last.checked_add(length));
            starts.push(next.ok_or_else(|| {
                DatasetError::invalid(
                    format!("the length of episode {episode}"),
                    "it is beyond what this machine can count",
                )
            })?);
        }
        let columns = features.iter().map(ItemColumn::of).collect();
        let cameras = features.iter().map(|_| None).collect();
        let tasks = self.task_numbers().iter().zip(self.tasks());
        Ok(Items {
            store: Arc::new(Store::new(self.clone(), features, options.cache_bytes)),
            dataset: self.clone(),
            columns,
            windows: windows.into(),
            tasks: Arc::new(
                tasks
                    .map(|(n, text)| (*n, Arc::from(text.as_str())))
                    .collect(),
            ),
            episodes: episodes.into(),
            starts: starts.into(),
            cameras,
            last: None,
        })
    }
}

fn chosen_features(dataset: &Dataset, options: &ItemOptions) -> Result<Vec<Feature>> {
    let info = dataset.info();
    let Some(keys) = &options.columns else {
        for key in options.windows.keys() {
            info.feature(key)?;
        }
        let readable = |f: &&Feature| {
            let asked = options.windows.contains_key(&f.key);
            (asked || !f.is_auto()) && !matches!(f.dtype, Dtype::Other(_))
        };
        return Ok(info.features.iter().filter(readable).cloned().collect());
    };
    let mut features: Vec<Feature> = Vec::new();
    for key in keys.iter().chain(options.windows.keys()) {
        let feature = info.feature(key)?;
        if let Dtype::Other(name) = &feature.dtype {
            return Err(DatasetError::WrongKind {
                feature: key.clone(),
                dtype: name.clone(),
                expected: "a feature of numbers, texts or pictures",
            });
        }
        if features.iter().all(|known| known.key != *key) {
            features.push(feature.clone());
        }
    }
    Ok(features)
}

impl Items {
    /// How many items there are: the frames of the chosen episodes.
    pub fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What every item holds.
    pub fn columns(&self) -> &[ItemColumn] {
        &self.columns
    }

    /// The item of a frame of an episode; none when it isn't among the chosen ones.
    pub fn position(&self, episode: usize, frame: usize) -> Option<usize> {
        let at = self.episodes.binary_search(&episode).ok()?;
        let position = self.starts[at].checked_add(frame)?;
        (position < self.starts[at + 1]).then_some(position)
    }

    /// The item of the frame of an episode that is closest to a time, in seconds since the episode's start; at most
    /// half a frame before its first or after its last one.
    pub fn at_time(&mut self, episode: usize, seconds: f64) -> Result<Item> {
        let nearest = (seconds * self.dataset.fps()).round_ties_even();
        let frame = (0.0..1e15).contains(&nearest);
        let frame = frame.then_some(nearest as usize);
        let position = frame.and_then(|frame| self.position(episode, frame));
        let position = position.ok_or_else(|| {
            DatasetError::invalid(
                format!("{seconds} s into episode {episode}"),
                "there is no frame at that time, or the episode isn't among the chosen ones",
            )
        })?;
        self.get(position)
    }

    /// An item by its position among the chosen episodes' frames.
    pub fn get(&mut self, position: usize) -> Result<Item> {
        if position >= self.len() {
            let reason = format!("there are {} items, numbered from 0", self.len());
            return Err(DatasetError::invalid(format!("item {position}"), reason));
        }
        let at = self.starts.partition_point(|start| *start <= position) - 1;
        let (episode, frame) = (self.episodes[at], position - self.starts[at]);
        let length = self.starts[at + 1] - self.starts[at];
        let (block, row) = self.row(episode, frame)?;
        let task_index = block.tasks[row];
        let timestamp = block.timestamps[row];
        let task = self.tasks.get(&task_index).cloned();
        let mut values = Vec::with_capacity(self.columns.len());
        for column in 0..self.columns.len() {
            let windows = Arc::clone(&self.windows);
            values.push(match &windows[column] {
                None => Value {
                    data: self.one(column, &block, row, (episode, frame))?,
                    is_pad: Vec::new(),
                },
                Some(window) => self.window(column, window, (episode, frame), length)?,
            });
        }
        let first = self.dataset.episode_row(episode)?.dataset_from;
        Ok(Item {
            index: first.saturating_add(frame as u64),
            episode,
            frame,
            timestamp,
            task_index,
            task,
            columns: Arc::clone(&self.columns),
            values,
        })
    }

    /// The value of a column at a frame.
    fn one(
        &mut self,
        column: usize,
        block: &Block,
        row: usize,
        (episode, frame): (usize, usize),
    ) -> Result<ValueData> {
        Ok(match &block.cells[column] {
            Cells::Numbers(numbers) => {
                let width = self.columns[column].width;
                let mut out = numbers.empty_like(width);
                out.extend(numbers, row * width, width);
                ValueData::Numbers(out)
            }
            Cells::Texts(texts) => ValueData::Texts(vec![texts[row].clone()]),
            Cells::Elsewhere => {
                let reader = self.camera(column)?;
                ValueData::Pictures(vec![reader.read_shared(episode, frame)?])
            }
        })
    }

    fn window(
        &mut self,
        column: usize,
        window: &Window,
        (episode, frame): (usize, usize),
        length: usize,
    ) -> Result<Value> {
        let steps = window.steps(frame, length);
        let width = self.columns[column].width;
        let mut numbers: Option<Numbers> = None;
        let (mut texts, mut pictures) = (Vec::new(), Vec::new());
        for (frame, _) in steps.clone() {
            let (block, row) = self.row(episode, frame)?;
            match &block.cells[column] {
                Cells::Numbers(from) => {
                    let room = window.len() * width;
                    let out = numbers.get_or_insert_with(|| from.empty_like(room));
                    out.extend(from, row * width, width);
                }
                Cells::Texts(from) => texts.push(from[row].clone()),
                Cells::Elsewhere => {
                    pictures.push(self.camera(column)?.read_shared(episode, frame)?);
                }
            }
        }
        let data = match (numbers, self.columns[column].dtype.clone()) {
            (Some(numbers), _) => ValueData::Numbers(numbers),
            (None, Dtype::Number(number)) => ValueData::Numbers(Numbers::empty(number)),
            (None, Dtype::Image | Dtype::Video) => ValueData::Pictures(pictures),
            (None, _) => ValueData::Texts(texts),
        };
        Ok(Value {
            data,
            is_pad: steps.map(|(_, pad)| pad).collect(),
        })
    }

    fn camera(&mut self, column: usize) -> Result<&mut PictureReader> {
        let camera = &mut self.cameras[column];
        match camera {
            Some(reader) => Ok(reader),
            None => Ok(camera.insert(self.dataset.pictures(&self.columns[column].key)?)),
        }
    }

    /// The block that holds a frame, and its row there.
    fn row(&mut self, episode: usize, frame: usize) -> Result<(Arc<Block>, usize)> {
        let place = match &self.last {
            Some(last) if last.episode == episode => Arc::clone(&last.place),
            _ => self.store.place(episode)?,
        };
        // The place covers the episode's length, which the caller has kept to.
        let (segment, row) = place.row(frame).ok_or_else(|| {
            DatasetError::invalid(
                format!("frame {frame} of episode {episode}"),
                "it is beyond the episode's end",
            )
        })?;
        let (file, group) = (Arc::clone(&segment.file), segment.group);
        if let Some(last) = &self.last
            && last.episode == episode
            && last.group == group
            && Arc::ptr_eq(&last.file, &file)
        {
            return Ok((Arc::clone(&last.block), row));
        }
        let block = self.store.block(&file, group)?;
        self.last = Some(Last {
            episode,
            place,
            file,
            group,
            block: Arc::clone(&block),
        });
        Ok((block, row))
    }

    /// The episode table's row of an item's episode.
    pub fn episode_row(&self, item: &Item) -> Result<&EpisodeRow> {
        self.dataset.episode_row(item.episode)
    }
}
