//! The bytes of a parquet file: read whole if it is small, else page by page.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::file::reader::{ChunkReader, Length};

use crate::error::{IoContext, Result};

/// Files up to this size are read whole: a system call for each page of each column would take most of the time.
const MAX_AT_ONCE: u64 = 4 << 20;

/// A parquet file's bytes.
#[derive(Clone)]
pub(crate) enum Source {
    Whole(Bytes),
    File(Arc<File>),
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Source> {
        let file = ulna_outside::files::open(path).at("open", path)?;
        let length = file.metadata().at("read", path)?.len();
        if length > MAX_AT_ONCE {
            return Ok(Source::File(Arc::new(file)));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        let mut file = file.take(MAX_AT_ONCE);
        file.read_to_end(&mut bytes).at("read", path)?;
        Ok(Source::Whole(bytes.into()))
    }

    /// The bytes of a small file.
    pub(crate) fn whole(&self) -> Option<&Bytes> {
        match self {
            Source::Whole(bytes) => Some(bytes),
            Source::File(_) => None,
        }
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        match self {
            Source::Whole(bytes) => Length::len(bytes),
            Source::File(file) => Length::len(&**file),
        }
    }
}

impl ChunkReader for Source {
    type T = Box<dyn Read + Send>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(match self {
            Source::Whole(bytes) => Box::new(bytes.get_read(start)?),
            Source::File(file) => Box::new(file.get_read(start)?),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        match self {
            Source::Whole(bytes) => bytes.get_bytes(start, length),
            Source::File(file) => file.get_bytes(start, length),
        }
    }
}
