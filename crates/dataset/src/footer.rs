//! Whether a parquet file's footer is what it says, before the parquet library takes it.
//!
//! The footer is the struct `FileMetaData` of the parquet format in Thrift's compact protocol. The library (58.4) takes memory for a list of any length that
//! the bytes state, and goes down a schema however deep; here every list has to have its elements, and the schema an end. [`crate::pages`] reads the
//! headers of pages with the same [`Fields`]: the library says of a page how many values it has, and not how many bytes they become.

/// No struct of the format nests as deeply.
const MAX_DEPTH: usize = 12;

/// Columns nest less deeply: an array of five dimensions has twelve levels.
const MAX_NESTING: usize = 64;

/// Kinds of values in Thrift's compact protocol.
pub(crate) mod kind {
    pub(crate) const TRUE: u8 = 1;
    pub(crate) const FALSE: u8 = 2;
    pub(crate) const BYTE: u8 = 3;
    pub(crate) const I16: u8 = 4;
    pub(crate) const I32: u8 = 5;
    pub(crate) const I64: u8 = 6;
    pub(crate) const DOUBLE: u8 = 7;
    pub(crate) const BINARY: u8 = 8;
    pub(crate) const LIST: u8 = 9;
    pub(crate) const SET: u8 = 10;
    pub(crate) const MAP: u8 = 11;
    pub(crate) const STRUCT: u8 = 12;
}

/// A file's footer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Footer<'a> {
    bytes: &'a [u8],
    /// Where what follows the schema begins.
    schema_end: usize,
}

impl<'a> Footer<'a> {
    /// The footer of a whole file.
    pub(crate) fn of(file: &'a [u8]) -> Option<Footer<'a>> {
        let (rest, magic) = file.split_last_chunk::<4>()?;
        let (rest, length) = rest.split_last_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let start = rest.len().checked_sub(length)?;
        let bytes = &rest[start..];
        let mut fields = Fields::of(bytes);
        // The version, and then the schema.
        let version = fields.next()?? == (1, kind::I32);
        fields.skip(kind::I32, 0)?;
        let schema = fields.next()?? == (2, kind::LIST);
        fields.skip(kind::LIST, 0)?;
        (version && schema && magic == b"PAR1").then_some(Footer {
            bytes,
            schema_end: fields.at,
        })
    }

    /// Whether every list is as long as it says, and the schema is no deeper than columns are: the parquet library takes memory
    /// for a list before it reads it, and goes down the schema however deep it is.
    pub(crate) fn is_whole(&self) -> bool {
        let mut fields = Fields::of(self.bytes);
        let mut all = || {
            while let Some((id, kind)) = fields.next()? {
                match (id, kind) {
                    (2, kind::LIST) => schema(&mut fields)?,
                    (_, kind) => fields.skip(kind, 0)?,
                }
            }
            Some(())
        };
        all().is_some()
    }

    /// All of it, as the parquet library takes it.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The version and the schema: files in which these bytes are equal have the same columns.
    pub(crate) fn schema(&self) -> &'a [u8] {
        &self.bytes[..self.schema_end]
    }
}

/// Goes through the list of `SchemaElement`, each of which is followed by its children.
fn schema(fields: &mut Fields) -> Option<()> {
    let elements = fields.list_of(kind::STRUCT)?;
    // How many children of each open element are still to come.
    let mut open: Vec<usize> = Vec::new();
    for _ in 0..elements {
        let children = fields.nested(children)?;
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if children > 0 {
            open.push(children);
        }
        if children > elements || open.len() > MAX_NESTING {
            return None;
        }
    }
    Some(())
}

/// The number of children of a `SchemaElement`.
fn children(fields: &mut Fields) -> Option<usize> {
    let mut children = 0;
    while let Some((id, kind)) = fields.next()? {
        match (id, kind) {
            (5, kind::I32) => children = usize::try_from(fields.number()?).ok()?,
            (_, kind) => fields.skip(kind, 0)?,
        }
    }
    Some(children)
}

/// The fields of a struct, one after the other.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    /// Where reading goes on.
    pub(crate) at: usize,
    last: i64,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Fields<'a> {
        Fields {
            bytes,
            at: 0,
            last: 0,
        }
    }

    /// Number and kind of the next field; none at the end of the struct. The outer none means damage.
    pub(crate) fn next(&mut self) -> Option<Option<(i64, u8)>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        self.last = match head >> 4 {
            0 => self.number()?,
            step => self.last.checked_add(i64::from(step))?,
        };
        Some(Some((self.last, head & 0xf)))
    }

    /// Reads a struct within this one.
    pub(crate) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Fields<'a>) -> Option<T>,
    ) -> Option<T> {
        let last = std::mem::take(&mut self.last);
        let found = read(self)?;
        self.last = last;
        Some(found)
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(crate) fn number(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// The length of a list, whose kind of element must be this one.
    fn list_of(&mut self, kind: u8) -> Option<usize> {
        let (length, found) = self.list()?;
        (found == kind).then_some(length)
    }

    fn list(&mut self) -> Option<(usize, u8)> {
        let head = self.byte()?;
        let length = match head >> 4 {
            15 => usize::try_from(self.varint()?).ok()?,
            length => usize::from(length),
        };
        Some((length, head & 0xf))
    }

    fn pass(&mut self, bytes: u64) -> Option<()> {
        let end = self.at.checked_add(usize::try_from(bytes).ok()?)?;
        (end <= self.bytes.len()).then(|| self.at = end)
    }

    pub(crate) fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match kind {
            kind::TRUE | kind::FALSE => Some(()),
            kind::BYTE => self.pass(1),
            kind::I16 | kind::I32 | kind::I64 => self.varint().map(|_| ()),
            kind::DOUBLE => self.pass(8),
            kind::BINARY => {
                let length = self.varint()?;
                self.pass(length)
            }
            kind::LIST | kind::SET => {
                let (length, kind) = self.list()?;
                (0..length).try_for_each(|_| self.skip_element(kind, depth + 1))
            }
            kind::MAP => {
                let length = self.varint()?;
                let kinds = if length == 0 { 0 } else { self.byte()? };
                (0..length).try_for_each(|_| {
                    self.skip_element(kinds >> 4, depth + 1)?;
                    self.skip_element(kinds & 0xf, depth + 1)
                })
            }
            kind::STRUCT => self.nested(|inner| {
                while let Some((_, kind)) = inner.next()? {
                    inner.skip(kind, depth + 1)?;
                }
                Some(())
            }),
            _ => None,
        }
    }

    /// Unlike a field, an element that is true or false takes a byte.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            kind::TRUE | kind::FALSE => self.pass(1),
            kind => self.skip(kind, depth),
        }
    }
}
