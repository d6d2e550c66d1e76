//! The times of an episode's frames, at which its pictures are looked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{DatasetError, Result};
use crate::reader::Dataset;
use crate::rows::{Cursor, Stretch};
use crate::table;

const TIMESTAMP: &str = "timestamp";
/// What single precision rounds of a time stamp, as a share of it.
const ROUNDING: f64 = 1e-6;

/// Reads the column `timestamp`, episode by episode, and remembers it.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    known: BTreeMap<usize, Arc<[f64]>>,
    cursor: Option<Cursor>,
}

impl Stamps {
    /// The times of an episode's frames, s. Those that are on the grid of frames are given as the grid has them: the files
    /// hold them in single precision only.
    pub(super) fn of(&mut self, dataset: &Dataset, episode: usize) -> Result<Arc<[f64]>> {
        if let Some(times) = self.known.get(&episode) {
            return Ok(Arc::clone(times));
        }
        let mut stamps = Vec::new();
        for stretch in dataset.stretches(episode)? {
            self.append(&stretch, &mut stamps)?;
        }
        let fps = dataset.fps();
        let exact = |(frame, stamp): (usize, f64)| {
            let grid = frame as f64 / fps;
            // A file without time stamps has those of the grid.
            let rounded = stamp.is_nan() || (stamp - grid).abs() <= ROUNDING * grid.max(1.0);
            if rounded { grid } else { stamp }
        };
        let times: Arc<[f64]> = stamps.into_iter().enumerate().map(exact).collect();
        self.known.insert(episode, Arc::clone(&times));
        Ok(times)
    }

    fn append(&mut self, stretch: &Stretch, stamps: &mut Vec<f64>) -> Result<()> {
        let cursor = match self.cursor.take() {
            Some(cursor) if cursor.path() == &*stretch.path => cursor,
            _ => Cursor::open(&stretch.path, &|name| name == TIMESTAMP)?,
        };
        let cursor = self.cursor.insert(cursor);
        if !cursor.has(TIMESTAMP) {
            stamps.resize(stamps.len() + stretch.rows.len(), f64::NAN);
            return Ok(());
        }
        for batch in cursor.rows(stretch.rows.clone())? {
            table::append_numbers(batch.column(0), 1, stamps)
                .map_err(|reason| DatasetError::field(&stretch.path, TIMESTAMP, reason))?;
        }
        Ok(())
    }
}
