//! Checkpoints made with Python LeRobot, imported by ulna: `ulna policy infer` and PyTorch answer alike.

use std::path::Path;

use anyhow::{Context, Result};

use super::report::Report;
use super::{python_script, sources};

/// Compares every kind of checkpoint.
pub(super) fn compare(report: &mut Report, root: &Path, python: &Path) -> Result<()> {
    report.section("ulna imports Python LeRobot's policies and answers as PyTorch does")?;
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    sources::run(sources::cargo(root).args(["build", "--quiet", "--package", "ulna-cli"]))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let mut script = python_script(root, scratch.path(), python, "compare_policies.py");
    script.arg(target.join("debug/ulna")).arg(scratch.path());
    report.lines_of(&mut script)
}
