//! The lock that lets one writer at a time into a dataset's folder.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::{DatasetError, IoContext, Result};
use crate::fs::STAGING;
use crate::inside;

/// Takes the lock that keeps a second writer out; it ends with the process, however that ends.
pub(crate) fn lock(root: &Path) -> Result<File> {
    inside::staging(root)?;
    let path = root.join(STAGING).join("lock");
    let file = inside::open_lock(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DatasetError::Locked {
            path: root.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(error).at("lock", &path),
    }
}
