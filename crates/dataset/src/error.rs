//! Everything that can go wrong with a dataset, each with the thing, the cause and the next step.

use std::io;
use std::path::{Path, PathBuf};

/// The result of this crate's functions.
pub type Result<T, E = DatasetError> = std::result::Result<T, E>;

/// Why a dataset could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The folder isn't there.
    #[error("there is no folder {}; give the folder that holds meta/info.json", path.display())]
    NoSuchFolder {
        /// The folder asked for.
        path: PathBuf,
    },
    /// The folder is there but holds no dataset.
    #[error("{} is not a LeRobot dataset: meta/info.json is missing; give the dataset's top folder", path.display())]
    NotADataset {
        /// The folder asked for.
        path: PathBuf,
    },
    /// A dataset of another format version.
    #[error("{} is a dataset of format {version}; {advice}", path.display())]
    Version {
        /// The dataset's folder.
        path: PathBuf,
        /// `codebase_version` as written.
        version: String,
        /// What to do about it.
        advice: String,
    },
    /// A dataset whose rows are kept in something else than parquet.
    #[error("{} is stored as `{format}`, not as parquet files, which ulna does not read; write it as parquet with the program that made it", path.display())]
    Storage {
        /// The dataset's folder.
        path: PathBuf,
        /// What it says it is stored as, such as `lance`.
        format: String,
    },
    /// A file that stands for the one that should be there: a Git LFS pointer, an error page, nothing at all.
    #[error("{} is {what}: {}", path.display(), crate::placeholder::remedy(what))]
    Placeholder {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}; {}", path.display(), io_advice(source))]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A JSON file that does not parse.
    #[error("{} is not valid JSON: {reason}; restore it from a copy", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// A field of a metadata file that is missing or makes no sense.
    #[error("{}: `{field}` {reason}; correct the file or restore it from a copy", path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The key, with its parents.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A parquet file that does not read.
    #[error("cannot read {}: {reason}; the file is damaged or incomplete: restore it from a copy", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the parquet reader said.
        reason: String,
    },
    /// A file that would unfold to far more than it holds.
    #[error(
        "{} has {} bytes, and what is asked for would take {} MB of memory; at most {} MB are taken for a file of this size, so that a damaged or hostile one cannot fill the memory; restore it from a copy",
        path.display(), bytes, needed >> 20, limit >> 20
    )]
    TooMuch {
        /// The file.
        path: PathBuf,
        /// Its size, bytes.
        bytes: u64,
        /// What its rows would take, bytes.
        needed: u64,
        /// What is taken for it, bytes.
        limit: u64,
    },
    /// A feature that the dataset doesn't have.
    #[error("the dataset has no feature `{feature}`; it has: {available}")]
    MissingFeature {
        /// The feature asked for.
        feature: String,
        /// What there is, comma separated.
        available: String,
    },
    /// A feature that isn't made of numbers, or isn't a camera, when one is needed.
    #[error("feature `{feature}` has dtype {dtype}, {expected} is needed")]
    WrongKind {
        /// The feature asked for.
        feature: String,
        /// What it is.
        dtype: String,
        /// What is needed.
        expected: &'static str,
    },
    /// An episode that the dataset doesn't have.
    #[error("the dataset has no episode {episode}: it holds {count} episodes, numbered from 0")]
    MissingEpisode {
        /// The episode asked for.
        episode: u64,
        /// How many there are.
        count: u64,
    },
    /// Two places of the dataset disagree about a count.
    #[error("{what}: {place} says {expected}, found {found}")]
    Disagree {
        /// What was counted.
        what: String,
        /// Who states the expected number.
        place: &'static str,
        /// The number stated.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// A file that the metadata names and that is absent.
    #[error("{what} needs {}, which is missing; fetch the file", path.display())]
    MissingFile {
        /// Whose data it holds.
        what: String,
        /// The file.
        path: PathBuf,
    },
    /// Frames that a video file doesn't have or that don't decode.
    #[error("{}: {reason}", path.display())]
    Video {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The caller asked for something that cannot be written.
    #[error("{what}: {reason}")]
    Invalid {
        /// The thing refused.
        what: String,
        /// Why, and what would be right.
        reason: String,
    },
    /// The folder already holds something.
    #[error("{} already holds something; choose another folder, or go on with the dataset in it (--more N, --resume)", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A resume that doesn't fit the dataset.
    #[error("cannot resume {}: {}; use the same settings, or record into another folder", path.display(), differences.join("; "))]
    Differs {
        /// The dataset.
        path: PathBuf,
        /// One sentence per difference.
        differences: Vec<String>,
    },
    /// Another writer has the dataset open.
    #[error("{} is being written by another program; stop that one first", path.display())]
    Locked {
        /// The dataset.
        path: PathBuf,
    },
    /// A link where a writer would reach another folder through it.
    #[error("{} is a link, and ulna writes and removes nothing through links; {remedy}", path.display())]
    Link {
        /// The link.
        path: PathBuf,
        /// What to do about it.
        remedy: String,
    },
    /// Paths in `info.json` that are fit for reading only.
    #[error(
        "{}: `{field}` {reason}, so ulna reads this dataset but writes nothing into it; for one with LeRobot's usual file names: `ulna dataset import {} --output NEW`",
        path.display(), crate::advice::quoted(root)
    )]
    Paths {
        /// The dataset.
        root: PathBuf,
        /// The file.
        path: PathBuf,
        /// The field that holds the template.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that stands where a new one is to be put.
    #[error("{} is there already, and belongs to no saved episode; move it out of the dataset, then try again", path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// An edit that was stopped by the user.
    #[error("interrupted; {} is as it was", path.display())]
    Interrupted {
        /// The dataset that was to be edited or made.
        path: PathBuf,
    },
    /// Too little room for an edit.
    #[error(
        "editing {} needs {} MB more on the disk, {} MB are free; free some space, or give another disk by --output",
        path.display(), needed >> 20, free >> 20
    )]
    NoSpace {
        /// The folder to be written.
        path: PathBuf,
        /// What the edit writes, in bytes.
        needed: u64,
        /// What is free, in bytes.
        free: u64,
    },
    /// An edit whose result did not pass its check, and was thrown away.
    #[error("the edited dataset did not pass its check and was thrown away: {findings}; {} is as it was", path.display())]
    Unsound {
        /// The dataset that was to be edited or made.
        path: PathBuf,
        /// What the check found.
        findings: String,
    },
    /// An edit that failed between the two renames of a file system that cannot exchange names.
    #[error(
        "cannot put {} in place: {source}; it stands, whole and as it was, under the name {}: {}, then run `ulna dataset repair {}`",
        path.display(), old.display(), io_remedy(source), crate::advice::quoted(path)
    )]
    PutAside {
        /// The dataset that was to be edited.
        path: PathBuf,
        /// Where it is now.
        old: PathBuf,
        /// The operating system's answer to taking it back.
        source: io::Error,
    },
    /// Leftovers of an interrupted save or recording stand in the way.
    #[error("{} holds an interrupted recording; run `ulna dataset repair {}` first", path.display(), crate::advice::quoted(path))]
    NeedsRepair {
        /// The dataset.
        path: PathBuf,
    },
}

fn io_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: free some space; every saved episode is intact"
        }
        io::ErrorKind::PermissionDenied => "check the owner and the permissions of the folder",
        io::ErrorKind::ReadOnlyFilesystem => "the disk is mounted read-only",
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::InvalidInput => "put a file there, or give another path",
        _ => "check the disk; every saved episode is intact",
    }
}

fn io_remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full, free some space"
        }
        _ => "check the disk",
    }
}

/// Names the operation and the path that an `io::Error` belongs to.
pub(crate) trait IoContext<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| DatasetError::Io {
            action,
            path: path.to_owned(),
            source,
        })
    }
}

impl DatasetError {
    pub(crate) fn field(
        path: &Path,
        field: impl Into<String>,
        reason: impl Into<String>,
    ) -> DatasetError {
        DatasetError::Field {
            path: path.to_owned(),
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// A parquet file that does not read; what stands in its place is named, if it is known.
    pub(crate) fn parquet(path: &Path, reason: &dyn ToString) -> DatasetError {
        match crate::placeholder::of(path) {
            Some(what) => DatasetError::Placeholder {
                path: path.to_owned(),
                what,
            },
            None => DatasetError::Parquet {
                path: path.to_owned(),
                reason: reason.to_string(),
            },
        }
    }

    pub(crate) fn invalid(what: impl Into<String>, reason: impl Into<String>) -> DatasetError {
        DatasetError::Invalid {
            what: what.into(),
            reason: reason.into(),
        }
    }

    /// A video file that does not read; what stands in its place is named, if it is known.
    pub(crate) fn video(path: &Path, reason: impl Into<String>) -> DatasetError {
        match crate::placeholder::of(path) {
            Some(what) => DatasetError::Placeholder {
                path: path.to_owned(),
                what,
            },
            None => DatasetError::Video {
                path: path.to_owned(),
                reason: reason.into(),
            },
        }
    }
}
