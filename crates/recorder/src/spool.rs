//! Pictures that found no room in memory, on disk until their encoder gets to them.
//!
//! The file has no name, so that nothing is left of it, however the process ends.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A ring of equally large pictures in a file.
#[derive(Debug)]
struct Ring {
    file: File,
    picture: usize,
    places: u64,
    waiting: AtomicU64,
}

impl Ring {
    fn offset(&self, number: u64) -> u64 {
        (number % self.places) * self.picture as u64
    }
}

/// The end that puts pictures aside.
#[derive(Debug)]
pub(crate) struct SpoolWriter {
    ring: Arc<Ring>,
    next: u64,
}

/// The end that fetches them, in order.
#[derive(Debug)]
pub(crate) struct SpoolReader {
    ring: Arc<Ring>,
    next: u64,
}

/// A spool in `folder` for pictures of `picture` bytes, of at most `budget` bytes in all.
pub(crate) fn spool(
    folder: &Path,
    picture: usize,
    budget: u64,
) -> io::Result<(SpoolWriter, SpoolReader)> {
    let file = tempfile::tempfile_in(folder)?;
    let ring = Arc::new(Ring {
        file,
        picture,
        places: budget / picture.max(1) as u64,
        waiting: AtomicU64::new(0),
    });
    let reader = SpoolReader {
        ring: Arc::clone(&ring),
        next: 0,
    };
    Ok((SpoolWriter { ring, next: 0 }, reader))
}

impl SpoolWriter {
    /// Puts a picture aside; false if the budget is used up.
    pub(crate) fn put(&mut self, picture: &[u8]) -> io::Result<bool> {
        let ring = &self.ring;
        if ring.waiting.load(Ordering::Acquire) >= ring.places {
            return Ok(false);
        }
        ring.file.write_all_at(picture, ring.offset(self.next))?;
        self.next += 1;
        ring.waiting.fetch_add(1, Ordering::Release);
        Ok(true)
    }
}

impl SpoolReader {
    /// The oldest picture.
    pub(crate) fn take(&mut self, into: &mut Vec<u8>) -> io::Result<()> {
        let ring = &self.ring;
        into.resize(ring.picture, 0);
        ring.file.read_exact_at(into, ring.offset(self.next))?;
        self.next += 1;
        // Only now may the place be used again.
        ring.waiting.fetch_sub(1, Ordering::Release);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_come_out_in_order_and_the_budget_holds() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, mut reader) = spool(folder.path(), 4, 10).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut picture = Vec::new();
        for round in 0..5u8 {
            assert!(writer.put(&[round; 4]).unwrap());
            assert!(writer.put(&[round + 100; 4]).unwrap());
            assert!(!writer.put(&[0; 4]).unwrap());
            reader.take(&mut picture).unwrap();
            assert_eq!(picture, [round; 4]);
            reader.take(&mut picture).unwrap();
            assert_eq!(picture, [round + 100; 4]);
        }
    }
}
