//! Checkpoints made with Python LeRobot, imported by ulna: `ulna policy infer` and PyTorch answer alike.

use std::path::Path;

use anyhow::{Context, Result};

use super::python_script;
use super::report::Report;
use crate::command::built_ulna;

/// Compares every kind of checkpoint.
pub(super) fn compare(report: &mut Report, root: &Path, python: &Path) -> Result<()> {
    report.section("ulna imports Python LeRobot's policies and answers as PyTorch does")?;
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let ulna = built_ulna(root)?;
    let mut script = python_script(root, scratch.path(), python, "compare_policies.py");
    script.arg(ulna).arg(scratch.path());
    report.lines_of(&mut script)
}
