//! What every edit carries along: the file system it writes to, and who hears how far it is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{DatasetError, Result};
use crate::fs::{Fs, RealFs};

/// How far an edit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, such as `rows` or `pictures`.
    pub step: &'static str,
    /// How many frames of it are done.
    pub done: u64,
    /// How many there are in this step.
    pub total: u64,
    /// Something worth knowing before it is done, a sentence; most often none.
    pub note: Option<String>,
}

/// Takes reports of progress. As soon as it answers false, the edit ends and leaves everything as it was.
pub type OnProgress<'a> = &'a mut dyn FnMut(Progress) -> bool;

/// The surroundings of an edit.
pub struct Work<'a> {
    pub(crate) fs: Arc<dyn Fs>,
    on_progress: OnProgress<'a>,
    /// What an interruption leaves as it was.
    subject: PathBuf,
    /// The dataset whose files may get a second name instead of a copy, if they stay as they are: the one that is replaced.
    pub(crate) replaced: Option<PathBuf>,
    now: Progress,
}

impl fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

impl<'a> Work<'a> {
    /// An edit on the operating system's file system.
    pub fn new(on_progress: OnProgress<'a>) -> Work<'a> {
        Work::on(Arc::new(RealFs), on_progress)
    }

    /// As [`new`](Self::new), writing through `fs`.
    pub fn on(fs: Arc<dyn Fs>, on_progress: OnProgress<'a>) -> Work<'a> {
        Work {
            fs,
            on_progress,
            subject: PathBuf::new(),
            replaced: None,
            now: Progress {
                step: "",
                done: 0,
                total: 0,
                note: None,
            },
        }
    }

    pub(crate) fn about(&mut self, subject: &Path) {
        subject.clone_into(&mut self.subject);
        self.replaced = None;
    }

    /// Whether a file may get a second name: it is a file of the dataset that is replaced, and no link leads to it. What lies
    /// elsewhere would be written to by those who write to the new name.
    pub(crate) fn may_link(&self, file: &Path) -> bool {
        let own = |root: &PathBuf| {
            file.canonicalize()
                .is_ok_and(|found| found.starts_with(root))
        };
        let is_link = file.symlink_metadata().map_or(true, |m| m.is_symlink());
        !is_link && self.replaced.as_ref().is_some_and(own)
    }

    /// Begins a step of `total` frames.
    pub(crate) fn step(&mut self, step: &'static str, total: u64) -> Result<()> {
        self.now = Progress {
            step,
            done: 0,
            total,
            note: None,
        };
        self.advance(0)
    }

    /// Says something before it is done.
    pub(crate) fn say(&mut self, note: String) -> Result<()> {
        self.now.note = Some(note);
        let said = self.advance(0);
        self.now.note = None;
        said
    }

    /// Passes on how far another job is that is part of this one; false when the user wants to stop.
    pub(crate) fn pass_on(&mut self, progress: Progress) -> bool {
        (self.on_progress)(progress)
    }

    /// Notes that `frames` more are done; an error when the user wants to stop.
    pub(crate) fn advance(&mut self, frames: u64) -> Result<()> {
        self.now.done = self.now.done.saturating_add(frames);
        match (self.on_progress)(self.now.clone()) {
            true => Ok(()),
            false => Err(DatasetError::Interrupted {
                path: self.subject.clone(),
            }),
        }
    }
}

/// Where the result of an edit goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// It replaces the dataset, in one step, once it is complete and has passed its check.
    InPlace,
    /// A folder that is absent or empty.
    New(PathBuf),
}

/// What an edit did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edited {
    /// Where the result is.
    pub root: PathBuf,
    /// How many episodes it has.
    pub episodes: u64,
    /// How many frames.
    pub frames: u64,
    /// Data and video files taken over as they were.
    pub files_kept: u64,
    /// Data and video files that were written.
    pub files_written: u64,
    /// Pictures that were re-encoded.
    pub pictures_encoded: u64,
    /// Things worth knowing, a sentence each.
    pub notes: Vec<String>,
}
