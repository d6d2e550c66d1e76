//! Opening files that others have put there.
//!
//! A path that a user types, or that lies in a folder from elsewhere, may lead to a pipe, a socket or a device: opening one waits for its
//! other end for ever, and reading one has no end. So all code that reads a file opens it here, and all code that writes one asks here first.

use std::format;
use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;

use rustix::fs::OFlags;

/// Opens a regular file for reading; links are followed. Never waits.
///
/// # Errors
/// What the operating system says; [`ErrorKind::InvalidInput`] for what is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    // Opening alone makes some devices act, so what the path leads to is looked at before, and once more when it is open.
    regular(fs::metadata(path)?.file_type())?;
    let nonblock = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nonblock)
        .open(path)?;
    regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// The bytes of a regular file that has at most `most`.
///
/// # Errors
/// As [`open`]; [`ErrorKind::FileTooLarge`] for a larger one.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let problem = format!("it is larger than {most} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, problem));
    }
    Ok(bytes)
}

/// The text of a regular file that has at most `most` bytes.
///
/// # Errors
/// As [`read`]; [`ErrorKind::InvalidData`] for what is no text.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is no text in UTF-8"))
}

/// A path as people type it: with `~` for the home folder.
pub fn at_home(path: &Path) -> String {
    let home = std::env::var_os("HOME").filter(|home| Path::new(home).is_absolute());
    let below = home.and_then(|home| path.strip_prefix(home).ok());
    match below {
        Some(below) => Path::new("~").join(below).display().to_string(),
        None => path.display().to_string(),
    }
}

/// Checks a place where a file is to be written: nothing is there, or a regular file, or a link to one.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for anything else.
pub fn writable(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(there) => regular(there.file_type()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Checks that the folder is there in which a file is to be written.
///
/// # Errors
/// [`ErrorKind::NotFound`] if it is not.
pub fn has_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let problem = format!(
        "there is no folder {}; name one that is there",
        folder.display()
    );
    Err(io::Error::new(ErrorKind::NotFound, problem))
}

fn regular(kind: FileType) -> io::Result<()> {
    let other = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    let problem = format!("it is {other}, where a file is expected");
    Err(io::Error::new(ErrorKind::InvalidInput, problem))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use rustix::fs::{CWD, Mode, mkfifoat};
    use std::borrow::ToOwned;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::string::ToString;

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        mkfifoat(CWD, at("pipe"), Mode::RUSR | Mode::WUSR).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        symlink(at("pipe"), at("link")).unwrap();
        for (path, what) in [
            (at("pipe"), "a pipe"),
            (at("link"), "a pipe"),
            (at("socket"), "a socket"),
            (folder.path().to_owned(), "a folder"),
            ("/dev/zero".into(), "a device"),
        ] {
            for error in [open(&path).unwrap_err(), writable(&path).unwrap_err()] {
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert!(error.to_string().contains(what), "{error}");
            }
        }
    }

    #[test]
    fn files_are_read_up_to_their_limit() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        writable(&path).unwrap();
        fs::write(&path, "grün").unwrap();
        symlink(&path, &link).unwrap();
        writable(&link).unwrap();
        assert_eq!(read_text(&link, 5).unwrap(), "grün");
        assert_eq!(read(&path, 4).unwrap_err().kind(), ErrorKind::FileTooLarge);
        fs::write(&path, [0xff]).unwrap();
        assert_eq!(
            read_text(&path, 9).unwrap_err().kind(),
            ErrorKind::InvalidData
        );
        fs::remove_file(&path).unwrap();
        assert_eq!(open(&link).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
