//! Other programs, run to their end.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

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

/// `ulna` as cargo builds it now.
///
/// # Errors
/// If it cannot be built.
pub(crate) fn built_ulna(root: &Path) -> Result<PathBuf> {
    built(root, "ulna")
}

/// An example of one of the crates, as cargo builds it now.
///
/// # Errors
/// If it cannot be built, or there is none of this name.
pub(crate) fn built_example(root: &Path, name: &str) -> Result<PathBuf> {
    built(root, &format!("examples/{name}"))
}

/// Builds `ulna` and the examples, once for this program's life. All together: crates of others then have the features that they have in
/// `cargo test --workspace`, and what that has built is not built again.
fn built(root: &Path, name: &str) -> Result<PathBuf> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    let build = || {
        let mut command = cargo(root);
        let words = "build --quiet --workspace --bin ulna --examples";
        answer(command.args(words.split(' ')))
            .map(|_| ())
            .map_err(|error| format!("ulna cannot be built: {error:#}"))
    };
    BUILT
        .get_or_init(build)
        .clone()
        .map_err(anyhow::Error::msg)?;
    // Cargo puts all programs of a build into one folder, this one too.
    let own = std::env::current_exe().context("this program's place is unknown")?;
    let built = own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    match built.is_file() {
        true => Ok(built),
        false => bail!("{} is not there", built.display()),
    }
}

/// The cargo that runs this program, in the project's folder.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.current_dir(root);
    command
}
