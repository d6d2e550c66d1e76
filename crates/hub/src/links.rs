//! Pulling writes and removes nothing through links: what they lead to is not part of the folder.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Component, Path};

use crate::error::{HubError, Result};

/// What stands at a path, itself and not what it leads to.
pub(crate) fn look(path: &Path) -> Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(HubError::file("read", path)(error)),
    }
}

/// Refuses a link at this path.
pub(crate) fn refuse_link(path: &Path) -> Result<()> {
    match look(path)? {
        Some(found) if found.is_symlink() => Err(HubError::Folder {
            dir: path.to_owned(),
            why: "is a link, through which files would be written or removed elsewhere; \
                  remove the link (what it leads to stays), or pull into another folder"
                .to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Refuses links among the folders of `name` below `dir`. A file that is a link is replaced by its name.
pub(crate) fn refuse_links_to(dir: &Path, name: &str) -> Result<()> {
    let mut path = dir.to_owned();
    let folders = Path::new(name).parent().unwrap_or(Path::new(""));
    for part in folders.components() {
        if let Component::Normal(part) = part {
            path.push(part);
            refuse_link(&path)?;
        }
    }
    Ok(())
}
