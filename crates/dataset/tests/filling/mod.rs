//! A disk that fills: some operations pass, then each that needs room fails.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ulna_dataset::{Fs, FsFile, RealFs};

/// Room for anything.
pub const PLENTY: i64 = 1 << 40;

/// Lets a number of operations through and then fails every one, as a full disk does (removing still works).
/// It waits for no disk.
#[derive(Clone, Debug)]
pub struct Filling {
    left: Arc<AtomicI64>,
    error: io::ErrorKind,
    /// Whether only contents and new names need room: names are changed and folders synced on a full disk too.
    contents_only: bool,
    /// Whether there is room again after the first failure.
    once: bool,
    links: bool,
}

#[derive(Debug)]
struct FillingFile(std::fs::File, Filling);

impl Filling {
    /// A disk with much room, on which everything fails once it is full.
    pub fn new() -> Filling {
        Filling {
            left: Arc::new(AtomicI64::new(PLENTY)),
            error: io::ErrorKind::StorageFull,
            contents_only: false,
            once: false,
            links: false,
        }
    }

    /// A disk on which one operation fails, and those after it do not: room was made.
    pub fn once() -> Filling {
        Filling {
            once: true,
            ..Filling::new()
        }
    }

    /// A disk with much room, on which names can still be changed once it is full, and which knows second names.
    pub fn of_contents() -> Filling {
        Filling {
            contents_only: true,
            links: true,
            ..Filling::new()
        }
    }

    /// One that fails for another reason.
    pub fn failing(error: io::ErrorKind) -> Filling {
        Filling {
            error,
            ..Filling::new()
        }
    }

    /// Leaves room for this many operations.
    pub fn leave(&self, operations: i64) {
        self.left.store(operations, Ordering::SeqCst);
    }

    fn take(&self) -> io::Result<()> {
        match self.left.fetch_sub(1, Ordering::SeqCst) {
            1.. => Ok(()),
            left if self.once && left < 0 => Ok(()),
            _ => Err(self.error.into()),
        }
    }

    fn take_for_name(&self) -> io::Result<()> {
        match self.contents_only {
            true => Ok(()),
            false => self.take(),
        }
    }
}

impl Write for FillingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.1.take().is_err() {
            // Half of it still fits.
            self.0.write_all(&bytes[..bytes.len() / 2])?;
            return Err(self.1.error.into());
        }
        self.0.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl FsFile for FillingFile {
    fn sync(&mut self) -> io::Result<()> {
        self.1.take()
    }
}

impl Fs for Filling {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.take().and_then(|()| std::fs::create_dir(path))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        self.take()?;
        let file = std::fs::File::create(path)?;
        Ok(Box::new(FillingFile(file, self.clone())))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.take_for_name()
            .and_then(|()| std::fs::rename(from, to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_dir(path)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self.links {
            true => self.take().and_then(|()| std::fs::hard_link(from, to)),
            false => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        match self.links {
            true => self
                .take_for_name()
                .and_then(|()| RealFs.exchange(one, other)),
            false => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        self.take_for_name()
    }
}
