//! The rows of a dataset's chosen columns in memory, as much of them as a budget allows.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature, Number};
use crate::reader::Dataset;
use crate::rows::file::{DataFile, Segment};
use crate::table;
use crate::values::Numbers;

/// Indexes of data files that are kept; an index is larger than a short episode's rows.
const MAX_FILES: usize = 64;

/// Columns that are read anyway.
const AUTO: [&str; 2] = ["timestamp", "task_index"];
/// No row group has more numbers of a column that isn't there.
const MOST_FILLED: usize = 1 << 26;

/// The values of one column over a row group.
#[derive(Debug)]
pub(crate) enum Cells {
    Numbers(Numbers),
    Texts(Vec<Option<String>>),
    /// Pictures, which are read one by one.
    Elsewhere,
}

/// The chosen columns of a row group.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) cells: Vec<Cells>,
    pub(crate) timestamps: Vec<f64>,
    pub(crate) tasks: Vec<i64>,
}

/// Where an episode's rows are.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) segments: Vec<Segment>,
}

impl Place {
    /// The segment that holds a frame, and the frame's row in the row group.
    pub(crate) fn row(&self, frame: usize) -> Option<(&Segment, usize)> {
        let mut before = 0;
        for segment in &self.segments {
            if frame < before + segment.count {
                return Some((segment, segment.first + frame - before));
            }
            before += segment.count;
        }
        None
    }
}

/// Shared by all who read the same columns.
#[derive(Debug)]
pub(crate) struct Store {
    dataset: Dataset,
    features: Vec<Feature>,
    budget: usize,
    state: Mutex<StoreState>,
}

#[derive(Debug, Default)]
struct StoreState {
    clock: u64,
    bytes: usize,
    files: BTreeMap<SameFile, (u64, Arc<DataFile>)>,
    blocks: BTreeMap<(usize, SameFile), Kept>,
    places: BTreeMap<usize, Arc<Place>>,
}

/// A data file by the bytes of its path: paths compare name by name, which costs more than an item in memory.
#[derive(Clone, Debug)]
struct SameFile(Arc<Path>);

impl Ord for SameFile {
    fn cmp(&self, other: &SameFile) -> Ordering {
        match Arc::ptr_eq(&self.0, &other.0) {
            true => Ordering::Equal,
            false => self.0.as_os_str().cmp(other.0.as_os_str()),
        }
    }
}

impl PartialOrd for SameFile {
    fn partial_cmp(&self, other: &SameFile) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SameFile {
    fn eq(&self, other: &SameFile) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for SameFile {}

#[derive(Debug)]
struct Kept {
    used: u64,
    bytes: usize,
    block: Arc<Block>,
}

impl Store {
    /// A store for some features of a dataset that holds up to `budget` bytes.
    pub(crate) fn new(dataset: Dataset, features: Vec<Feature>, budget: usize) -> Store {
        Store {
            dataset,
            features,
            budget,
            state: Mutex::default(),
        }
    }

    fn locked<T>(&self, change: impl FnOnce(&mut StoreState) -> T) -> T {
        // Nothing is left half done inside the lock.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where an episode's rows are.
    pub(crate) fn place(&self, episode: usize) -> Result<Arc<Place>> {
        if let Some(place) = self.locked(|state| state.places.get(&episode).cloned()) {
            return Ok(place);
        }
        let mut segments = Vec::new();
        for stretch in self.dataset.stretches(episode)? {
            segments.extend(self.file(&stretch.path)?.segments(stretch.rows));
        }
        let place = Arc::new(Place { segments });
        self.locked(|state| state.places.insert(episode, Arc::clone(&place)));
        Ok(place)
    }

    /// The index of a data file.
    pub(crate) fn file(&self, path: &Arc<Path>) -> Result<Arc<DataFile>> {
        let key = || SameFile(Arc::clone(path));
        let known = self.locked(|state| {
            state.clock += 1;
            let now = state.clock;
            let (used, file) = state.files.get_mut(&key())?;
            *used = now;
            Some(Arc::clone(file))
        });
        if let Some(file) = known {
            return Ok(file);
        }
        let file = Arc::new(DataFile::open(path)?);
        self.locked(|state| {
            let now = state.clock;
            state.files.insert(key(), (now, Arc::clone(&file)));
            if state.files.len() > MAX_FILES {
                let oldest = state.files.iter().min_by_key(|(_, (used, _))| *used);
                if let Some(oldest) = oldest.map(|(at, _)| at.clone()) {
                    state.files.remove(&oldest);
                }
            }
        });
        Ok(file)
    }

    /// The chosen columns of a row group.
    pub(crate) fn block(&self, path: &Arc<Path>, group: usize) -> Result<Arc<Block>> {
        let key = || (group, SameFile(Arc::clone(path)));
        let known = self.locked(|state| {
            state.clock += 1;
            let now = state.clock;
            let kept = state.blocks.get_mut(&key())?;
            kept.used = now;
            Some(Arc::clone(&kept.block))
        });
        if let Some(block) = known {
            return Ok(block);
        }
        let block = Arc::new(self.load(&*self.file(path)?, group)?);
        let bytes = block.bytes();
        self.locked(|state| {
            while state.bytes + bytes > self.budget {
                let oldest = state.blocks.iter().min_by_key(|(_, kept)| kept.used);
                let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                    break;
                };
                state.forget(&oldest);
            }
            // Another thread may have loaded it meanwhile.
            state.forget(&key());
            state.bytes += bytes;
            let kept = Kept {
                used: state.clock,
                bytes,
                block: Arc::clone(&block),
            };
            state.blocks.insert(key(), kept);
        });
        Ok(block)
    }

    fn load(&self, file: &DataFile, group: usize) -> Result<Block> {
        let mut columns = vec!["timestamp", "task_index"];
        let stored = self.features.iter().filter(|f| !f.is_camera());
        columns.extend(
            stored
                .map(|f| f.key.as_str())
                .filter(|key| !AUTO.contains(key)),
        );
        columns.retain(|name| file.has(name));
        let mut block = Block {
            cells: self.features.iter().map(Cells::new).collect(),
            timestamps: Vec::new(),
            tasks: Vec::new(),
        };
        let rows = file.rows(group);
        for batch in file.read(group, &columns)? {
            let fail = |name: &str, reason: String| DatasetError::field(file.path(), name, reason);
            match batch.column_by_name("timestamp") {
                Some(column) => table::append_numbers(column, 1, &mut block.timestamps)
                    .map_err(|r| fail("timestamp", r))?,
                None => block
                    .timestamps
                    .resize(block.timestamps.len() + batch.num_rows(), f64::NAN),
            }
            match batch.column_by_name("task_index") {
                Some(column) => table::append_integers(column, &mut block.tasks)
                    .map_err(|r| fail("task_index", r))?,
                None => block.tasks.resize(block.tasks.len() + batch.num_rows(), 0),
            }
            for (feature, cells) in self.features.iter().zip(&mut block.cells) {
                if !feature.is_camera() {
                    let column = batch.column_by_name(&feature.key);
                    let appended = match column {
                        Some(column) => cells.append(feature, column),
                        None => cells.fill(feature, batch.num_rows()),
                    };
                    appended.map_err(|r| fail(&feature.key, r))?;
                }
            }
        }
        let whole = |(cells, feature): (&Cells, &Feature)| match cells {
            Cells::Numbers(numbers) => numbers.len() == rows.saturating_mul(feature.width()),
            Cells::Texts(texts) => texts.len() == rows,
            Cells::Elsewhere => true,
        };
        let complete = block.timestamps.len() == rows
            && block.tasks.len() == rows
            && block.cells.iter().zip(&self.features).all(whole);
        match complete {
            true => Ok(block),
            false => Err(DatasetError::parquet(
                file.path(),
                &format!("row group {group} doesn't have the {rows} rows that its header states"),
            )),
        }
    }
}

impl StoreState {
    fn forget(&mut self, key: &(usize, SameFile)) {
        if let Some(kept) = self.blocks.remove(key) {
            self.bytes -= kept.bytes;
        }
    }
}

impl Cells {
    fn new(feature: &Feature) -> Cells {
        match &feature.dtype {
            Dtype::Number(number) => Cells::Numbers(Numbers::empty(*number)),
            Dtype::Image | Dtype::Video => Cells::Elsewhere,
            Dtype::String | Dtype::Other(_) => Cells::Texts(Vec::new()),
        }
    }

    fn append(&mut self, feature: &Feature, column: &arrow_array::ArrayRef) -> Result<(), String> {
        match self {
            Cells::Numbers(numbers) => {
                let number = feature.number().unwrap_or(Number::Float64);
                let more = Numbers::from_column(column, number, feature.width())?;
                if numbers.is_empty() {
                    *numbers = more;
                } else {
                    numbers.extend(&more, 0, more.len());
                }
            }
            Cells::Texts(texts) => texts.extend(table::strings(column)?),
            Cells::Elsewhere => {}
        }
        Ok(())
    }

    /// Rows of a declared column that the file lacks: LeRobot fills them with nothing.
    fn fill(&mut self, feature: &Feature, rows: usize) -> Result<(), String> {
        match (self, feature.number()) {
            (Cells::Numbers(numbers), Some(number)) => {
                let count = rows.saturating_mul(feature.width());
                let more = match count <= MOST_FILLED {
                    true => Numbers::nan(number, count),
                    false => None,
                };
                let more =
                    more.ok_or("is declared in meta/info.json, but is not a column of this file")?;
                if numbers.is_empty() {
                    *numbers = more;
                } else {
                    numbers.extend(&more, 0, more.len());
                }
            }
            (Cells::Texts(texts), _) => texts.resize(texts.len() + rows, None),
            _ => {}
        }
        Ok(())
    }
}

impl Block {
    fn bytes(&self) -> usize {
        let cells = self.cells.iter().map(|cells| match cells {
            Cells::Numbers(numbers) => numbers.bytes(),
            Cells::Texts(texts) => {
                let text = |t: &Option<String>| 24 + t.as_ref().map_or(0, String::len);
                texts.iter().map(text).sum()
            }
            Cells::Elsewhere => 0,
        });
        cells.sum::<usize>() + self.timestamps.len() * 16
    }
}
