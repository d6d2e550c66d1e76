//! What an edit that was cut short leaves next to a dataset, and its end: finished or undone, by `repair` or by the next edit.
//!
//! How an edit goes is said in `tools/replace.rs`.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::error::{DatasetError, IoContext, Result};
use crate::fs::{Fs, STAGING, parent, remove_if_there};
use crate::hidden_names::hidden;
use crate::inside::{self, Kind, in_the_way, kind, own_file, own_folder, staging};
use crate::lock::lock;

/// Says that a folder is part of an edit; without it, nothing is taken for a leftover.
const MARKER: &str = ".ulna/edit";

/// Finishes or undoes an edit that was cut short; says what was done. For `repair`.
pub(crate) fn settle(fs: &dyn Fs, root: &Path) -> Result<Vec<String>> {
    let mut actions = Vec::new();
    let target = match root.canonicalize() {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound && root.file_name().is_some() => {
            let folder = parent(root);
            match folder.canonicalize() {
                Ok(folder) => folder.join(root.file_name().unwrap_or_default()),
                Err(_) => return Ok(actions),
            }
        }
        Err(error) => return Err(error).at("find", root),
    };
    let folder = parent(&target);
    let sync = || fs.sync_dir(&folder).at("sync the folder", &folder);
    let (edit, old) = (hidden(&target, "edit"), hidden(&target, "old"));
    for leftover in [&edit, &old] {
        if own_folder(leftover)? {
            refuse_foreign(leftover)?;
        }
    }
    // The lock ends with this value.
    held(&edit, &target)?;
    if !target.is_dir() && is_marked(&old)? {
        fs.rename(&old, &target).at("take back", &target)?;
        sync()?;
        actions.push("took the dataset back that an interrupted edit had put aside".to_owned());
    }
    for leftover in [&edit, &old] {
        if own_folder(leftover)? {
            remove_tree(fs, leftover)?;
            sync()?;
            actions.push("removed what an interrupted edit left next to the dataset".to_owned());
        }
    }
    if is_marked(&target)? {
        remove_marker(fs, &target)?;
        if actions.is_empty() {
            actions.push("removed the mark of an interrupted edit".to_owned());
        }
    }
    Ok(actions)
}

/// Fails while an edit of the target is at work in a hidden folder; none when the folder has no lock yet.
pub(crate) fn held(hidden: &Path, target: &Path) -> Result<Option<File>> {
    if staging(hidden)?.is_none() {
        return Ok(None);
    }
    lock(hidden).map(Some).map_err(|error| match error {
        DatasetError::Locked { .. } => DatasetError::Locked {
            path: target.to_owned(),
        },
        other => other,
    })
}

/// Marks a folder as part of an edit.
pub(crate) fn mark(fs: &dyn Fs, root: &Path) -> Result<()> {
    let path = root.join(MARKER);
    let mut file = inside::create(fs, &path)?;
    file.sync().at("sync", &path)?;
    let folder = parent(&path);
    fs.sync_dir(&folder).at("sync the folder", &folder)
}

/// Whether the folder is part of an edit.
fn is_marked(root: &Path) -> Result<bool> {
    Ok(staging(root)?.is_some() && own_file(&root.join(MARKER))?)
}

/// Takes the mark away.
pub(crate) fn remove_marker(fs: &dyn Fs, root: &Path) -> Result<()> {
    let path = root.join(MARKER);
    staging(root)?;
    remove_if_there(fs, &path)?;
    let folder = parent(&path);
    fs.sync_dir(&folder).at("sync the folder", &folder)
}

/// Refuses a hidden folder that is no edit's: it is marked, or was cut short before its mark or after it.
pub(crate) fn refuse_foreign(hidden: &Path) -> Result<()> {
    if is_marked(hidden)? {
        return Ok(());
    }
    let only = |dir: &Path, name: &str| -> Result<bool> {
        for entry in dir.read_dir().at("list", dir)? {
            if entry.at("list", dir)?.file_name() != name {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let cut_short = only(hidden, STAGING)?
        && match staging(hidden)? {
            Some(staging) => only(&staging, "lock")?,
            None => true,
        };
    match cut_short {
        true => Ok(()),
        false => Err(in_the_way(hidden)),
    }
}

/// Removes an edit's folder with all that is in it. Its marker goes last, so that a half removed one is known as such.
pub(crate) fn remove_tree(fs: &dyn Fs, dir: &Path) -> Result<()> {
    if !own_folder(dir)? {
        return Ok(());
    }
    let unfinished = dir.join(STAGING);
    remove_entries(fs, dir, &unfinished)?;
    if staging(dir)?.is_some() {
        let marker = dir.join(MARKER);
        remove_entries(fs, &unfinished, &marker)?;
        fs.sync_dir(dir).at("sync the folder", dir)?;
        remove_if_there(fs, &marker)?;
        fs.remove_dir(&unfinished)
            .at("remove the folder", &unfinished)?;
    }
    fs.remove_dir(dir).at("remove the folder", dir)
}

/// Removes everything in a folder but one entry. Of links only the names go.
fn remove_entries(fs: &dyn Fs, dir: &Path, but: &Path) -> Result<()> {
    for entry in dir.read_dir().at("list", dir)? {
        let path = entry.at("list", dir)?.path();
        if path == but {
            continue;
        }
        match kind(&path)? {
            Kind::Folder => {
                remove_entries(fs, &path, Path::new(""))?;
                fs.remove_dir(&path).at("remove the folder", &path)?;
            }
            _ => remove_if_there(fs, &path)?,
        }
    }
    Ok(())
}
