//! A part of a file, as it is sent.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::client::Session;
use crate::error::{HubError, Result};
use crate::watch::Meter;

/// A part of a file, to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Slice<'a> {
    pub(crate) path: &'a Path,
    pub(crate) from: u64,
    pub(crate) bytes: u64,
    pub(crate) meter: &'a Meter<'a>,
}

/// Reads a part of a file, counting, until the session is stopped.
pub(crate) struct SliceReader<'a> {
    slice: Slice<'a>,
    session: &'a Session<'a>,
    file: io::Take<File>,
    read: u64,
    shrunk: Cell<bool>,
}

impl<'a> SliceReader<'a> {
    pub(crate) fn open(session: &'a Session<'a>, slice: Slice<'a>) -> Result<Self> {
        let open = || {
            let mut file = File::open(slice.path)?;
            file.seek(SeekFrom::Start(slice.from))?;
            Ok(file.take(slice.bytes))
        };
        Ok(Self {
            slice,
            session,
            file: open().map_err(HubError::file("read", slice.path))?,
            read: 0,
            shrunk: Cell::new(false),
        })
    }

    /// After the attempt: what was sent in vain is taken back.
    pub(crate) fn settle(&self, arrived: bool) -> Result<()> {
        if self.shrunk.get() {
            return Err(HubError::Changed {
                path: self.slice.path.to_owned(),
            });
        }
        if !arrived {
            self.slice.meter.take_back(self.read);
        }
        Ok(())
    }
}

impl Read for SliceReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.session.alive().is_err() {
            return Err(io::Error::other("interrupted"));
        }
        let got = self.file.read(buffer)?;
        if got == 0 && self.read < self.slice.bytes && !buffer.is_empty() {
            self.shrunk.set(true);
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read += got as u64;
        self.slice.meter.add(got as u64);
        Ok(got)
    }
}
