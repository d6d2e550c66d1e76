//! One data file: which of its rows belong to which episode, and its columns, a row group at a time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::file::reader::Length;

use crate::error::{DatasetError, Result};
use crate::parquet_io::{self, Source, guarded};
use crate::table;

/// Rows decoded at a time; a header may claim any number.
const BATCH_ROWS: usize = 65_536;

/// An open data file's index.
#[derive(Debug)]
pub(crate) struct DataFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    /// The first row of each row group, and the number of rows at the end.
    starts: Vec<usize>,
    /// The first row and the number of rows of each episode.
    episodes: BTreeMap<i64, (usize, usize)>,
}

/// Rows of an episode that lie in one row group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) group: usize,
    /// The first of them, within the row group.
    pub(crate) first: usize,
    pub(crate) count: usize,
}

impl DataFile {
    pub(crate) fn open(path: &Path) -> Result<DataFile> {
        guarded(path, || {
            let source = Source::open(path)?;
            // What the Arrow schema adds is a choice of list flavours and widths, which makes no difference here.
            let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
            let metadata = parquet_io::metadata(path, &source, options)?;
            let mut starts = vec![0];
            let mut rows = 0_usize;
            for group in metadata.metadata().row_groups() {
                let count = usize::try_from(group.num_rows()).unwrap_or(usize::MAX);
                rows = rows.saturating_add(count);
                starts.push(rows);
            }
            let mut data = DataFile {
                path: path.to_owned(),
                metadata,
                starts,
                episodes: BTreeMap::new(),
            };
            data.index_episodes()?;
            Ok(data)
        })
    }

    fn index_episodes(&mut self) -> Result<()> {
        let mut row = 0;
        let mut last = None;
        for group in 0..self.starts.len() - 1 {
            let mut numbers = Vec::new();
            for batch in self.reader(group, &["episode_index"], 0, BATCH_ROWS)? {
                let batch = batch.map_err(|e| DatasetError::parquet(&self.path, &e))?;
                let column = self.column(&batch, "episode_index")?;
                table::append_integers(column, &mut numbers)
                    .map_err(|r| DatasetError::field(&self.path, "episode_index", r))?;
            }
            for episode in numbers {
                let known = self.episodes.get_mut(&episode);
                match known {
                    Some((_, count)) if last == Some(episode) => *count += 1,
                    Some(_) => {
                        let reason = format!("has rows of episode {episode} in two places");
                        return Err(DatasetError::field(&self.path, "episode_index", reason));
                    }
                    None => {
                        self.episodes.insert(episode, (row, 1));
                    }
                }
                last = Some(episode);
                row += 1;
            }
            if row != self.starts[group + 1] {
                let reason = "a row group is shorter than its header says";
                return Err(DatasetError::parquet(&self.path, &reason));
            }
        }
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the rows of an episode are; it must have `length` of them.
    pub(crate) fn segments(&self, episode: usize, length: u64) -> Result<Vec<Segment>> {
        let number = i64::try_from(episode).unwrap_or(i64::MAX);
        let (mut row, found) = self.episodes.get(&number).copied().unwrap_or_default();
        if found as u64 != length {
            return Err(DatasetError::Disagree {
                what: format!("the frames of episode {episode} in {}", self.path.display()),
                place: "the episode table",
                expected: length,
                found: found as u64,
            });
        }
        let end = row + found;
        let mut segments = Vec::new();
        while row < end {
            let group = self.starts.partition_point(|start| *start <= row) - 1;
            let upto = end.min(self.starts[group + 1]);
            segments.push(Segment {
                group,
                first: row - self.starts[group],
                count: upto - row,
            });
            row = upto;
        }
        Ok(segments)
    }

    /// How many rows a row group has.
    pub(crate) fn rows(&self, group: usize) -> usize {
        self.starts[group + 1] - self.starts[group]
    }

    /// All rows of some columns of a row group.
    pub(crate) fn read(&self, group: usize, columns: &[&str]) -> Result<Vec<RecordBatch>> {
        guarded(&self.path, || {
            let reader = self.reader(group, columns, 0, BATCH_ROWS)?;
            reader
                .collect::<Result<Vec<_>, _>>()
                .map_err(|e| DatasetError::parquet(&self.path, &e))
        })
    }

    /// Reads on from row `first` of a row group, `batch` rows at a time.
    pub(crate) fn reader(
        &self,
        group: usize,
        columns: &[&str],
        first: usize,
        batch: usize,
    ) -> Result<ParquetRecordBatchReader> {
        let source = Source::open(&self.path)?;
        let fields = self.metadata.schema().fields();
        let mut roots = Vec::with_capacity(columns.len());
        for column in columns {
            let root = fields.iter().position(|field| field.name() == column);
            roots.push(root.ok_or_else(|| {
                let reason = match *column == "episode_index" {
                    true => "is a missing column",
                    false => "is declared in meta/info.json, but is not a column of this file",
                };
                DatasetError::field(&self.path, *column, reason)
            })?);
        }
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), roots);
        let mut budget = parquet_io::numbers();
        if batch < BATCH_ROWS {
            // Read on from one row to the next, so that no more than these are there at a time.
            budget = budget.at_once(batch);
        }
        budget.file(source.len());
        budget.take_columns(
            &self.path,
            &source,
            self.metadata.metadata(),
            (&mask, &[group]),
        )?;
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(source, self.metadata.clone())
                .with_projection(mask)
                .with_row_groups(vec![group])
                .with_batch_size(batch.min(self.rows(group)).max(1));
        let builder = match first {
            0 => builder,
            first => builder.with_offset(first),
        };
        builder
            .build()
            .map_err(|e| DatasetError::parquet(&self.path, &e))
    }

    /// A column of a batch that this file gave.
    pub(crate) fn column<'a>(
        &self,
        batch: &'a RecordBatch,
        name: &str,
    ) -> Result<&'a arrow_array::ArrayRef> {
        let column = batch.column_by_name(name);
        column.ok_or_else(|| DatasetError::field(&self.path, name, "is a missing column"))
    }
}
