//! What a dataset that is being written holds so far, and where its next episode goes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::episodes::EPISODES_DIR;
use crate::error::{DatasetError, Result};
use crate::fs::Fs;
use crate::info::Info;
use crate::layout::RowLayout;
use crate::next_files::NextFiles;
use crate::reader::Dataset;
use crate::stats::Stats;
use crate::{parquet_io, paths};

/// What a [`Writer`](crate::Writer) knows of its dataset; each saved episode changes it.
#[derive(Debug)]
pub(crate) struct WriterState {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) root: PathBuf,
    pub(crate) info: Info,
    pub(crate) tasks: Vec<String>,
    pub(crate) stats: Stats,
    pub(crate) layout: Arc<RowLayout>,
    pub(crate) next: NextFiles,
    /// The columns that the first episode table has; later tables must not have others.
    pub(crate) table_columns: Option<Vec<String>>,
    /// The staging folder of an episode whose `info.json` was put in place without a confirmed sync.
    pub(crate) unsure: Option<PathBuf>,
    /// Files that a failed save put in place and could not take back: the next save may replace them.
    pub(crate) leftovers: Vec<PathBuf>,
}

impl WriterState {
    /// Of a dataset without episodes.
    pub(crate) fn empty(
        fs: Arc<dyn Fs>,
        root: PathBuf,
        info: Info,
        layout: Arc<RowLayout>,
    ) -> WriterState {
        WriterState {
            fs,
            root,
            info,
            tasks: Vec::new(),
            stats: Stats::new(),
            layout,
            next: NextFiles::default(),
            table_columns: None,
            unsure: None,
            leftovers: Vec::new(),
        }
    }

    /// At the end of what `dataset` holds.
    pub(crate) fn of(fs: Arc<dyn Fs>, dataset: &Dataset) -> Result<WriterState> {
        dataset.must_be_orderly()?;
        let root = dataset.root().to_owned();
        let info = dataset.info().clone();
        let layout = Arc::new(RowLayout::new(&info)?);
        paths::must_be_distinct(&info, &root)?;
        let next = NextFiles::of(dataset)?;
        paths::no_links_to(&root, &next.paths(&info)?)?;
        let stats = match dataset.stats()? {
            // A save of the first episode that was cut short may have left some.
            _ if dataset.is_empty() => Stats::new(),
            Some(stats) => stats,
            None => {
                return Err(DatasetError::MissingFile {
                    what: "extending the dataset".to_owned(),
                    path: root.join(crate::stats::STATS_PATH),
                });
            }
        };
        let table_columns = table_columns(&root)?;
        let state = WriterState::empty(fs, root, info, layout);
        Ok(WriterState {
            tasks: dataset.tasks().to_vec(),
            stats,
            next,
            table_columns,
            ..state
        })
    }
}

/// The columns of the first episode table, which all others must share.
fn table_columns(root: &Path) -> Result<Option<Vec<String>>> {
    let files = parquet_io::files_below(&root.join(EPISODES_DIR))?;
    let first = files.first();
    first.map(|path| parquet_io::column_names(path)).transpose()
}
