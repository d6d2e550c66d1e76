//! One data file: its columns, a row group at a time.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::file::reader::Length;

use crate::error::{DatasetError, Result};
use crate::parquet_io::{self, guarded};
use crate::parquet_source::Source;

/// Rows decoded at a time; a header may claim any number.
const BATCH_ROWS: usize = 65_536;

/// An open data file's index.
#[derive(Debug)]
pub(crate) struct DataFile {
    path: Arc<Path>,
    metadata: ArrowReaderMetadata,
    /// The first row of each row group, and the number of rows at the end.
    starts: Vec<usize>,
}

/// Rows of an episode that lie in one row group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) file: Arc<Path>,
    pub(crate) group: usize,
    /// The first of them, within the row group.
    pub(crate) first: usize,
    pub(crate) count: usize,
}

impl DataFile {
    pub(crate) fn open(path: &Arc<Path>) -> Result<DataFile> {
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
            Ok(DataFile {
                path: Arc::clone(path),
                metadata,
                starts,
            })
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The row groups that some rows lie in.
    pub(crate) fn segments(&self, rows: Range<usize>) -> Vec<Segment> {
        let (mut row, end) = (rows.start, rows.end.min(self.starts[self.starts.len() - 1]));
        let mut segments = Vec::new();
        while row < end {
            let group = self.starts.partition_point(|start| *start <= row) - 1;
            let upto = end.min(self.starts[group + 1]);
            segments.push(Segment {
                file: Arc::clone(&self.path),
                group,
                first: row - self.starts[group],
                count: upto - row,
            });
            row = upto;
        }
        segments
    }

    /// Whether the file has a column.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.metadata.schema().index_of(name).is_ok()
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
