//! A file of records that survives being cut anywhere: each record carries its length and checksum, and a
//! reader takes the records up to the first that isn't whole.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use crate::error::{DatasetError, IoContext, Result};
use crate::fs::{Fs, FsFile};
use crate::inside;

/// No row and no compressed picture is larger; a length beyond it is damage.
const MAX_RECORD: u32 = 64 << 20;

/// Appends records.
#[derive(Debug)]
pub(crate) struct RecordLog {
    path: PathBuf,
    file: Box<dyn FsFile>,
    broken: bool,
    unsynced: bool,
    buffer: Vec<u8>,
}

impl RecordLog {
    pub(crate) fn create(fs: &dyn Fs, path: &Path) -> Result<RecordLog> {
        Ok(RecordLog {
            path: path.to_owned(),
            file: inside::create(fs, path)?,
            broken: false,
            unsynced: false,
            buffer: Vec::new(),
        })
    }

    pub(crate) fn append(&mut self, payload: &[u8]) -> Result<()> {
        if self.broken {
            // What a failed write left behind would hide every later record from the reader.
            return Err(DatasetError::invalid(
                self.path.display().to_string(),
                "an earlier write failed, so this journal takes no more records",
            ));
        }
        let length = u32::try_from(payload.len())
            .ok()
            .filter(|n| *n <= MAX_RECORD);
        let length = length.ok_or_else(|| {
            DatasetError::invalid(
                "a journal record",
                format!("{} bytes are too many", payload.len()),
            )
        })?;
        self.buffer.clear();
        self.buffer.extend(length.to_le_bytes());
        self.buffer.extend(crc32fast::hash(payload).to_le_bytes());
        self.buffer.extend(payload);
        let written = self.file.write_all(&self.buffer).at("write", &self.path);
        self.broken = written.is_err();
        self.unsynced = true;
        written
    }

    pub(crate) fn sync(&mut self) -> Result<()> {
        if std::mem::take(&mut self.unsynced) {
            self.file.sync().at("sync", &self.path)?;
        }
        Ok(())
    }
}

/// Reads records in order; ends before the first that is incomplete or damaged.
#[derive(Debug)]
pub(crate) struct RecordReader {
    file: BufReader<File>,
    left: u64,
}

impl RecordReader {
    pub(crate) fn open(path: &Path) -> Result<RecordReader> {
        let file = inside::open(path)?;
        let left = file.metadata().at("read", path)?.len();
        Ok(RecordReader {
            file: BufReader::new(file),
            left,
        })
    }
}

impl Iterator for RecordReader {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut head = [0; 8];
        self.file.read_exact(&mut head).ok()?;
        let [a, b, c, d, e, f, g, h] = head;
        let length = u32::from_le_bytes([a, b, c, d]);
        self.left = self.left.checked_sub(8)?.checked_sub(u64::from(length))?;
        if length > MAX_RECORD {
            return None;
        }
        let mut payload = vec![0; length as usize];
        self.file.read_exact(&mut payload).ok()?;
        (crc32fast::hash(&payload) == u32::from_le_bytes([e, f, g, h])).then_some(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::RealFs;

    #[test]
    fn every_cut_and_every_flip_leaves_the_records_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = RecordLog::create(&RealFs, &path).unwrap();
        let records: Vec<Vec<u8>> = (0..5).map(|n| vec![n; 3 * usize::from(n)]).collect();
        let mut ends = vec![0];
        for record in &records {
            log.append(record).unwrap();
            ends.push(ends.last().unwrap() + 8 + record.len());
        }
        log.sync().unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            let complete = ends.iter().filter(|end| **end > 0 && **end <= cut).count();
            std::fs::write(&path, &whole[..cut]).unwrap();
            let found: Vec<_> = RecordReader::open(&path).unwrap().collect();
            assert_eq!(found, records[..complete]);
            let mut flipped = whole.clone();
            flipped[cut] ^= 0x40;
            std::fs::write(&path, &flipped).unwrap();
            let found: Vec<_> = RecordReader::open(&path).unwrap().collect();
            assert_eq!(
                found,
                records[..ends.iter().filter(|e| **e > 0 && **e <= cut).count()]
            );
        }
    }
}
