//! Putting an edited dataset in the place of the old one so that a crash at any moment leaves one or the other.
//!
//! The new dataset is built as `.NAME.ulna-edit` beside `NAME`. When it is complete, synced and checked, the two
//! names are exchanged in one step, and what then has the hidden name is removed. As long as `NAME` is there,
//! everything hidden can go; only where a file system cannot exchange names, a crash may leave `NAME` absent, and
//! the old dataset as `.NAME.ulna-old`, which then takes its name back.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{DatasetError, IoContext, Result};
use crate::fs::{Fs, STAGING, make_dirs, parent, remove_if_there};
use crate::info::INFO_PATH;
use crate::tools::work::Target;
use crate::writer::{lock, runs};

/// Says that a folder is part of an edit; without it, nothing is taken for a leftover.
const MARKER: &str = ".ulna/edit";

/// The folder in which an edit builds its result.
#[derive(Debug)]
pub(crate) struct Site {
    /// The final name.
    target: PathBuf,
    /// Where the result is built.
    pub(crate) build: PathBuf,
    replaces: bool,
    /// Whether the target had no staging folder before.
    new_staging: bool,
    _locks: Vec<File>,
}

fn hidden(target: &Path, what: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    parent(target).join(format!(".{name}.ulna-{what}"))
}

impl Site {
    /// Locks what is edited and makes the folder to build in. `source` is the dataset that an edit in place is about.
    pub(crate) fn open(fs: &dyn Fs, source: &Path, target: &Target) -> Result<Site> {
        match target {
            Target::InPlace => Site::in_place(fs, source),
            Target::New(path) => Site::new_folder(fs, path),
        }
    }

    fn in_place(fs: &dyn Fs, source: &Path) -> Result<Site> {
        // A link is followed, so that it is not the link that is replaced.
        let target = source.canonicalize().at("find", source)?;
        let staging = target.join(STAGING);
        let new_staging = !staging.is_dir();
        make_dirs(fs, &staging)?;
        let own = lock(&target)?;
        if !runs(&target)?.is_empty() {
            return Err(DatasetError::NeedsRepair { path: target });
        }
        let (build, other) = begin(fs, &target)?;
        Ok(Site {
            target,
            build,
            replaces: true,
            new_staging,
            _locks: vec![own, other],
        })
    }

    fn new_folder(fs: &dyn Fs, path: &Path) -> Result<Site> {
        let there = path.symlink_metadata().is_ok();
        let empty = || {
            path.read_dir()
                .is_ok_and(|mut entries| entries.next().is_none())
        };
        if path.file_name().is_none() || (there && !empty()) {
            return Err(DatasetError::NotEmpty {
                path: path.to_owned(),
            });
        }
        make_dirs(fs, &parent(path))?;
        let folder = parent(path);
        let target = folder.canonicalize().at("find", &folder)?;
        let target = target.join(path.file_name().unwrap_or_default());
        let (build, own) = begin(fs, &target)?;
        Ok(Site {
            target,
            build,
            replaces: false,
            new_staging: false,
            _locks: vec![own],
        })
    }

    /// Puts the result, all of whose files are synced, in its place, and removes what it replaces. After an error
    /// everything is as it was.
    pub(crate) fn finish(self, fs: &dyn Fs) -> Result<PathBuf> {
        let placed = match self.replaces {
            true => self.replace(fs).map(Some),
            false => self.place(fs).map(|()| None),
        };
        let old = match placed {
            Ok(old) => old,
            Err(error) => {
                self.abandon(fs);
                return Err(error);
            }
        };
        // The edit is done; what cannot be removed now is for repair to clear.
        let folder = parent(&self.target);
        let cleared = old.map_or(Ok(()), |old| {
            remove_tree(fs, &old)?;
            fs.sync_dir(&folder).at("sync the folder", &folder)
        });
        if cleared.is_ok() {
            let _ = remove_marker(fs, &self.target);
        }
        Ok(self.target)
    }

    /// Gives the result its name.
    fn place(&self, fs: &dyn Fs) -> Result<()> {
        let (build, target, folder) = (&self.build, &self.target, parent(&self.target));
        if target.is_dir() {
            fs.remove_dir(target)
                .at("remove the empty folder", target)?;
        }
        fs.rename(build, target).at("put in place", target)?;
        fs.sync_dir(&folder)
            .at("sync the folder", &folder)
            .inspect_err(|_| {
                let _ = fs.rename(target, build);
            })
    }

    /// Gives the result the name of the old one, and says which name the old one has now.
    fn replace(&self, fs: &dyn Fs) -> Result<PathBuf> {
        let (build, target, folder) = (&self.build, &self.target, parent(&self.target));
        let sync = || fs.sync_dir(&folder).at("sync the folder", &folder);
        // From here on the old one too may be found under a hidden name.
        mark(fs, target)?;
        if fs.exchange(build, target).is_ok() {
            return sync()
                .map(|()| build.clone())
                .inspect_err(|_| drop(fs.exchange(build, target)));
        }
        let old = hidden(target, "old");
        fs.rename(target, &old).at("put aside", target)?;
        let mut outcome = fs.rename(build, target).at("put in place", target);
        if outcome.is_ok() {
            outcome = sync();
            // What cannot be undone has happened, if not durably: both are whole.
            if outcome.is_ok() || fs.rename(target, build).is_err() {
                return outcome.map(|()| old);
            }
        }
        let Err(error) = outcome else {
            return Ok(old);
        };
        match fs.rename(&old, target) {
            Ok(()) => Err(error),
            Err(source) => Err(DatasetError::PutAside {
                path: target.clone(),
                old,
                source,
            }),
        }
    }

    /// Leaves everything as it was.
    pub(crate) fn abandon(&self, fs: &dyn Fs) {
        // What cannot be removed is for repair to clear.
        let _ = remove_tree(fs, &self.build);
        if self.replaces {
            let _ = remove_marker(fs, &self.target);
        }
        if self.new_staging {
            let staging = self.target.join(STAGING);
            let _ = remove_if_there(fs, &staging.join("lock"));
            let _ = fs.remove_dir(&staging);
        }
    }
}

/// Makes the hidden folder, marked and locked; a leftover of an earlier edit is removed first.
fn begin(fs: &dyn Fs, target: &Path) -> Result<(PathBuf, File)> {
    let build = hidden(target, "edit");
    if build.is_dir() {
        if build.join(STAGING).is_dir() {
            // Held while another edit is at work.
            lock(&build).map_err(|error| match error {
                DatasetError::Locked { .. } => DatasetError::Locked {
                    path: target.to_owned(),
                },
                other => other,
            })?;
        }
        clear(fs, &build)?;
    }
    make_dirs(fs, &build.join(STAGING))?;
    let held = lock(&build)?;
    mark(fs, &build)?;
    Ok((build, held))
}

fn mark(fs: &dyn Fs, root: &Path) -> Result<()> {
    let path = root.join(MARKER);
    let mut file = fs.create(&path).at("create", &path)?;
    file.sync().at("sync", &path)?;
    let folder = parent(&path);
    fs.sync_dir(&folder).at("sync the folder", &folder)
}

fn remove_marker(fs: &dyn Fs, root: &Path) -> Result<()> {
    let path = root.join(MARKER);
    remove_if_there(fs, &path)?;
    let folder = parent(&path);
    fs.sync_dir(&folder).at("sync the folder", &folder)
}

/// Removes a hidden folder if it is an edit's: it is marked, or was cut short before its mark.
fn clear(fs: &dyn Fs, hidden: &Path) -> Result<()> {
    if !hidden.join(MARKER).is_file() && hidden.join(INFO_PATH).is_file() {
        return Err(DatasetError::invalid(
            hidden.display().to_string(),
            "stands in the way, and no edit of ulna's made it; move it elsewhere",
        ));
    }
    remove_tree(fs, hidden)
}

/// Removes a folder with all that is in it. Its marker goes last, so that a half removed one is known as such.
pub(crate) fn remove_tree(fs: &dyn Fs, dir: &Path) -> Result<()> {
    let staging = dir.join(STAGING);
    for entry in dir.read_dir().at("list", dir)? {
        let path = entry.at("list", dir)?.path();
        if path != staging {
            remove_entry(fs, &path)?;
        }
    }
    if staging.is_dir() {
        let marker = dir.join(MARKER);
        for entry in staging.read_dir().at("list", &staging)? {
            let path = entry.at("list", &staging)?.path();
            if path != marker {
                remove_entry(fs, &path)?;
            }
        }
        fs.sync_dir(dir).at("sync the folder", dir)?;
        remove_if_there(fs, &marker)?;
        fs.remove_dir(&staging).at("remove the folder", &staging)?;
    }
    fs.remove_dir(dir).at("remove the folder", dir)
}

fn remove_entry(fs: &dyn Fs, path: &Path) -> Result<()> {
    let kind = path.symlink_metadata().at("look at", path)?;
    match kind.is_dir() {
        true => remove_tree(fs, path),
        false => remove_if_there(fs, path),
    }
}

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
    if edit.join(STAGING).is_dir() {
        // Fails while the edit is at work. The lock ends with this value.
        lock(&edit).map_err(|error| match error {
            DatasetError::Locked { .. } => DatasetError::Locked {
                path: target.clone(),
            },
            other => other,
        })?;
    }
    if !target.is_dir() && old.join(MARKER).is_file() {
        fs.rename(&old, &target).at("take back", &target)?;
        sync()?;
        actions.push("took the dataset back that an interrupted edit had put aside".to_owned());
    }
    for leftover in [&edit, &old] {
        if leftover.is_dir() {
            clear(fs, leftover)?;
            sync()?;
            actions.push("removed what an interrupted edit left beside the dataset".to_owned());
        }
    }
    if target.join(MARKER).is_file() {
        remove_marker(fs, &target)?;
        if actions.is_empty() {
            actions.push("removed the mark of an interrupted edit".to_owned());
        }
    }
    Ok(actions)
}
