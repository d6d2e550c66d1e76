//! The folders below `.ulna` in which recordings grow: finding them, and removing those that are ulna's.
//!
//! A recording is in `run-000000`; when it is removed it is first called `gone-000000`, so that nothing takes what a crash
//! leaves of it for a recording. Its journal goes last: as long as anything is there, it shows whose folder this is.

use std::path::{Path, PathBuf};

use crate::error::{DatasetError, IoContext, Result};
use crate::fs::{Fs, parent, remove_if_there};
use crate::inside::{Kind, in_the_way, kind, own_file, own_folder, own_kind, staging};
use crate::record_log::RecordReader;

pub(crate) const ROWS_LOG: &str = "rows.log";
pub(crate) const COMMIT_MARKER: &str = "commit.json";
/// The files below `.ulna` that belong to no recording.
const FILES: [&str; 3] = ["lock", "writing", "edit"];
/// What the first record of every journal begins with.
pub(crate) const JOURNAL: &[u8] = b"ulna rows ";
/// Shorter journals hold no row: a crash may have left anything of their first record.
const SHORTEST: u64 = 64;
const GONE: &str = "gone-";
/// Pictures that an edit was encoding.
const ENCODING: &str = "encode-";
/// Files of a recording besides its journal and its marker.
const PICTURES: [&str; 6] = [
    ".h264.log",
    ".fmp4.log",
    ".log.part",
    ".mp4",
    ".mp4.part",
    SPOOL,
];
/// Pictures that wait for their encoder.
pub(crate) const SPOOL: &str = ".spool";

/// The folders below `.ulna`, oldest first. A link there or in one of them is an error.
pub(crate) fn runs(root: &Path) -> Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    let Some(staging) = staging(root)? else {
        return Ok(out);
    };
    for entry in std::fs::read_dir(&staging).at("list", &staging)? {
        let path = entry.at("list", &staging)?.path();
        if own_kind(&path)? != Kind::Folder {
            continue;
        }
        for file in std::fs::read_dir(&path).at("list", &path)? {
            own_kind(&file.at("list", &path)?.path())?;
        }
        out.push(path);
    }
    out.sort();
    Ok(out)
}

/// Refuses files below `.ulna` that are none of ulna's.
pub(crate) fn nothing_foreign(root: &Path) -> Result<()> {
    let Some(staging) = staging(root)? else {
        return Ok(());
    };
    for entry in std::fs::read_dir(&staging).at("list", &staging)? {
        let path = entry.at("list", &staging)?.path();
        if !FILES.contains(&name(&path).as_str()) {
            return Err(in_the_way(&path));
        }
    }
    Ok(())
}

/// Links at the names that ulna keeps for unfinished work: below `.ulna`, and next to the dataset.
pub(crate) fn links(root: &Path) -> Vec<PathBuf> {
    let is_link = |path: &PathBuf| kind(path).is_ok_and(|kind| kind == Kind::Link);
    let entries = |dir: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let staging = root.join(crate::fs::STAGING);
    let mut names = crate::hidden_names::hidden_names(root);
    names.push(staging.clone());
    let mut out: Vec<PathBuf> = names.into_iter().filter(is_link).collect();
    if kind(&staging).is_ok_and(|kind| kind == Kind::Folder) {
        for path in entries(&staging) {
            match kind(&path) {
                Ok(Kind::Link) => out.push(path),
                Ok(Kind::Folder) => out.extend(entries(&path).into_iter().filter(is_link)),
                _ => {}
            }
        }
    }
    out.sort();
    out
}

/// Whether a recording was being removed when the program ended.
pub(crate) fn is_gone(run: &Path) -> bool {
    name(run).starts_with(GONE)
}

/// Whether an edit that was cut short left the folder.
pub(crate) fn is_encoding(run: &Path) -> bool {
    name(run).starts_with(ENCODING)
}

/// A folder to encode in, for the recording of this folder.
pub(crate) fn encoding_folder(run: &Path) -> PathBuf {
    parent(run).join(format!("{ENCODING}{}", name(run)))
}

/// Whether the folder has no entries.
pub(crate) fn is_empty(run: &Path) -> Result<bool> {
    Ok(std::fs::read_dir(run).at("list", run)?.next().is_none())
}

/// Removes a recording's folder, which must be ulna's and hold nothing else; otherwise nothing is removed.
pub(crate) fn remove_run(fs: &dyn Fs, dir: &Path) -> Result<()> {
    refuse_foreign(dir)?;
    let staging = parent(dir);
    let mut gone = dir.to_owned();
    if !is_gone(dir) {
        let name = name(dir);
        let number = name.rsplit('-').next().unwrap_or_default();
        gone = staging.join(format!("{GONE}{number}"));
        if kind(&gone)? != Kind::Absent {
            return Err(in_the_way(&gone));
        }
        fs.rename(dir, &gone).at("put aside", dir)?;
        fs.sync_dir(&staging).at("sync the folder", &staging)?;
    }
    for entry in std::fs::read_dir(&gone).at("list", &gone)? {
        let path = entry.at("list", &gone)?.path();
        if name(&path) != ROWS_LOG {
            remove_if_there(fs, &path)?;
        }
    }
    fs.sync_dir(&gone).at("sync the folder", &gone)?;
    remove_if_there(fs, &gone.join(ROWS_LOG))?;
    fs.remove_dir(&gone).at("remove the folder", &gone)
}

/// Refuses a folder that holds anything but a recording of ulna's.
fn refuse_foreign(dir: &Path) -> Result<()> {
    let staging = parent(dir);
    if !own_folder(&staging)? || !own_folder(dir)? {
        return Err(in_the_way(dir));
    }
    let mut files = 0;
    for entry in std::fs::read_dir(dir).at("list", dir)? {
        let path = entry.at("list", dir)?.path();
        own_kind(&path)?;
        let known = is_known(&name(&path));
        if !known || !own_file(&path)? {
            let reason =
                "lies in the folder of a recording, and ulna didn't make it; move it elsewhere";
            return Err(DatasetError::invalid(path.display().to_string(), reason));
        }
        files += 1;
    }
    match files == 0 || is_encoding(dir) || has_journal(dir)? {
        true => Ok(()),
        false => Err(DatasetError::invalid(
            dir.display().to_string(),
            "holds no journal of ulna's; move it elsewhere to go on without it",
        )),
    }
}

fn is_known(name: &str) -> bool {
    let journal = name == ROWS_LOG || name == COMMIT_MARKER;
    journal || PICTURES.iter().any(|end| name.ends_with(end))
}

/// Whether the folder holds the journal of a recording of ulna's, or what a crash left of one.
pub(crate) fn has_journal(dir: &Path) -> Result<bool> {
    let path = dir.join(ROWS_LOG);
    if !own_file(&path)? {
        return Ok(false);
    }
    if path.metadata().at("look at", &path)?.len() < SHORTEST {
        return Ok(true);
    }
    let first = RecordReader::open(&path)?.next();
    Ok(first.is_some_and(|record| record.starts_with(JOURNAL)))
}

/// Whether a journal is too short to hold a row.
pub(crate) fn is_bare(journal: &Path) -> bool {
    journal.symlink_metadata().map_or(0, |m| m.len()) < SHORTEST
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
