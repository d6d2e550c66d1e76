//! Holding an imported policy against Python LeRobot, where that is installed.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};
use ulna_policy::Bundle;

use crate::error::SessionError;

/// How far PyTorch is from a bundle.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Verified {
    /// The largest difference from the golden answer, robot units.
    pub difference: f64,
    /// PyTorch's version.
    pub torch: String,
}

/// Asks PyTorch for the answer to the golden input of `bundle`, which was imported from `checkpoint`. `python` is an interpreter that has LeRobot.
///
/// # Errors
/// If it has not, or its answer is farther away than the bundle allows.
pub(super) fn verify(
    python: &Path,
    checkpoint: &Path,
    bundle: &Path,
) -> Result<Verified, SessionError> {
    let opened = Bundle::open(bundle)?;
    let mut command = Command::new(python);
    command.args(["-c", include_str!("verify.py")]);
    command
        .arg(checkpoint)
        .arg(bundle.join("golden.safetensors"));
    command.env("HF_HUB_OFFLINE", "1");
    let wrong = |reason: String| {
        SessionError::Session(format!(
            "--verify: the bundle {} is written, and `{}` does not verify it: {reason}; name a Python that has LeRobot with --python",
            bundle.display(),
            python.display()
        ))
    };
    let output = command
        .output()
        .map_err(|error| wrong(format!("it cannot be started ({error})")))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = errors.lines().rev().find(|line| !line.trim().is_empty());
    if !output.status.success() {
        return Err(wrong(last.unwrap_or("it ended without a word").to_owned()));
    }
    let answer = String::from_utf8_lossy(&output.stdout);
    let line = answer.lines().last().unwrap_or_default();
    let verified: Verified = serde_json::from_str(line)
        .map_err(|error| wrong(format!("its answer is not understood ({error})")))?;
    if verified.difference > opened.tolerance() {
        return Err(SessionError::Session(format!(
            "PyTorch {} is {:.1e} robot units away from the bundle {}, and {:.0e} are allowed: do not run it, and report this checkpoint's config.json",
            verified.torch,
            verified.difference,
            bundle.display(),
            opened.tolerance()
        )));
    }
    Ok(verified)
}
