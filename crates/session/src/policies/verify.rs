//! Holding an imported policy against Python LeRobot, where that is installed.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};
use ulna_policy::Bundle;

use crate::error::SessionError;
use crate::failure::SessionFailure;

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
    let wrong = |reason: String| SessionFailure::NotVerified {
        bundle: bundle.to_owned(),
        python: python.to_owned(),
        reason,
    };
    let output = command
        .output()
        .map_err(|error| wrong(format!("it cannot be started ({error})")))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = errors.lines().rev().find(|line| !line.trim().is_empty());
    if !output.status.success() {
        let reason = last.unwrap_or("it ended without a word").to_owned();
        return Err(wrong(reason).into());
    }
    let answer = String::from_utf8_lossy(&output.stdout);
    let line = answer.lines().last().unwrap_or_default();
    let verified: Verified = serde_json::from_str(line)
        .map_err(|error| wrong(format!("its answer is not understood ({error})")))?;
    if verified.difference > opened.tolerance() {
        let failure = SessionFailure::VerifiedOtherwise {
            torch: verified.torch,
            difference: verified.difference,
            bundle: bundle.to_owned(),
            tolerance: opened.tolerance(),
        };
        return Err(failure.into());
    }
    Ok(verified)
}
