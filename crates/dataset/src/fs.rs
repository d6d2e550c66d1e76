//! The few file-system operations that writing a dataset needs, behind a trait: tests record and cut them.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{IoContext, Result};

/// A file open for writing at its end.
pub trait FsFile: Write + Send + Debug {
    /// Waits until everything written so far is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// What a writer does to the file system. Reading goes past this trait.
pub trait Fs: Send + Sync + Debug {
    /// Makes one folder, whose parent exists.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes an empty file. What had the name before loses it, and is not written to.
    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>>;
    /// Gives a file another name, replacing what had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// Gives a file a second name. Where that isn't possible, the caller copies.
    fn hard_link(&self, _from: &Path, _to: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    /// Swaps the names of two folders within one folder, so that each name always has one of them. Where that isn't
    /// possible, the caller renames twice.
    fn exchange(&self, _one: &Path, _other: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    /// Waits until the folder's entries (not the files' contents) are on the disk.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
}

/// The operating system's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFs;

#[derive(Debug)]
struct RealFile(File);

impl Write for RealFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl FsFile for RealFile {
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

impl Fs for RealFs {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        let create = || OpenOptions::new().write(true).create_new(true).open(path);
        let file = match create() {
            // A link is none of ours, and what it leads to even less.
            Err(error)
                if error.kind() == io::ErrorKind::AlreadyExists
                    && path.symlink_metadata()?.is_file() =>
            {
                fs::remove_file(path)?;
                create()
            }
            other => other,
        };
        Ok(Box::new(RealFile(file?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    #[cfg(any(target_os = "linux", target_os = "macos"))]
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

/// The folder within a dataset where everything unfinished lives; LeRobot looks nowhere near it.
pub(crate) const STAGING: &str = ".ulna";

/// Makes a folder and its missing parents, each durably.
pub(crate) fn make_dirs(fs: &dyn Fs, path: &Path) -> Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let parent = parent(path);
    make_dirs(fs, &parent)?;
    match fs.create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        other => other.at("create the folder", path)?,
    }
    fs.sync_dir(&parent).at("sync the folder", &parent)
}

/// Removes a file that may be gone already.
pub(crate) fn remove_if_there(fs: &dyn Fs, path: &Path) -> Result<()> {
    match fs.remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.at("remove", path),
    }
}

pub(crate) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    // A device that cannot be synced says so: a sync that succeeds there never reached the operating system.
    #[test]
    fn syncing_reaches_the_operating_system() {
        let device = Path::new("/dev/null");
        let file = OpenOptions::new().write(true).open(device).unwrap();
        let refused = RealFile(file).sync().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
        let refused = RealFs.sync_dir(device).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
        let dir = tempfile::tempdir().unwrap();
        RealFs.sync_dir(dir.path()).unwrap();
        let mut file = RealFs.create(&dir.path().join("file")).unwrap();
        file.write_all(b"bytes").unwrap();
        file.sync().unwrap();
    }
}
