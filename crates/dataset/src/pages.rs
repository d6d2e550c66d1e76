//! The pages of a column in a parquet file, as their headers state them: how many values there are, and how long they become.
//!
//! A header is the struct `PageHeader` of the parquet format in Thrift's compact protocol.

use parquet::file::reader::{ChunkReader, Length};

use crate::footer::{Fields, kind};
use crate::parquet_source::Source;

/// Headers are some ten bytes long, some hundred with statistics.
const SHORT: u64 = 256;
/// No header is longer, statistics of long texts included.
const LONGEST: u64 = 16 << 20;
/// `Encoding` of the format in which a text may begin as the one before it does.
const DELTA_BYTE_ARRAY: i64 = 7;

/// The pages of a column in a group of rows, taken together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pages {
    /// Values, missing ones and those of nested lists included.
    pub(crate) values: u64,
    /// Bytes of the data when it isn't compressed.
    pub(crate) bytes: u64,
    /// Bytes of the dictionary when it isn't compressed.
    pub(crate) dictionary: u64,
    /// Bytes of the largest page when it isn't compressed.
    pub(crate) largest: u64,
    /// Values that may share bytes with others.
    pub(crate) shared: u64,
}

/// A page's header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Header {
    kind: i64,
    uncompressed: i64,
    compressed: i64,
    values: i64,
    encoding: i64,
}

/// Goes through the headers of the pages in these bytes; none when one is damaged.
pub(crate) fn walk(source: &Source, start: u64, length: u64) -> Option<Pages> {
    let file = source.len();
    let end = start.checked_add(length)?.min(file);
    let (mut at, mut pages) = (start, Pages::default());
    while at < end {
        let (header, size) = header(source, at, end - at)?;
        at = at.checked_add(size)?;
        let number = |n: i64| u64::try_from(n).ok();
        let uncompressed = number(header.uncompressed)?;
        pages.largest = pages.largest.max(uncompressed);
        if header.kind == 2 {
            pages.dictionary = pages.dictionary.max(uncompressed);
        } else {
            let values = number(header.values)?;
            pages.values = pages.values.saturating_add(values);
            pages.bytes = pages.bytes.saturating_add(uncompressed);
            if header.encoding == DELTA_BYTE_ARRAY {
                pages.shared = pages.shared.saturating_add(values);
            }
        }
        at = at.checked_add(number(header.compressed)?)?;
    }
    Some(pages)
}

/// The header at `at`, and how long it is.
fn header(source: &Source, at: u64, rest: u64) -> Option<(Header, u64)> {
    let mut most = SHORT;
    loop {
        let length = usize::try_from(most.min(rest)).ok()?;
        let bytes = source.get_bytes(at, length).ok()?;
        let mut fields = Fields::of(&bytes);
        if let Some(header) = parse(&mut fields) {
            return Some((header, fields.at as u64));
        }
        if most >= rest || most >= LONGEST {
            return None;
        }
        most *= 256;
    }
}

fn parse(fields: &mut Fields) -> Option<Header> {
    let mut header = Header::default();
    while let Some((id, found)) = fields.next()? {
        match (id, found) {
            (1, kind::I32) => header.kind = fields.number()?,
            (2, kind::I32) => header.uncompressed = fields.number()?,
            (3, kind::I32) => header.compressed = fields.number()?,
            // Of data, of a dictionary, of data in the second version; the encoding stands in the second place or the fourth.
            (5 | 7 | 8, kind::STRUCT) => {
                let place = if id == 8 { 4 } else { 2 };
                (header.values, header.encoding) = fields.nested(|inner| numbers(inner, place))?;
            }
            (_, found) => fields.skip(found, 0)?,
        }
    }
    Some(header)
}

/// How many values a page has, and their encoding.
fn numbers(fields: &mut Fields, encoding: i64) -> Option<(i64, i64)> {
    let (mut values, mut found_encoding) = (0, 0);
    while let Some((id, found)) = fields.next()? {
        match (id, found) {
            (1, kind::I32) => values = fields.number()?,
            (id, kind::I32) if id == encoding => found_encoding = fields.number()?,
            (_, found) => fields.skip(found, 0)?,
        }
    }
    Some((values, found_encoding))
}
