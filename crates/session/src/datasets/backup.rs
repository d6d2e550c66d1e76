//! What an edit in place takes away, and a copy of the dataset as it was.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use ulna_dataset::Dataset;

use super::edit::Edit;
use crate::Stop;
use crate::error::SessionError;
use crate::failure::Interruption;

/// What an edit takes away from the dataset in `dir`, in words that end before "in DIR itself".
///
/// # Errors
/// If the dataset cannot be opened.
pub fn cost(dir: &Path, edit: &Edit) -> Result<String, SessionError> {
    let dataset = Dataset::open(dir)?;
    let of = dataset.len();
    Ok(match edit {
        Edit::Delete(episodes) => format!("this removes {} of {of} episodes", episodes.len()),
        Edit::Select(_) => format!("this keeps only some of {of} episodes"),
        Edit::Trim(_) | Edit::TrimTo { .. } => "this cuts frames off".to_owned(),
        Edit::Features(_) => "this changes the features".to_owned(),
        _ => "this changes the dataset".to_owned(),
    })
}

/// Folders in a dataset lie no deeper than this.
const DEPTH: usize = 16;

/// Copies the dataset in `dir` to `dir.backup`, or `dir.backup-2` and so on, whichever is free; says where. The copy has its name only when
/// it is whole and on the disk, and shares nothing with the dataset.
///
/// # Errors
/// If something in it is no file or cannot be copied, or by `stop`; nothing is left of the copy then.
pub fn backed_up(dir: &Path, stop: &Stop) -> Result<PathBuf, SessionError> {
    let real = dir
        .canonicalize()
        .map_err(|source| failed("finding", dir, source))?;
    let named = |what: &str| -> PathBuf {
        let mut name = real.file_name().unwrap_or_default().to_owned();
        name.push(what);
        real.with_file_name(name)
    };
    let mut place = named(".backup");
    let mut number = 1;
    while place.symlink_metadata().is_ok() {
        number += 1;
        place = named(&format!(".backup-{number}"));
    }
    let mut unfinished = place.clone().into_os_string();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    // Made by this program alone: what is there already is not touched.
    fs::create_dir(&unfinished)
        .map_err(|source| failed("making the folder", &unfinished, source))?;
    let copied = copy(&real, &unfinished, stop, DEPTH).and_then(|()| {
        fs::rename(&unfinished, &place).map_err(|source| failed("putting in place", &place, source))
    });
    if let Err(error) = copied {
        let _ = fs::remove_dir_all(&unfinished);
        return Err(error);
    }
    Ok(place)
}

fn failed(what: &str, path: &Path, source: io::Error) -> SessionError {
    SessionError::System {
        what: format!(
            "{what} {} for the backup; the dataset is as it was",
            path.display()
        ),
        source,
    }
}

fn copy(from: &Path, to: &Path, stop: &Stop, depth: usize) -> Result<(), SessionError> {
    if depth == 0 {
        let deep = io::Error::other("its folders lie too deep, or lead in a circle");
        return Err(failed("copying", from, deep));
    }
    for entry in fs::read_dir(from).map_err(|source| failed("listing", from, source))? {
        let entry = entry.map_err(|source| failed("listing", from, source))?;
        if stop.requested().is_some() {
            return Err(Interruption::Copying.into());
        }
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        // A link stands for what it leads to, as for every reader. A pipe would keep a reader waiting.
        let metadata = fs::metadata(&path).map_err(|source| failed("reading", &path, source))?;
        if metadata.is_dir() && entry.file_name() == ".ulna" {
            continue;
        } else if metadata.is_dir() {
            fs::create_dir(&target)
                .map_err(|source| failed("making the folder", &target, source))?;
            copy(&path, &target, stop, depth - 1)?;
        } else if metadata.is_file() {
            fs::copy(&path, &target)
                .and_then(|_| File::open(&target)?.sync_all())
                .map_err(|source| failed("copying", &path, source))?;
        } else {
            let odd = io::Error::other("it is neither a file nor a folder");
            return Err(failed("copying", &path, odd));
        }
    }
    File::open(to)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| failed("syncing", to, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_whole_shares_nothing_and_takes_a_free_name() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("data");
        fs::create_dir_all(dir.join("meta")).unwrap();
        fs::create_dir_all(dir.join(".ulna")).unwrap();
        fs::write(dir.join("meta/info.json"), "one").unwrap();
        fs::write(dir.join(".ulna/lock"), "").unwrap();
        for name in ["data.backup", "data.backup-2"] {
            let made = backed_up(&dir, &Stop::new()).unwrap();
            assert_eq!(made.file_name().unwrap(), name);
            fs::write(dir.join("meta/info.json"), "two").unwrap();
            assert!(!made.join(".ulna").exists());
        }
        let first = folder.path().join("data.backup/meta/info.json");
        assert_eq!(fs::read_to_string(first).unwrap(), "one");
        // Stopped or refused, it leaves nothing.
        let stop = Stop::new();
        stop.interrupt();
        assert!(backed_up(&dir, &stop).unwrap_err().is_interruption());
        std::os::unix::fs::symlink("..", dir.join("circle")).unwrap();
        let error = backed_up(&dir, &Stop::new()).unwrap_err().to_string();
        assert!(error.contains("as it was"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
