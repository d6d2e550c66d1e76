//! The pictures of one camera from the data files.

use std::path::Path;
use std::sync::Arc;

use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use crate::error::{DatasetError, Result};
use crate::images::decode_picture;
use crate::parquet_io::guarded;
use crate::pictures::Picture;
use crate::reader::Dataset;
use crate::rows::{DataFile, Store};
use crate::table;

/// Encoded pictures read at a time.
const BATCH: usize = 8;
/// A jump ahead of more rows than this seeks instead of reading on.
const NEAR: usize = 64;

pub(super) struct ImagePictures {
    store: Store,
    run: Option<Run>,
    pub(super) decoded: u64,
}

/// Reading on in a row group.
struct Run {
    at: Arc<Path>,
    group: usize,
    reader: ParquetRecordBatchReader,
    /// The row of the first picture of `batch`.
    first: usize,
    batch: Vec<Option<Arc<[u8]>>>,
}

impl ImagePictures {
    pub(super) fn new(dataset: Dataset) -> ImagePictures {
        ImagePictures {
            store: Store::new(dataset, Vec::new(), 0),
            run: None,
            decoded: 0,
        }
    }

    pub(super) fn read(
        &mut self,
        camera: &str,
        episode: usize,
        frame: usize,
    ) -> Result<Arc<Picture>> {
        let place = self.store.place(episode)?;
        let fail = |reason: &str| {
            let what = format!("camera `{camera}`, frame {frame} of episode {episode}");
            DatasetError::invalid(what, reason)
        };
        let (segment, row) = place.row(frame).ok_or_else(|| fail("isn't there"))?;
        let file = self.store.file(&segment.file)?;
        let bytes = self.bytes(&file, &segment.file, segment.group, camera, row)?;
        let bytes = bytes.ok_or_else(|| fail("the data file has no bytes for it"))?;
        let picture = decode_picture(&bytes).map_err(|wrong| fail(&wrong.to_string()))?;
        self.decoded += 1;
        Ok(Arc::new(picture))
    }

    fn bytes(
        &mut self,
        file: &DataFile,
        at: &Arc<Path>,
        group: usize,
        camera: &str,
        row: usize,
    ) -> Result<Option<Arc<[u8]>>> {
        let mut run = match self.run.take() {
            Some(run) if run.leads_to(at, group, row) => run,
            _ => Run {
                at: Arc::clone(at),
                group,
                reader: file.reader(group, &[camera], row, BATCH)?,
                first: row,
                batch: Vec::new(),
            },
        };
        while run.first + run.batch.len() <= row {
            run.first += run.batch.len();
            let batch = guarded(file.path(), || {
                run.reader
                    .next()
                    .transpose()
                    .map_err(|e| DatasetError::parquet(file.path(), &e))
            })?;
            let batch = batch.ok_or_else(|| {
                DatasetError::parquet(file.path(), &"it has fewer rows than its header states")
            })?;
            let column = file.column(&batch, camera)?;
            run.batch = table::pictures(column)
                .map_err(|reason| DatasetError::field(file.path(), camera, reason))?;
        }
        let bytes = run.batch.get(row - run.first).cloned().flatten();
        self.run = Some(run);
        Ok(bytes)
    }
}

impl Run {
    fn leads_to(&self, at: &Arc<Path>, group: usize, row: usize) -> bool {
        let near = (self.first..self.first + self.batch.len() + NEAR).contains(&row);
        self.at == *at && self.group == group && near
    }
}
