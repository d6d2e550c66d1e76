//! `ulna sim env` and its client in Python: gymnasium's own check, several environments at once, and `lerobot-eval`.

use std::path::Path;

use anyhow::{Context, Result};

use super::python_script;
use super::report::Report;
use crate::command::built_ulna;

/// Checks every scene's environment.
pub(super) fn check(report: &mut Report, root: &Path, python: &Path) -> Result<()> {
    report.section("gymnasium and lerobot-eval use ulna's environments")?;
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let ulna = built_ulna(root)?;
    let mut script = python_script(root, scratch.path(), python, "check_environments.py");
    script.arg(ulna).arg(root.join("crates/sim/python"));
    script.arg(scratch.path());
    report.lines_of(&mut script)
}
