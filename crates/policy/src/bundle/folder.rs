//! Reading from a bundle's folder: nothing outside, and nothing without end.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::error::PolicyError;

/// The largest `policy.toml` that is read, bytes.
pub(crate) const MAX_MANIFEST: u64 = 1 << 20;
/// The largest file of tensors, bytes.
pub(crate) const MAX_TENSORS: u64 = 256 << 20;
/// The largest network: protobuf, which ONNX is, ends at 2 GiB.
pub(crate) const MAX_GRAPH: u64 = (2 << 30) - 1;
/// The largest file of weights outside the network's own file, bytes.
pub(crate) const MAX_EXTERNAL: u64 = 16 << 30;

/// The path of a file that the bundle names: relative, without `..`, and not a link that leads out.
pub(crate) fn inside(bundle: &Path, file: &str) -> Result<PathBuf, PolicyError> {
    let outside = |why| PolicyError::Outside {
        bundle: bundle.to_owned(),
        file: file.to_owned(),
        why,
    };
    let relative = Path::new(file);
    let mut components = relative.components();
    if file.is_empty() || !components.all(|part| matches!(part, Component::Normal(_))) {
        return Err(outside("is not a plain path relative to that folder"));
    }
    let path = bundle.join(relative);
    let read = |path: &Path| {
        let path = path.to_owned();
        move |source| PolicyError::Read { path, source }
    };
    let real = fs::canonicalize(&path).map_err(read(&path))?;
    let root = fs::canonicalize(bundle).map_err(read(bundle))?;
    if !real.starts_with(root) {
        return Err(outside("is a link to somewhere else"));
    }
    Ok(path)
}

/// The size of an ordinary file that is no larger than `limit`.
pub(crate) fn size(path: &Path, limit: u64) -> Result<u64, PolicyError> {
    let read = |source| PolicyError::Read {
        path: path.to_owned(),
        source,
    };
    let metadata = fs::metadata(path).map_err(read)?;
    if !metadata.is_file() {
        return Err(read(std::io::Error::other("it is not a file")));
    }
    let bytes = metadata.len();
    if bytes > limit {
        return Err(PolicyError::TooLarge {
            path: path.to_owned(),
            bytes,
            limit,
        });
    }
    Ok(bytes)
}

/// The whole file, if it is no larger than `limit`.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, PolicyError> {
    let size = size(path, limit)?;
    let failed = |source| PolicyError::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    // The file may have grown since its size was asked for.
    let file = File::open(path).map_err(failed)?;
    file.take(size).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
