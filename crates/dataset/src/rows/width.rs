//! How many numbers the rows of a feature have, whatever `info.json` declares.

use super::Cursor;
use crate::reader::Dataset;
use crate::table;

/// How many numbers each row of the first episode has.
pub(crate) fn stored_width(dataset: &Dataset, key: &str) -> Option<usize> {
    let stretches = dataset.stretches(0).ok()?;
    let first = stretches.first()?;
    let mut cursor = Cursor::open(&first.path, &|name| name == key).ok()?;
    if !cursor.has(key) {
        return None;
    }
    let batches = cursor.rows(first.rows.clone()).ok()?;
    let widths: Option<Vec<usize>> = batches
        .iter()
        .map(|batch| table::width_of(batch.column(0)))
        .collect();
    let widths = widths?;
    let width = *widths.first()?;
    widths.iter().all(|one| *one == width).then_some(width)
}
