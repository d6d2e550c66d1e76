//! The names next to a dataset that an edit of it uses.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::fs::parent;

/// `.NAME.ulna-WHAT` next to a dataset called `NAME`.
pub(crate) fn hidden(target: &Path, what: &str) -> PathBuf {
    // Names that are no text must not become one name.
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".ulna-{what}"));
    parent(target).join(name)
}

/// All names next to a dataset that edits of it use.
pub(crate) fn hidden_names(root: &Path) -> Vec<PathBuf> {
    let target = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    ["edit", "old"].map(|what| hidden(&target, what)).into()
}
