//! Names below and next to a dataset's folder, looked at and opened without following links.
//!
//! A dataset may come from anyone, and anyone may write to the folder that it lies in. What is unfinished is therefore never
//! reached through a link, is created only where there was nothing, and is removed only under names that ulna gives. Files of
//! the dataset itself may be links, as in Hugging Face's cache: they are read through, and replaced by their names.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::advice;
use crate::error::{DatasetError, IoContext, Result};
use crate::fs::{Fs, FsFile, STAGING, parent};

/// What has a name, itself and not what it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Absent,
    File,
    Folder,
    Link,
    /// A pipe, a socket or a device.
    Other,
}

/// What stands at `path`.
pub(crate) fn kind(path: &Path) -> Result<Kind> {
    let found = match path.symlink_metadata() {
        Ok(found) => found.file_type(),
        Err(error) => {
            return match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(Kind::Absent),
                _ => Err(error).at("look at", path),
            };
        }
    };
    Ok(match () {
        () if found.is_symlink() => Kind::Link,
        () if found.is_dir() => Kind::Folder,
        () if found.is_file() => Kind::File,
        () => Kind::Other,
    })
}

/// As [`kind`], for a name that is ulna's own: a link there is refused.
pub(crate) fn own_kind(path: &Path) -> Result<Kind> {
    match kind(path)? {
        Kind::Link => Err(DatasetError::Link {
            path: path.to_owned(),
            remedy: format!(
                "ulna makes no link there: remove the link itself (`rm {}`, what it leads to stays) and try again",
                advice::quoted(path)
            ),
        }),
        other => Ok(other),
    }
}

/// Whether a name that is ulna's own is a folder; anything else than a folder or nothing is refused.
pub(crate) fn own_folder(path: &Path) -> Result<bool> {
    match own_kind(path)? {
        Kind::Folder => Ok(true),
        Kind::Absent => Ok(false),
        _ => Err(in_the_way(path)),
    }
}

/// Whether a name that is ulna's own is a file; anything else than a file or nothing is refused.
pub(crate) fn own_file(path: &Path) -> Result<bool> {
    match own_kind(path)? {
        Kind::File => Ok(true),
        Kind::Absent => Ok(false),
        _ => Err(in_the_way(path)),
    }
}

/// The folder of what is unfinished in the dataset in `root`, if there is one.
pub(crate) fn staging(root: &Path) -> Result<Option<PathBuf>> {
    let staging = root.join(STAGING);
    Ok(own_folder(&staging)?.then_some(staging))
}

/// An error for something at a name of ulna's that ulna didn't make.
pub(crate) fn in_the_way(path: &Path) -> DatasetError {
    DatasetError::invalid(
        path.display().to_string(),
        "stands in the way: ulna keeps unfinished work under this name and did not make this; move it elsewhere",
    )
}

/// Refuses links among the folders `relative` below `root`, through which files would be written into another folder.
pub(crate) fn no_links(root: &Path, relative: &Path) -> Result<()> {
    let mut path = root.to_owned();
    for part in relative.components() {
        path.push(part);
        match kind(&path)? {
            Kind::Absent => return Ok(()),
            Kind::Link => return Err(link_on_the_way(root, path)),
            _ => {}
        }
    }
    Ok(())
}

fn link_on_the_way(root: &Path, path: PathBuf) -> DatasetError {
    let remedy = match path.starts_with(root.join(STAGING)) {
        true => format!(
            "ulna makes no link there: remove the link itself (`rm {}`, what it leads to stays) and try again",
            advice::quoted(&path)
        ),
        false => format!(
            "work on a copy with files of its own: `cp -rL {} COPY`",
            advice::quoted(root)
        ),
    };
    DatasetError::Link { path, remedy }
}

/// Makes the folders `relative` below `root`, each durably and none through a link.
pub(crate) fn make_dirs(fs: &dyn Fs, root: &Path, relative: &Path) -> Result<()> {
    let mut path = root.to_owned();
    for part in relative.components() {
        let Component::Normal(name) = part else {
            let what = relative.display().to_string();
            return Err(DatasetError::invalid(what, "leads out of the dataset"));
        };
        let folder = path.clone();
        path.push(name);
        match kind(&path)? {
            Kind::Folder => {}
            Kind::Link => return Err(link_on_the_way(root, path)),
            Kind::Absent => {
                match fs.create_dir(&path) {
                    // Another thread, such as that of an encoder, may have been faster.
                    Err(error)
                        if error.kind() == io::ErrorKind::AlreadyExists
                            && kind(&path)? == Kind::Folder => {}
                    other => other.at("create the folder", &path)?,
                }
                fs.sync_dir(&folder).at("sync the folder", &folder)?;
            }
            Kind::File | Kind::Other => {
                return Err(DatasetError::invalid(
                    path.display().to_string(),
                    "is no folder, and one is needed there; move it elsewhere",
                ));
            }
        }
    }
    Ok(())
}

/// Creates a file under a name of ulna's own. A leftover gives up the name: whatever other names it has, they keep it.
pub(crate) fn create(fs: &dyn Fs, path: &Path) -> Result<Box<dyn FsFile>> {
    own_folder(&parent(path))?;
    if own_file(path)? {
        fs.remove_file(path).at("remove", path)?;
    }
    fs.create(path).at("create", path)
}

/// Makes a file under a name of ulna's own that nothing has yet, for reading and writing at any place.
pub(crate) fn create_ring(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    not_followed(&mut options).open(path)
}

/// Opens a file under a name of ulna's own for reading.
pub(crate) fn open(path: &Path) -> Result<File> {
    own_file(path)?;
    let mut options = OpenOptions::new();
    not_followed(options.read(true)).open(path).at("open", path)
}

/// Opens the lock file at `path`, which is made when it isn't there and keeps what it holds.
pub(crate) fn open_lock(path: &Path) -> Result<File> {
    own_file(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    not_followed(&mut options).open(path).at("create", path)
}

/// A link in the last place is an error, and a pipe doesn't wait for its other end.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn not_followed(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed())
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn not_followed(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
