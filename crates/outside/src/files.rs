//! Opening files that others have put there.
//!
//! A path that a user types, or that lies in a folder from elsewhere, may lead to a pipe, a socket or a device: opening one waits for its
//! other end for ever, and reading one has no end. So all code that reads a file opens it here, and all code that writes one does it here
//! (with the feature `write`), or asks here first.

use std::format;
use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;

use rustix::fs::OFlags;

use crate::text::Shell;

#[cfg(feature = "write")]
mod written;

#[cfg(feature = "write")]
pub use written::{append, create, probe, replace, streamed};

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

/// A path as one word of a shell's command line, as [`Shell`] shows texts; bytes that are no text stand as `\\xNN`.
pub fn shell(path: &Path) -> String {
    if let Some(text) = path.to_str() {
        return Shell(text).to_string();
    }
    let bytes = path.as_os_str().as_bytes();
    let mut word = String::from(match bytes {
        [b'-', ..] => "$'./",
        _ => "$'",
    });
    for &byte in bytes {
        match byte {
            b'\'' | b'\\' => word.extend(['\\', char::from(byte)]),
            b' '..=b'~' => word.push(char::from(byte)),
            _ => word.push_str(&format!("\\x{byte:02x}")),
        }
    }
    word.push('\'');
    word
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
    use crate::text::is_printable;
    use rustix::fs::{CWD, Mode, mkfifoat};
    use std::borrow::ToOwned;
    use std::ffi::OsStr;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

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
    fn a_shell_hands_every_path_on_as_it_is() {
        for path in [
            &b"D"[..],
            b"a b",
            b"-rf",
            b"it's",
            b"$(touch x)`y`\"",
            b"\xff\xfe \x1b]52;c;eA==\x07 \xe2\x80\xae",
            b"-\xffa'\\\n",
            "gr\u{fc}n \u{202e}\n".as_bytes(),
        ] {
            let word = shell(Path::new(OsStr::from_bytes(path)));
            assert!(word.chars().all(is_printable), "{word}");
            let said = Command::new("bash")
                .args(["-c", &format!("printf %s {word}")])
                .env("LC_ALL", "C.UTF-8")
                .output()
                .unwrap();
            let said = said.stdout.strip_prefix(b"./").unwrap_or(&said.stdout);
            assert_eq!(said, path, "{word}");
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
