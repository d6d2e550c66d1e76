//! How much memory tables may take. A few bytes of a parquet file can stand for any number of equal rows, and for gigabytes of
//! text; so what they unfold to is worked out from the headers of their pages before it is decoded, and has to stand in
//! proportion to the bytes of the files.

use std::path::Path;
use std::sync::Arc;

use parquet::arrow::ProjectionMask;
use parquet::basic::Type;
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::Length;
use parquet::file::serialized_reader::SerializedPageReader;

use crate::error::{DatasetError, Result};
use crate::pages::{Pages, walk};
use crate::parquet_source::Source;

/// Small files may unfold to this: 250 thousand rows of a whole arm.
const FLOOR: u64 = 48 << 20;
/// And to this many times their bytes. A row has a number of its own, so even one in which nothing moves has some bytes.
const FACTOR: u64 = 48;
/// As long as that is no more than this.
const FLAT: u64 = 256 << 20;
/// A large file was not written in one idle night: rows of an arm that moves unfold to fewer than ten times their bytes.
const SLOPE: u64 = 12;

/// What may still be decoded, of one file or of several together.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    /// Bytes of memory for a value, at least.
    weight: u64,
    /// How many rows are in memory at a time, if not all that are read.
    at_once: Option<u64>,
    stored: u64,
    unfolded: u64,
}

impl Budget {
    /// For values each of which ends as `weight` bytes in memory, or more if it is stored as more.
    pub(crate) fn of(weight: u64) -> Budget {
        Budget {
            weight,
            at_once: None,
            stored: 0,
            unfolded: 0,
        }
    }

    /// For rows of which so many are in memory at a time.
    pub(crate) fn at_once(mut self, rows: usize) -> Budget {
        self.at_once = Some(rows as u64);
        self
    }

    /// Adds a file of so many bytes.
    pub(crate) fn file(&mut self, bytes: u64) {
        self.stored = self.stored.saturating_add(bytes);
    }

    fn allowed(&self) -> u64 {
        let small = self.stored.saturating_mul(FACTOR).min(FLAT);
        let large = self.stored.saturating_mul(SLOPE);
        FLOOR.saturating_add(small).saturating_add(large)
    }

    /// What may still be decoded, bytes.
    pub(crate) fn left(&self) -> u64 {
        self.allowed().saturating_sub(self.unfolded)
    }

    /// Takes what is about to be decoded; false when it is too much.
    pub(crate) fn take(&mut self, bytes: u64) -> bool {
        self.unfolded = self.unfolded.saturating_add(bytes);
        self.unfolded <= self.allowed()
    }

    /// Takes the columns of `mask` in these groups of rows, or says why they are too much.
    pub(crate) fn take_columns(
        &mut self,
        path: &Path,
        source: &Source,
        metadata: &ParquetMetaData,
        (mask, groups): (&ProjectionMask, &[usize]),
    ) -> Result<()> {
        for group in groups {
            let group = metadata.row_group(*group);
            for (leaf, chunk) in group.columns().iter().enumerate() {
                if !mask.leaf_included(leaf) {
                    continue;
                }
                let bytes = unfolded(source, chunk, self)
                    .map_err(|reason| DatasetError::parquet(path, &reason))?;
                if !self.take(bytes) {
                    let bytes = source.len();
                    return Err(DatasetError::TooMuch {
                        path: path.to_owned(),
                        bytes,
                        needed: self.unfolded,
                        limit: self.allowed(),
                    });
                }
            }
        }
        Ok(())
    }
}

/// How many bytes a column of a group of rows takes in memory, at most; exact only as far as the budget goes.
fn unfolded(source: &Source, chunk: &ColumnChunkMetaData, budget: &Budget) -> Result<u64, String> {
    let (start, length) = chunk.byte_range();
    let pages = walk(source, start, length).ok_or("the header of a page is damaged")?;
    let width = match chunk.column_type() {
        Type::BOOLEAN => 1,
        Type::INT32 | Type::FLOAT => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::BYTE_ARRAY => return texts(source, chunk, &pages, budget),
        Type::FIXED_LEN_BYTE_ARRAY => {
            u64::try_from(chunk.column_descr().type_length()).unwrap_or(u64::MAX)
        }
    };
    let values = pages.values.saturating_mul(width.max(budget.weight));
    Ok(values.saturating_add(pages.largest))
}

/// As [`unfolded`], for values of any length.
fn texts(
    source: &Source,
    chunk: &ColumnChunkMetaData,
    pages: &Pages,
    budget: &Budget,
) -> Result<u64, String> {
    let enough = budget.left();
    let (mut values, mut bytes) = (pages.values, pages.bytes);
    // A row of lists may hold any number of values.
    if let (Some(rows), 0) = (budget.at_once, chunk.column_descr().max_rep_level()) {
        (values, bytes) = (values.min(rows), pages.largest.saturating_mul(2));
    }
    // Each value, its bytes where they are stored, and those that it shares with the value before it.
    let shared = pages.shared.min(values).saturating_mul(pages.largest);
    let each = values.saturating_mul(budget.weight.max(8));
    let plain = each.saturating_add(bytes).saturating_add(shared);
    let from_dictionary = |longest: u64| plain.saturating_add(values.saturating_mul(longest));
    // What fits even if the dictionary were one value needs no closer look.
    let most = from_dictionary(pages.dictionary);
    if most <= enough || plain > enough || pages.dictionary > enough {
        return Ok(most);
    }
    longest(source, chunk).map(from_dictionary)
}

/// The length of the longest value in a dictionary.
fn longest(source: &Source, chunk: &ColumnChunkMetaData) -> Result<u64, String> {
    let damaged = |error: &dyn ToString| error.to_string();
    let reader = SerializedPageReader::new(Arc::new(source.clone()), chunk, 0, None);
    let page = reader.and_then(|mut reader| reader.get_next_page());
    let Some(Page::DictionaryPage { buf, .. }) = page.map_err(|e| damaged(&e))? else {
        return Ok(0);
    };
    let (mut rest, mut longest) = (&buf[..], 0);
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u64::from(u32::from_le_bytes(*length));
        longest = longest.max(length);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        rest = after.get(length..).unwrap_or_default();
    }
    Ok(longest)
}
