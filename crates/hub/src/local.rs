//! A folder that can be pushed: what it is, and which of its files go.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;
use ulna_dataset::{INFO_PATH, Severity, check};

use crate::error::{HubError, Result};
use crate::names::is_private;
use crate::repo::RepoKind;

/// The main file of a policy's bundle.
pub const POLICY_PATH: &str = "policy.toml";
/// Folders of a dataset that belong to it as a whole: what is not here must not be there either.
pub(crate) const WHOLE: [&str; 3] = ["data/", "meta/", "videos/"];
/// Pictures that wait to become video; LeRobot leaves them out, too.
const WAITING_PICTURES: &str = "images";
/// Far beyond any dataset; a mistaken folder may hold more.
const MOST_FILES: u64 = 500_000;

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// Its name in the repository.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    changed: Option<SystemTime>,
}

impl LocalFile {
    /// Fails if it was written to since it was listed.
    pub(crate) fn refuse_change(&self) -> Result<()> {
        let same = fs::symlink_metadata(&self.path).is_ok_and(|meta| {
            meta.is_file() && meta.len() == self.bytes && meta.modified().ok() == self.changed
        });
        match same {
            true => Ok(()),
            false => Err(HubError::Changed {
                path: self.path.clone(),
            }),
        }
    }
}

/// A dataset or a policy on disk, ready to be pushed.
#[derive(Debug, Clone)]
pub struct Folder {
    dir: PathBuf,
    kind: RepoKind,
    files: Vec<LocalFile>,
    version: Option<String>,
}

/// What is read of `meta/info.json` here.
#[derive(Deserialize)]
struct Version {
    codebase_version: String,
}

impl Folder {
    /// Looks at the folder: a dataset has `meta/info.json`, a policy's bundle `policy.toml`. With `kind`, a policy may be anything, such
    /// as a checkpoint of LeRobot's.
    ///
    /// # Errors
    /// [`HubError::Folder`] if it is neither; [`HubError::Unfinished`] for a dataset with an unfinished recording, or one in which
    /// [`ulna_dataset::check`] finds errors; [`HubError::File`] if it cannot be read.
    pub fn open(dir: &Path, kind: Option<RepoKind>) -> Result<Self> {
        let wrong = |why: &str| HubError::Folder {
            dir: dir.to_owned(),
            why: why.to_owned(),
        };
        if !dir.is_dir() {
            return Err(wrong("is no folder"));
        }
        let (dataset, policy) = (dir.join(INFO_PATH), dir.join(POLICY_PATH));
        let kind = match (kind, dataset.is_file(), policy.is_file()) {
            (Some(RepoKind::Dataset), false, _) => {
                return Err(wrong("is no dataset: it has no meta/info.json"));
            }
            (Some(kind), _, _) => kind,
            (None, true, false) => RepoKind::Dataset,
            (None, false, true) => RepoKind::Model,
            (None, true, true) => {
                return Err(wrong(
                    "holds a dataset and a policy: say with --kind which it is",
                ));
            }
            (None, false, false) => {
                return Err(wrong(
                    "is neither a dataset (meta/info.json) nor a policy's bundle (policy.toml); \
                     another policy is pushed with --kind policy",
                ));
            }
        };
        let version = match kind {
            RepoKind::Dataset => {
                refuse_unfinished(dir)?;
                Some(version(&dataset)?)
            }
            RepoKind::Model => None,
        };
        let mut files = Vec::new();
        let mut left = MOST_FILES;
        list(dir, "", kind, &mut files, &mut left)?;
        files.sort_by(|a, b| a.name.cmp(&b.name));
        if files.is_empty() {
            return Err(wrong("has no files to push"));
        }
        Ok(Self {
            dir: dir.to_owned(),
            kind,
            files,
            version,
        })
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it is.
    pub fn kind(&self) -> RepoKind {
        self.kind
    }

    /// Its files that go, sorted by name.
    pub fn files(&self) -> &[LocalFile] {
        &self.files
    }

    /// A dataset's `codebase_version`, which LeRobot looks for as a tag.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}

/// Refuses a dataset with an unfinished recording, and one that its readers fail on.
pub(crate) fn refuse_unfinished(dir: &Path) -> Result<()> {
    let report = check(dir);
    let unfinished = |code: &str| matches!(code, "interrupted-recording" | "unfinished-save");
    for finding in &report.findings {
        let why = if unfinished(finding.code) {
            let next_step = report.next_step(&[finding], dir);
            format!("{}; {next_step}", finding.message)
        } else if finding.severity == Severity::Error {
            let errors = report.findings.iter();
            let errors = errors.filter(|f| f.severity == Severity::Error).count();
            format!(
                "{} ({errors} errors; see `ulna dataset check`)",
                finding.message
            )
        } else {
            continue;
        };
        return Err(HubError::Unfinished {
            dir: dir.to_owned(),
            why,
        });
    }
    Ok(())
}

fn version(path: &Path) -> Result<String> {
    let text = fs::read(path).map_err(HubError::file("read", path))?;
    let version = serde_json::from_slice::<Version>(&text).map(|it| it.codebase_version);
    let fits = |text: &String| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '.';
        text.starts_with('v') && text.len() < 20 && text.chars().all(fits)
    };
    version.ok().filter(fits).ok_or_else(|| HubError::Folder {
        dir: path.to_owned(),
        why: "names no codebase_version, such as v3.0".to_owned(),
    })
}

fn list(
    dir: &Path,
    prefix: &str,
    kind: RepoKind,
    files: &mut Vec<LocalFile>,
    left: &mut u64,
) -> Result<()> {
    let entries = fs::read_dir(dir).map_err(HubError::file("read", dir))?;
    for entry in entries {
        let entry = entry.map_err(HubError::file("read", dir))?;
        let path = entry.path();
        *left = left.checked_sub(1).ok_or_else(|| HubError::TooMuch {
            what: dir.display().to_string(),
            limit: MOST_FILES,
            unit: "files",
        })?;
        let wrong = |why: &str| HubError::Folder {
            dir: path.clone(),
            why: why.to_owned(),
        };
        let Ok(name) = entry.file_name().into_string() else {
            return Err(wrong("has a name that is no text; rename it"));
        };
        if is_private(&name) || (prefix.is_empty() && is_left_out(kind, &name)) {
            continue;
        }
        let name = format!("{prefix}{name}");
        // Not followed: a link could lead to a file that is not meant to be published.
        let meta = fs::symlink_metadata(&path).map_err(HubError::file("read", &path))?;
        if meta.is_symlink() {
            return Err(wrong(
                "is a link, which is not followed: what it leads to might not be meant for others; \
                 push a copy made with `cp -rL`",
            ));
        }
        if meta.is_dir() {
            list(&path, &format!("{name}/"), kind, files, left)?;
        } else if meta.is_file() {
            files.push(LocalFile {
                name,
                path,
                bytes: meta.len(),
                changed: meta.modified().ok(),
            });
        }
    }
    Ok(())
}

fn is_left_out(kind: RepoKind, name: &str) -> bool {
    kind == RepoKind::Dataset && name == WAITING_PICTURES
}
