//! Debian's packages, fetched by apt and unpacked into a folder of the build.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::answer;
use crate::debian;

/// What the machine is made of, besides what QEMU needs.
const OTHERS: [&str; 1] = ["busybox-static"];
const QEMU: &str = "qemu-system-x86";
/// Kernels with these words in their name are for other purposes.
const SPECIAL: [&str; 4] = ["cloud", "rt", "unsigned", "dbg"];

/// Where the packages were unpacked.
#[derive(Debug)]
pub(super) struct Unpacked {
    pub(super) root: PathBuf,
    /// Such as `6.1.0-48-amd64`.
    pub(super) kernel: String,
}

/// Fetches and unpacks what is not there yet.
///
/// # Errors
/// If this system has no apt, or its archive cannot be reached: then there is no machine.
pub(super) fn unpacked(workspace: &Path) -> Result<Unpacked> {
    let folder = workspace.join("target").join("vm");
    let done = folder.join("kernel");
    let root = folder.join("root");
    if let Ok(kernel) = fs::read_to_string(&done) {
        return Ok(Unpacked { root, kernel });
    }
    if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        bail!("the machine is one for x86-64 Linux");
    }
    let kernel = match kernel() {
        Ok(kernel) => kernel,
        // Lists that were never fetched, or have been thrown away.
        Err(_) => {
            answer(Command::new("apt-get").args(["--quiet", "update"]))?;
            kernel()?
        }
    };
    let mut names = debian::needed(&[QEMU], &["seabios"])?;
    names.extend(OTHERS.map(str::to_owned));
    names.push(format!("linux-image-{kernel}"));
    debian::unpack(&names, &root)?;
    fs::write(&done, &kernel).with_context(|| format!("cannot write {}", done.display()))?;
    Ok(Unpacked { root, kernel })
}

/// The newest ordinary kernel that apt knows.
fn kernel() -> Result<String> {
    let mut search = Command::new("apt-cache");
    search.args(["search", "--names-only", "^linux-image-[0-9].*-amd64$"]);
    let found = answer(&mut search)?;
    let names = found.lines().filter_map(|line| line.split(' ').next());
    let names = names.filter_map(|name| name.strip_prefix("linux-image-"));
    let ordinary = names.filter(|name| !name.split('-').any(|word| SPECIAL.contains(&word)));
    let newest = ordinary.max_by_key(|name| numbers(name));
    newest
        .map(str::to_owned)
        .context("apt knows no kernel image")
}

/// The numbers in a version, for comparing.
fn numbers(version: &str) -> Vec<u32> {
    let parts = version.split(|letter: char| !letter.is_ascii_digit());
    parts.filter_map(|part| part.parse().ok()).collect()
}
