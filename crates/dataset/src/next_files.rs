//! Where the next episode's files go: under names that no episode refers to and no file has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::episodes::{EPISODES_DIR, table_path};
use crate::error::{DatasetError, Result};
use crate::info::Info;
use crate::inside::{Kind, kind};
use crate::parquet_io;
use crate::reader::Dataset;
use crate::template::FileIndex;

/// Where the next episode's files go.
#[derive(Clone, Debug, Default)]
pub(crate) struct NextFiles {
    pub(crate) data: FileIndex,
    pub(crate) table: FileIndex,
    videos: BTreeMap<String, FileIndex>,
}

impl NextFiles {
    /// After the last files that rows of the dataset refer to, and where no file is.
    pub(crate) fn of(dataset: &Dataset) -> Result<NextFiles> {
        let (info, root) = (dataset.info(), dataset.root());
        let (size, rows) = (info.chunks_size, dataset.episodes());
        let mut videos = BTreeMap::new();
        for camera in info.cameras() {
            let spans = rows.iter().filter_map(|row| row.videos.get(&camera.key));
            let last = spans.map(|span| span.file).max();
            let path = |at| info.video_file(&camera.key, at);
            let at = vacant(root, last, size, path)?;
            videos.insert(camera.key.clone(), at);
        }
        let last = rows.iter().map(|row| row.data).max();
        Ok(NextFiles {
            data: vacant(root, last, size, |at| info.data_file(at))?,
            table: next_table(root, dataset)?,
            videos,
        })
    }

    /// The places after these, which an episode has taken.
    pub(crate) fn next(&self, root: &Path, info: &Info) -> NextFiles {
        let size = info.chunks_size;
        // What cannot be looked at is found out before the next save.
        let after = |last: FileIndex, path: &dyn Fn(FileIndex) -> Result<PathBuf>| {
            vacant(root, Some(last), size, path).unwrap_or_else(|_| last.next(size))
        };
        let videos = info.cameras().map(|camera| {
            let path = |at| info.video_file(&camera.key, at);
            (camera.key.clone(), after(self.video(&camera.key), &path))
        });
        NextFiles {
            data: after(self.data, &|at| info.data_file(at)),
            table: after(self.table, &|at| Ok(table_path(at))),
            videos: videos.collect(),
        }
    }

    /// Where the next video of a camera goes.
    pub(crate) fn video(&self, camera: &str) -> FileIndex {
        self.videos.get(camera).copied().unwrap_or_default()
    }

    /// The paths, relative to the dataset's folder.
    pub(crate) fn paths(&self, info: &Info) -> Result<Vec<PathBuf>> {
        let mut out = vec![info.data_file(self.data)?, table_path(self.table)];
        for (camera, at) in &self.videos {
            out.push(info.video_file(camera, *at)?);
        }
        Ok(out)
    }
}

/// The first place after `last` whose file isn't there.
fn vacant(
    root: &Path,
    last: Option<FileIndex>,
    size: u64,
    path: impl Fn(FileIndex) -> Result<PathBuf>,
) -> Result<FileIndex> {
    let mut at = last.map_or(FileIndex::default(), |at| at.next(size));
    // Each round steps over a file that is there, so this ends.
    while kind(&root.join(path(at)?))? != Kind::Absent {
        at = at.next(size);
    }
    Ok(at)
}

/// The place of the next episode table, which must come after all that are there in the order of their names.
fn next_table(root: &Path, dataset: &Dataset) -> Result<FileIndex> {
    let size = dataset.info().chunks_size;
    let dir = root.join(EPISODES_DIR);
    let present = parquet_io::files_below(&dir)?;
    if let (true, Some(file)) = (dataset.is_empty(), present.first()) {
        // Its rows would count as soon as there is an episode.
        return Err(DatasetError::Occupied { path: file.clone() });
    }
    let last = dataset.episodes().iter().map(|row| row.table).max();
    let numbered = present.iter().filter_map(|path| table_number(&dir, path));
    let at = vacant(root, last.max(numbered.max()), size, |at| {
        Ok(table_path(at))
    })?;
    match present.last() {
        Some(file) if root.join(table_path(at)) <= *file => Err(DatasetError::invalid(
            file.display().to_string(),
            format!(
                "is named so that the next table, {}, would be read before it; put the tables into a new dataset with `ulna dataset import {} --output NEW`",
                table_path(at).display(),
                crate::advice::quoted(root)
            ),
        )),
        _ => Ok(at),
    }
}

/// The numbers in the name of a table that is named as LeRobot does.
fn table_number(dir: &Path, path: &Path) -> Option<FileIndex> {
    let relative = path.strip_prefix(dir).ok()?.to_str()?;
    let (chunk, file) = relative.strip_prefix("chunk-")?.split_once("/file-")?;
    Some(FileIndex {
        chunk: chunk.parse().ok()?,
        file: file.strip_suffix(".parquet")?.parse().ok()?,
    })
}
