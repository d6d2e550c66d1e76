//! Writing files under names that a user gave, or that lie in a folder to which others may write.
//!
//! What has such a name already may be a link to anywhere, a second name of another file, a pipe, or a file that must not be lost half-way.
//! So a file is written under a name that nothing has, and gets its own name when it is whole: what had the name before loses it, and
//! what that led to stays as it was. All code that writes files for users does it here; datasets have rules of their own, in their crate.

use std::format;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use tempfile::{Builder, NamedTempFile};

use super::{regular, writable};

/// What anyone may do with a new file, before the user's mask.
const MODE: u32 = 0o666;

/// Writes a file and gives it its name once it is whole and on the disk. What had the name loses it; after an error it has it still.
///
/// # Errors
/// What the operating system or `write` says; [`ErrorKind::InvalidInput`] if something has the name that is no file.
pub fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let file = whole(path, write)?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// As [`replace`], for a name that nothing may have yet, not even a link that leads nowhere.
///
/// # Errors
/// As [`replace`]; [`ErrorKind::AlreadyExists`].
pub fn create(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let file = whole(path, write)?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// For a library that opens the file by itself and writes to it for long: `open` gets another name in the same folder, and the file has its
/// own as soon as it is open.
///
/// # Errors
/// As [`replace`].
pub fn streamed<T>(path: &Path, open: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    writable(path)?;
    let file = aside(path)?;
    let opened = open(file.path())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(opened)
}

/// Opens a file that goes on at its end, for reading too, and makes it if it is not there.
///
/// # Errors
/// What the operating system says; [`ErrorKind::InvalidInput`] for what is no regular file, a link too, and for a file with further names,
/// each of which may be what others take it for.
pub fn append(path: &Path) -> io::Result<File> {
    let refused = |problem: &str| Err(io::Error::new(ErrorKind::InvalidInput, problem));
    if path.is_symlink() {
        return refused("it is a link; give the path of the file itself");
    }
    writable(path)?;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .create(true)
        .append(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let found = file.metadata()?;
    regular(found.file_type())?;
    match found.nlink() {
        0 | 1 => Ok(file),
        _ => refused("the file has another name as well (a hard link); give a file of its own"),
    }
}

/// Fails if no file can be made in this folder; leaves nothing there.
///
/// # Errors
/// What the operating system says.
pub fn probe(folder: &Path) -> io::Result<()> {
    Builder::new().prefix(".ulna-").tempfile_in(folder)?.close()
}

/// A file under another name with its bytes on the disk.
fn whole(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<NamedTempFile> {
    writable(path)?;
    let mut file = aside(path)?;
    write(file.as_file_mut())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// A new file next to the path, which goes again unless it gets the name.
fn aside(path: &Path) -> io::Result<NamedTempFile> {
    if path.file_name().is_none() {
        let problem = "it is no name of a file";
        return Err(io::Error::new(ErrorKind::InvalidInput, problem));
    }
    let folder = folder(path);
    if !folder.is_dir() {
        let problem = format!(
            "there is no folder {}; name one that is there",
            folder.display()
        );
        return Err(io::Error::new(ErrorKind::NotFound, problem));
    }
    Builder::new()
        .prefix(".ulna-")
        .suffix(".new")
        .permissions(Permissions::from_mode(MODE))
        .tempfile_in(folder)
}

fn folder(path: &Path) -> &Path {
    let parent = path.parent();
    let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Makes a new name last.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use rustix::fs::{CWD, Mode, mkfifoat};
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;
    use std::string::ToString;
    use std::vec::Vec;
    use tempfile::TempDir;

    /// A folder with a file that must stay as it is, and everything that may have the name of a file.
    fn scene() -> (TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("victim")).unwrap();
        fs::create_dir(at("in")).unwrap();
        fs::write(at("victim/precious"), "precious").unwrap();
        symlink("../victim/precious", at("in/link")).unwrap();
        symlink("../victim/new", at("in/dangling")).unwrap();
        fs::hard_link(at("victim/precious"), at("in/second")).unwrap();
        fs::write(at("in/file"), "old").unwrap();
        let names = ["link", "dangling", "second", "file", "absent"];
        let paths = names.map(|name| at("in").join(name));
        (folder, paths.into())
    }

    /// Nothing outside has changed, and nothing is left over.
    fn unharmed(folder: &TempDir) {
        let victim = folder.path().join("victim");
        assert_eq!(fs::read(victim.join("precious")).unwrap(), b"precious");
        assert_eq!(fs::read_dir(victim).unwrap().count(), 1);
        for entry in fs::read_dir(folder.path().join("in")).unwrap() {
            let name = entry.unwrap().file_name();
            assert!(!name.to_string_lossy().starts_with(".ulna-"), "{name:?}");
        }
    }

    #[test]
    fn what_had_the_name_loses_it_and_what_it_led_to_stays() {
        let (folder, paths) = scene();
        for path in &paths {
            replace(path, |file| file.write_all(b"new")).unwrap();
            assert!(path.symlink_metadata().unwrap().is_file());
            assert_eq!(fs::read(path).unwrap(), b"new");
            unharmed(&folder);
            assert_eq!(
                create(path, |_| Ok(())).unwrap_err().kind(),
                ErrorKind::AlreadyExists
            );
        }
    }

    #[test]
    fn what_a_library_writes_goes_into_the_new_file() {
        let (folder, paths) = scene();
        for path in &paths {
            let mut file = streamed(path, |path| File::create(path)).unwrap();
            file.write_all(b"streamed").unwrap();
            assert_eq!(fs::read(path).unwrap(), b"streamed");
            unharmed(&folder);
        }
    }

    #[test]
    fn a_name_that_is_taken_is_not_taken_over() {
        let (folder, paths) = scene();
        for path in &paths {
            let there = path.symlink_metadata().is_ok();
            let made = create(path, |file| file.write_all(b"new"));
            assert_eq!(made.is_ok(), !there, "{}", path.display());
            unharmed(&folder);
        }
        assert_eq!(fs::read(&paths[3]).unwrap(), b"old");
    }

    #[test]
    fn a_file_that_fails_half_way_leaves_the_old_one() {
        let (folder, paths) = scene();
        let fail = |file: &mut File| {
            file.write_all(b"half")?;
            Err(io::Error::other("the disk is full"))
        };
        let error = replace(&paths[3], fail).unwrap_err();
        assert_eq!(error.to_string(), "the disk is full");
        assert_eq!(fs::read(&paths[3]).unwrap(), b"old");
        unharmed(&folder);
    }

    #[test]
    fn a_log_goes_on_in_a_file_of_its_own() {
        let (folder, paths) = scene();
        for (path, fits) in paths.iter().zip([false, false, false, true, true]) {
            match append(path) {
                Ok(mut file) => file.write_all(b"line").unwrap(),
                Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}"),
            }
            assert_eq!(append(path).is_ok(), fits, "{}", path.display());
            unharmed(&folder);
        }
        assert_eq!(fs::read(&paths[3]).unwrap(), b"oldline");
    }

    #[test]
    fn pipes_and_folders_are_no_files_to_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        for path in [pipe.as_path(), folder.path(), Path::new("/dev/full")] {
            for result in [
                replace(path, |_| Ok(())),
                append(path).map(drop),
                streamed(path, |path| File::create(path)).map(drop),
            ] {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidInput);
            }
        }
        assert_eq!(
            replace(Path::new("/.."), |_| Ok(())).unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        probe(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(probe(&folder.path().join("absent")).is_err());
    }
}
