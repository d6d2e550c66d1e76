//! The policy that comes with ulna, compiled in, so that an installed binary needs no other file.

use std::fs;
use std::path::Path;

use crate::error::SessionError;

/// The files of the bundle `datasets/so101-reach`.
const REACH: [(&str, &[u8]); 4] = [
    (
        "policy.toml",
        include_bytes!("../../../datasets/so101-reach/policy.toml"),
    ),
    (
        "policy.onnx",
        include_bytes!("../../../datasets/so101-reach/policy.onnx"),
    ),
    (
        "stats.safetensors",
        include_bytes!("../../../datasets/so101-reach/stats.safetensors"),
    ),
    (
        "golden.safetensors",
        include_bytes!("../../../datasets/so101-reach/golden.safetensors"),
    ),
];

/// Writes the policy that brings the tool of an SO-101 to a target into this folder; files of its names that are there are replaced.
///
/// # Errors
/// If the folder cannot be written.
pub fn unpack_reach(folder: &Path) -> Result<(), SessionError> {
    let system = |source| SessionError::System {
        what: format!("writing the policy into {}", folder.display()),
        source,
    };
    fs::create_dir_all(folder).map_err(system)?;
    for (name, bytes) in REACH {
        fs::write(folder.join(name), bytes).map_err(system)?;
    }
    Ok(())
}
