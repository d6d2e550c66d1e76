//! Other programs, run to their end.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// What a command prints; the last line of its errors is part of the error if it fails.
pub(crate) fn answer(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot run `{name}`"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or_default();
        bail!("`{name}` failed ({}): {last}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// `ulna` as cargo builds it now; it puts all programs of a build into one folder, this one too.
pub(crate) fn built_ulna(root: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root);
    answer(command.args(["build", "--quiet", "--package", "ulna-cli"]))
        .context("ulna cannot be built")?;
    let own = std::env::current_exe().context("this program's place is unknown")?;
    let ulna = own.with_file_name(format!("ulna{}", std::env::consts::EXE_SUFFIX));
    match ulna.is_file() {
        true => Ok(ulna),
        false => bail!("{} is not there", ulna.display()),
    }
}
