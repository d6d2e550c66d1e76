//! Where the rows of each episode are. The rows themselves say so, in their column `episode_index`; the episode table is
//! only where to look first.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::episodes::EpisodeRow;
use crate::error::{DatasetError, Result};
use crate::format::Format;
use crate::info::Info;
use crate::rows::cursor::Cursor;
use crate::{parquet_io, table};

/// Rows of one episode that follow each other in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) path: Arc<Path>,
    pub(crate) rows: Range<usize>,
}

/// Which rows of a file belong to which episode.
#[derive(Debug)]
struct FileRows {
    path: Arc<Path>,
    /// By the episode's number; most often one stretch.
    episodes: BTreeMap<i64, Vec<Range<usize>>>,
    rows: usize,
}

impl FileRows {
    fn open(path: &Path) -> Result<FileRows> {
        FileRows::of(&mut Cursor::open(path, &|name| name == "episode_index")?)
    }

    fn of(cursor: &mut Cursor) -> Result<FileRows> {
        let path = cursor.path().to_owned();
        let mut file = FileRows {
            path: path.as_path().into(),
            episodes: BTreeMap::new(),
            rows: cursor.len(),
        };
        // In the older formats a file is an episode, whatever its rows call it.
        if !cursor.has("episode_index") {
            return Ok(file);
        }
        let mut row = 0;
        let mut numbers = Vec::new();
        while row < file.rows {
            let end = (row + STEP).min(file.rows);
            numbers.clear();
            for batch in cursor.rows(row..end)? {
                table::append_integers(batch.column(0), &mut numbers)
                    .map_err(|r| DatasetError::field(&path, "episode_index", r))?;
            }
            for (at, number) in numbers.iter().enumerate() {
                let at = row + at;
                let stretches = file.episodes.entry(*number).or_default();
                match stretches.last_mut() {
                    Some(last) if last.end == at => last.end += 1,
                    _ => stretches.push(at..at + 1),
                }
            }
            row = end;
        }
        Ok(file)
    }

    fn stretches(&self, episode: i64) -> Vec<Stretch> {
        let found = self.episodes.get(&episode).into_iter().flatten();
        found.map(|rows| self.stretch(rows.clone())).collect()
    }

    fn stretch(&self, rows: Range<usize>) -> Stretch {
        Stretch {
            path: Arc::clone(&self.path),
            rows,
        }
    }
}

/// Rows whose episodes are looked at together.
const STEP: usize = 65_536;

/// What is known of a dataset's data files; shared by all clones of the dataset.
#[derive(Debug, Default)]
pub(crate) struct Places {
    files: Mutex<BTreeMap<PathBuf, Arc<FileRows>>>,
    /// Every episode in any readable file, in the order of the files' paths; made when a table turned out wrong.
    all: OnceLock<BTreeMap<i64, Vec<Stretch>>>,
}

impl Places {
    fn file(&self, path: &Path) -> Result<Arc<FileRows>> {
        let lock = || self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(path) {
            return Ok(Arc::clone(known));
        }
        let file = Arc::new(FileRows::open(path)?);
        lock().insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    /// How many rows a data file has.
    pub(crate) fn rows_in(&self, path: &Path) -> Result<usize> {
        self.file(path).map(|file| file.rows)
    }

    /// The numbers that the rows of an old format's file give its episode, if they are others than the table's.
    pub(crate) fn other_numbers(&self, root: &Path, info: &Info, row: &EpisodeRow) -> Vec<i64> {
        let path = info.data_file(row.data).map(|path| root.join(path));
        let file = path.and_then(|path| self.file(&path));
        let numbers = file.map(|file| file.episodes.keys().copied().collect::<Vec<i64>>());
        let numbers = numbers.unwrap_or_default();
        match info.format < Format::V3 && numbers != [i64::try_from(row.stored_index).unwrap_or(-1)]
        {
            true => numbers,
            false => Vec::new(),
        }
    }

    fn everywhere(&self, root: &Path) -> &BTreeMap<i64, Vec<Stretch>> {
        self.all.get_or_init(|| {
            let mut all: BTreeMap<i64, Vec<Stretch>> = BTreeMap::new();
            let paths = parquet_io::files_below(&root.join("data")).unwrap_or_default();
            for file in paths.iter().filter_map(|path| self.file(path).ok()) {
                for episode in file.episodes.keys() {
                    all.entry(*episode)
                        .or_default()
                        .extend(file.stretches(*episode));
                }
            }
            all
        })
    }

    /// The rows of an episode, in order; at least one.
    pub(crate) fn of(&self, root: &Path, info: &Info, row: &EpisodeRow) -> Result<Vec<Stretch>> {
        let number = i64::try_from(row.stored_index).unwrap_or(i64::MAX);
        let path = root.join(info.data_file(row.data)?);
        let stated = match path.is_file() {
            true => self.file(&path),
            false => Err(DatasetError::MissingFile {
                what: format!("episode {}", row.episode_index),
                path: path.clone(),
            }),
        };
        if let Ok(file) = &stated {
            let found = file.stretches(number);
            if count(&found) == row.length && row.length > 0 {
                return Ok(found);
            }
            // In the older formats a file is an episode, whatever its rows call it.
            if info.format < Format::V3 && file.rows > 0 {
                return Ok(match found.is_empty() {
                    true => vec![file.stretch(0..file.rows)],
                    false => found,
                });
            }
        }
        let found = match info.format {
            Format::V3 => self.everywhere(root).get(&number).cloned(),
            Format::V2_0 | Format::V2_1 => None,
        };
        match (found, stated) {
            (Some(found), _) => Ok(found),
            (None, Err(error)) => Err(error),
            (None, Ok(_)) => {
                let reason = format!("has no rows of episode {}", row.episode_index);
                Err(DatasetError::field(&path, "episode_index", reason))
            }
        }
    }
}

/// How many rows of each episode a file has; `cursor` reads its column `episode_index`.
pub(crate) fn count_rows(cursor: &mut Cursor) -> Result<BTreeMap<i64, u64>> {
    let file = FileRows::of(cursor)?;
    let counts = file.episodes.into_iter().map(|(episode, stretches)| {
        let rows = stretches.iter().map(|rows| rows.len() as u64);
        (episode, rows.sum())
    });
    Ok(counts.collect())
}

/// How many rows there are in all.
pub(crate) fn count(stretches: &[Stretch]) -> u64 {
    stretches.iter().map(|one| one.rows.len() as u64).sum()
}
