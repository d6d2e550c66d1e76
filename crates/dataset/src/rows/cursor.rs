//! Some columns of a parquet file, read forward: a file of many episodes is decoded once, whatever its row groups are.

use std::ops::Range;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::file::reader::Length;

use crate::budget::Budget;
use crate::error::{DatasetError, Result};
use crate::parquet_io::{self, guarded};
use crate::parquet_source::Source;

/// Rows decoded at a time; fewer where they hold pictures.
const BATCH: usize = 2048;
const BATCH_WITH_PICTURES: usize = 8;

/// Reads ranges of rows; those that follow each other cost what they hold.
pub(crate) struct Cursor {
    path: PathBuf,
    source: Source,
    metadata: ArrowReaderMetadata,
    roots: Vec<usize>,
    /// The first row of each row group, and the number of rows at the end.
    starts: Vec<usize>,
    batch: usize,
    /// What the file may still unfold to.
    budget: Budget,
    /// The row groups that the budget knows.
    counted: Vec<bool>,
    reader: Option<ParquetRecordBatchReader>,
    /// The row that the reader gives next.
    next: usize,
    /// The batch read last, and its first row.
    held: Option<(usize, RecordBatch)>,
}

impl std::fmt::Debug for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cursor")
            .field("path", &self.path)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl Cursor {
    /// Opens a file for the columns that `wanted` picks by name.
    pub(crate) fn open(path: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Cursor> {
        guarded(path, || {
            let source = Source::open(path)?;
            // What the Arrow schema adds is a choice of list flavours and widths, which makes no difference here.
            let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
            let metadata = parquet_io::metadata(path, &source, options)?;
            let fields = metadata.schema().fields();
            let roots: Vec<usize> = (0..fields.len())
                .filter(|at| wanted(fields[*at].name()))
                .collect();
            let is_picture = |at: &usize| {
                let kind = fields[*at].data_type();
                matches!(kind, DataType::Struct(_) | DataType::Binary)
            };
            let pictures = roots.iter().any(is_picture);
            let mut starts = vec![0];
            let mut rows = 0_usize;
            for group in metadata.metadata().row_groups() {
                let count = usize::try_from(group.num_rows()).unwrap_or(usize::MAX);
                rows = rows.saturating_add(count);
                starts.push(rows);
            }
            let (batch, mut budget) = match pictures {
                // Read on from one row to the next, so that no more than these are there at a time.
                true => {
                    let budget = parquet_io::numbers().at_once(BATCH_WITH_PICTURES);
                    (BATCH_WITH_PICTURES, budget)
                }
                false => (BATCH, parquet_io::numbers()),
            };
            budget.file(Length::len(&source));
            Ok(Cursor {
                path: path.to_owned(),
                batch,
                budget,
                counted: vec![false; starts.len() - 1],
                source,
                roots,
                starts,
                reader: None,
                next: 0,
                held: None,
                metadata,
            })
        })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many rows the file says it has.
    pub(crate) fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Whether the file has a column.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.metadata.schema().index_of(name).is_ok()
    }

    /// All columns of the file, those that aren't wanted included.
    pub(crate) fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// The wanted columns of some rows.
    pub(crate) fn rows(&mut self, rows: Range<usize>) -> Result<Vec<RecordBatch>> {
        let path = self.path.clone();
        guarded(&path, || self.read(rows))
    }

    fn read(&mut self, rows: Range<usize>) -> Result<Vec<RecordBatch>> {
        self.count(&rows)?;
        let mut out = Vec::new();
        let mut at = rows.start;
        if let Some((first, batch)) = &self.held
            && (*first..*first + batch.num_rows()).contains(&at)
        {
            let offset = at - first;
            let count = (batch.num_rows() - offset).min(rows.len());
            out.push(batch.slice(offset, count));
            at += count;
        }
        while at < rows.end {
            self.lead_to(at)?;
            let batch = match &mut self.reader {
                Some(reader) => reader.next().transpose(),
                None => Ok(None),
            };
            let batch = batch.map_err(|e| DatasetError::parquet(&self.path, &e))?;
            let batch = batch.filter(|batch| batch.num_rows() > 0).ok_or_else(|| {
                let reason = "it has fewer rows than its header states";
                DatasetError::parquet(&self.path, &reason)
            })?;
            let first = self.next;
            self.next += batch.num_rows();
            if self.next > at {
                let offset = at - first;
                let count = (batch.num_rows() - offset).min(rows.end - at);
                out.push(batch.slice(offset, count));
                at += count;
            }
            self.held = Some((first, batch));
        }
        Ok(out)
    }

    /// Takes the row groups of some rows from the budget, before they are decoded.
    fn count(&mut self, rows: &Range<usize>) -> Result<()> {
        let overlaps =
            |group: &usize| self.starts[*group] < rows.end && rows.start < self.starts[*group + 1];
        let groups = (0..self.counted.len()).filter(overlaps);
        let groups: Vec<usize> = groups.filter(|group| !self.counted[*group]).collect();
        let mask =
            ProjectionMask::roots(self.metadata.parquet_schema(), self.roots.iter().copied());
        let metadata = self.metadata.metadata();
        self.budget
            .take_columns(&self.path, &self.source, metadata, (&mask, &groups))?;
        for group in groups {
            self.counted[group] = true;
        }
        Ok(())
    }

    /// Lets the reader go on where it is if a row lies ahead in its row group, or begin at the row group of it.
    fn lead_to(&mut self, row: usize) -> Result<()> {
        let group = self.starts.partition_point(|start| *start <= row) - 1;
        let start = self.starts[group];
        if self.reader.is_some() && self.next <= row && self.next >= start {
            return Ok(());
        }
        if group + 1 >= self.starts.len() {
            let reason = format!("it has {} rows, row {row} is asked for", self.len());
            return Err(DatasetError::parquet(&self.path, &reason));
        }
        let mask =
            ProjectionMask::roots(self.metadata.parquet_schema(), self.roots.iter().copied());
        let groups = (group..self.starts.len() - 1).collect();
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.source.clone(),
            self.metadata.clone(),
        );
        let reader = builder
            .with_projection(mask)
            .with_row_groups(groups)
            .with_batch_size(self.batch)
            .build()
            .map_err(|e| DatasetError::parquet(&self.path, &e))?;
        self.reader = Some(reader);
        self.next = start;
        self.held = None;
        Ok(())
    }
}
