//! Putting complete files in place, durably and none through a link.

use std::path::Path;

use crate::error::{IoContext, Result};
use crate::fs::{Fs, STAGING, parent};
use crate::inside;

/// Puts a whole file in place: written aside, synced, renamed, its folder synced.
pub(crate) fn put(fs: &dyn Fs, root: &Path, relative: &Path, bytes: &[u8]) -> Result<()> {
    let aside = root.join(STAGING).join("writing");
    let mut file = inside::create(fs, &aside)?;
    file.write_all(bytes).at("write", &aside)?;
    file.sync().at("sync", &aside)?;
    drop(file);
    move_into(fs, root, &aside, relative)
}

/// Moves a finished, synced file to its place, durably. A link that has the name is replaced; one on the way to it is refused.
pub(crate) fn move_into(fs: &dyn Fs, root: &Path, from: &Path, relative: &Path) -> Result<()> {
    let to = root.join(relative);
    let folder = parent(&to);
    inside::make_dirs(fs, root, relative.parent().unwrap_or(Path::new("")))?;
    fs.rename(from, &to).at("put in place", &to)?;
    fs.sync_dir(&folder).at("sync the folder", &folder)
}
