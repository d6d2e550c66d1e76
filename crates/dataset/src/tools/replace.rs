//! Putting an edited dataset in the place of the old one so that a crash at any moment leaves one or the other.
//!
//! The new dataset is built as `.NAME.ulna-edit` next to `NAME`. When it is complete, synced and checked, the two
//! names are exchanged in one step, and what then has the hidden name is removed. As long as `NAME` is there,
//! everything hidden can go; only where a file system cannot exchange names, a crash may leave `NAME` absent, and
//! the old dataset as `.NAME.ulna-old`, which then takes its name back.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{DatasetError, IoContext, Result};
use crate::fs::{Fs, STAGING, make_dirs, parent, remove_if_there};
use crate::inside::{self, Kind, in_the_way, kind, own_file, own_folder, staging};
use crate::lock::lock;
use crate::runs::runs;
use crate::tools::hidden_names::hidden;
use crate::tools::work::Target;

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
        let new_staging = staging(&target)?.is_none();
        inside::make_dirs(fs, &target, Path::new(STAGING))?;
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
    if own_folder(&build)? {
        refuse_foreign(&build)?;
        let held = held(&build, target)?;
        remove_tree(fs, &build)?;
        drop(held);
    }
    let folder = parent(&build);
    // The folder must be new, so that no other program has put anything into it.
    fs.create_dir(&build).at("create the folder", &build)?;
    fs.sync_dir(&folder).at("sync the folder", &folder)?;
    inside::make_dirs(fs, &build, Path::new(STAGING))?;
    let held = lock(&build)?;
    mark(fs, &build)?;
    Ok((build, held))
}

/// Fails while an edit of the target is at work in a hidden folder; none when the folder has no lock yet.
fn held(hidden: &Path, target: &Path) -> Result<Option<File>> {
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

fn mark(fs: &dyn Fs, root: &Path) -> Result<()> {
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

fn remove_marker(fs: &dyn Fs, root: &Path) -> Result<()> {
    let path = root.join(MARKER);
    staging(root)?;
    remove_if_there(fs, &path)?;
    let folder = parent(&path);
    fs.sync_dir(&folder).at("sync the folder", &folder)
}

/// Refuses a hidden folder that is no edit's: it is marked, or was cut short before its mark or after it.
fn refuse_foreign(hidden: &Path) -> Result<()> {
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
