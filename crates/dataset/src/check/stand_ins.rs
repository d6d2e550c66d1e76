//! Files that stand for others: Git LFS pointers, error pages, empty files. They are the cause of what cannot be read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::check::{CheckReport, Severity};
use crate::placeholder;

/// Folders in folders are looked into this deep: `videos/KEY/chunk-000`.
const DEEPEST: usize = 4;

/// What each of them is, by its path.
#[derive(Debug, Default)]
pub(super) struct StandIns {
    files: BTreeMap<PathBuf, &'static str>,
    root: PathBuf,
}

impl StandIns {
    /// Looks at the beginning of every file that belongs to the format.
    pub(super) fn of(root: &Path) -> StandIns {
        let mut found = StandIns {
            files: BTreeMap::new(),
            root: root.to_owned(),
        };
        for folder in ["meta", "data", "videos"] {
            found.look(&root.join(folder), DEEPEST);
        }
        found
    }

    fn look(&mut self, folder: &Path, deep: usize) {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name();
            // Hidden files hold no data.
            if name.as_encoded_bytes().starts_with(b".") || name == "ulna" {
                continue;
            }
            match path.is_dir() {
                true if deep > 0 => self.look(&path, deep - 1),
                true => {}
                false => {
                    if let Some(what) = placeholder::of(&path) {
                        self.files.insert(path, what);
                    }
                }
            }
        }
    }

    /// What a file is, if it stands for another.
    pub(super) fn what(&self, path: &Path) -> Option<&'static str> {
        self.files.get(path).copied()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    fn of_metadata(&self) -> impl Iterator<Item = (&PathBuf, &&'static str)> {
        let meta = self.root.join("meta");
        self.files
            .iter()
            .filter(move |(path, _)| path.starts_with(&meta))
    }

    /// Whether any metadata are such files.
    pub(super) fn any_metadata(&self) -> bool {
        self.of_metadata().next().is_some()
    }

    /// Reports those among the metadata.
    pub(super) fn metadata(&self, report: &mut CheckReport) {
        for (path, what) in self.of_metadata() {
            report.add(Severity::Error, "placeholder", message(path, what));
        }
    }
}

/// What to say of such a file.
pub(super) fn message(path: &Path, what: &str) -> String {
    format!(
        "{} is {what}: {}",
        path.display(),
        placeholder::remedy(what)
    )
}
