//! The policy that comes with ulna, compiled in, so that an installed binary needs no other file.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use ulna_outside::files;

use crate::error::SessionError;

/// The line of its manifest that says which policy it is.
const NAMED: &str = "name = \"reach\"";
/// A manifest is shorter, bytes.
const LONGEST: u64 = 1 << 20;

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

/// Whether a folder holds this policy, of whatever version, or nothing of it.
pub(crate) fn is_reach(folder: &Path) -> bool {
    let named = |text: &str| text.lines().any(|line| line.trim() == NAMED);
    let there = |name: &str| folder.join(name).symlink_metadata().is_ok();
    match files::read_text(&folder.join(REACH[0].0), LONGEST) {
        Ok(text) => named(&text),
        Err(_) => folder.is_dir() && !REACH.iter().any(|(name, _)| there(name)),
    }
}

/// Writes the policy that brings the tool of an SO-101 to a target into this folder; files of its names that are there are replaced.
///
/// # Errors
/// If the folder cannot be written, or is a link.
pub fn unpack_reach(folder: &Path) -> Result<(), SessionError> {
    let system = |source| SessionError::System {
        what: format!("writing the policy into {}", folder.display()),
        source,
    };
    if folder.is_symlink() {
        let problem = "it is a link, and what it leads to is not ulna's; remove the link";
        return Err(system(io::Error::other(problem)));
    }
    fs::create_dir_all(folder).map_err(system)?;
    for (name, bytes) in REACH {
        files::replace(&folder.join(name), |file| file.write_all(bytes)).map_err(system)?;
    }
    Ok(())
}
