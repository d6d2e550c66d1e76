//! Debian's packages, fetched by apt and unpacked into a folder of the build: nothing is installed, and nothing that is installed is removed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::answer;

/// These packages and what they need that is not installed here. If all of them are, their names and those of `besides`: their files are wanted all the
/// same.
///
/// # Errors
/// If this system has no apt, or apt knows no such package.
pub(crate) fn needed(packages: &[&str], besides: &[&str]) -> Result<Vec<String>> {
    let mut simulate = Command::new("apt-get");
    simulate.args(["install", "--simulate", "--no-install-recommends"]);
    let said = answer(simulate.args(packages))?;
    let lines = said.lines().filter_map(|line| line.strip_prefix("Inst "));
    let names = lines.filter_map(|line| line.split(' ').next());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    for package in packages {
        if !names.iter().any(|name| name == package) {
            names.push((*package).to_owned());
        }
    }
    if names.len() == packages.len() {
        names.extend(besides.iter().map(|name| (*name).to_owned()));
    }
    Ok(names)
}

/// Fetches these packages and unpacks them below `root`.
///
/// # Errors
/// If the archive cannot be reached, or the disk is full.
pub(crate) fn unpack(names: &[String], root: &Path) -> Result<()> {
    let debs = root.with_extension("packages");
    fs::create_dir_all(&debs).with_context(|| format!("cannot make {}", debs.display()))?;
    let mut download = Command::new("apt-get");
    download.current_dir(&debs).args(["--quiet", "download"]);
    answer(download.args(names))?;
    let all = fs::read_dir(&debs).with_context(|| format!("cannot read {}", debs.display()))?;
    for deb in all {
        let mut unpack = Command::new("dpkg");
        unpack.arg("-x").arg(deb?.path()).arg(root);
        answer(&mut unpack)?;
    }
    fs::remove_dir_all(&debs).with_context(|| format!("cannot remove {}", debs.display()))
}
