//! Putting an edited dataset in the place of the old one so that a crash at any moment leaves one or the other.
//!
//! The new dataset is built as `.NAME.ulna-edit` next to `NAME`. When it is complete, synced and checked, the two
//! names are exchanged in one step, and what then has the hidden name is removed. As long as `NAME` is there,
//! everything hidden can go; only where a file system cannot exchange names, a crash may leave `NAME` absent, and
//! the old dataset as `.NAME.ulna-old`, which then takes its name back.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{DatasetError, IoContext, Result};
use crate::fs::{Fs, STAGING, make_dirs, parent, remove_if_there};
use crate::hidden_names::hidden;
use crate::inside::{self, own_folder, staging};
use crate::leftovers::{held, mark, refuse_foreign, remove_marker, remove_tree};
use crate::lock::lock;
use crate::runs::{nothing_foreign, runs};
use crate::tools::work::Target;

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
        // It goes with the old dataset.
        nothing_foreign(&target)?;
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
        must_be_free(path)?;
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

/// Refuses a place for a new dataset where something is.
pub(crate) fn must_be_free(path: &Path) -> Result<()> {
    let there = path.symlink_metadata().is_ok();
    let empty = || {
        path.read_dir()
            .is_ok_and(|mut entries| entries.next().is_none())
    };
    match path.file_name().is_none() || (there && !empty()) {
        true => Err(DatasetError::NotEmpty {
            path: path.to_owned(),
        }),
        false => Ok(()),
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
