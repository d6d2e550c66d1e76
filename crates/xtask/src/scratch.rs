//! A copy of the working tree in which the code is broken on purpose, and cargo in it.
//!
//! The copy lies in `target/scratch/tree` and stays there, so that only what a patch changes is compiled again. Compiled crates are kept where those
//! of the project are, so that other people's need not be compiled again. Ours have another version in the copy: cargo names what it compiles by
//! package, version and place in the workspace, and would take a broken crate of the copy for the one of the project. Finished programs lie
//! elsewhere: no broken `ulna` ever lies in `target/debug`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process_group};

/// Memory that a check may take, in kilobytes of address space: broken code may ask for any amount.
const MEMORY: u64 = 12 << 20;

/// Compiling takes longer than the tests: less of it is optimised than for the tests of every day.
pub(crate) const QUICKLY_COMPILED: [&str; 4] = [
    "--config=profile.dev.package.ulna-core.opt-level=1",
    "--config=profile.dev.package.ulna-bus.opt-level=1",
    "--config=profile.dev.package.ulna-dataset.opt-level=0",
    "--config=profile.dev.package.ulna-policy.opt-level=1",
];

/// The copy. One process has it at a time.
#[derive(Debug)]
pub(crate) struct Scratch {
    root: PathBuf,
    tree: PathBuf,
    /// Settings of cargo for every call, such as `--config profile.dev.opt-level=0`.
    settings: Vec<String>,
    _lock: File,
}

/// How long a command may run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Of each process's own time on the processor, so that a busy computer makes no failure of a slow test.
    pub(crate) busy: Duration,
    /// Of all of it by the clock: what hangs may do nothing at all.
    pub(crate) whole: Duration,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// It ended with success.
    pub(crate) passed: bool,
    /// It did not end in its time and was killed.
    pub(crate) timed_out: bool,
    /// What it printed, both streams.
    pub(crate) said: String,
    pub(crate) took: Duration,
}

impl Scratch {
    /// A copy of the tree at `root` as it is now: what git tracks, and what it does not ignore.
    ///
    /// # Errors
    /// If another process has it, git cannot list the files, or they cannot be copied.
    pub(crate) fn new(root: &Path, settings: &[&str]) -> Result<Self> {
        let folder = root.join("target/scratch");
        fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join("lock"))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).with_context(|| {
            format!(
                "another `xtask break` or `xtask mutants` works in {}: wait until it has ended",
                folder.display()
            )
        })?;
        let scratch = Self {
            root: root.to_owned(),
            tree: folder.join("tree"),
            settings: settings.iter().map(|&word| word.to_owned()).collect(),
            _lock: lock,
        };
        scratch.copy_all()?;
        Ok(scratch)
    }

    fn copy_all(&self) -> Result<()> {
        let listed = Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(&self.root)
            .output()
            .context("cannot run git")?;
        ensure!(
            listed.status.success(),
            "git cannot list the files of the tree"
        );
        let listed = String::from_utf8(listed.stdout).context("a file's name is not UTF-8")?;
        let wanted: BTreeSet<&Path> = (listed.split_terminator('\0').map(Path::new))
            .filter(|path| {
                let kind = self.root.join(path).symlink_metadata();
                kind.is_ok_and(|kind| !kind.is_dir())
            })
            .collect();
        for path in &wanted {
            let (from, to) = (self.root.join(path), self.tree.join(path));
            match *path == Path::new("Cargo.toml") {
                true => put_if_different(
                    &to,
                    with_own_version(&fs::read_to_string(from)?)?.as_bytes(),
                )?,
                false => copy_if_different(&from, &to)?,
            }
        }
        for path in files_below(&self.tree)? {
            let inside = path.strip_prefix(&self.tree)?;
            if !wanted.contains(inside) {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// Applies a patch as `git diff` writes it. It is undone when the answer is dropped.
    ///
    /// # Errors
    /// If it does not apply exactly.
    pub(crate) fn patched(&self, patch: &str) -> Result<Patched> {
        let mut patched = Patched { before: Vec::new() };
        for path in named_files(patch) {
            let path = self.tree.join(path);
            let bytes = path.is_file().then(|| fs::read(&path)).transpose()?;
            patched.before.push((path, bytes));
        }
        ensure!(!patched.before.is_empty(), "the patch names no file");
        let mut child = Command::new("git")
            .args(["apply", "--whitespace=nowarn", "-"])
            .current_dir(&self.tree)
            // Otherwise git would take the copy for a folder of the project's repository, and apply nothing without a word.
            .env(
                "GIT_CEILING_DIRECTORIES",
                self.tree.parent().unwrap_or(&self.tree),
            )
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run git")?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(patch.as_bytes())?;
        }
        let ended = child.wait_with_output()?;
        if !ended.status.success() {
            bail!(
                "the patch does not apply: {}",
                String::from_utf8_lossy(&ended.stderr).trim()
            );
        }
        Ok(patched)
    }

    /// Runs cargo in the copy, within limits.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn cargo(&self, words: &[&str], limits: Limits) -> Result<Outcome> {
        let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
        let build = std::env::var_os("CARGO_BUILD_BUILD_DIR")
            .or_else(|| std::env::var_os("CARGO_TARGET_DIR"))
            .map_or_else(|| self.root.join("target"), PathBuf::from);
        let fixtures = std::env::var_os("ULNA_FIXTURES")
            .map_or_else(|| self.root.join("../shared/fixtures"), PathBuf::from);
        let mut said = tempfile::tempfile().context("cannot make a temporary file")?;
        let begun = Instant::now();
        let mut child = Command::new("sh")
            .args([
                "-c",
                "ulimit -v \"$1\" -t \"$2\"; shift 2; exec \"$@\"",
                "sh",
            ])
            .args([MEMORY.to_string(), limits.busy.as_secs().to_string()])
            .arg(cargo)
            .args(words.first())
            .args(&self.settings)
            .args(words.iter().skip(1))
            .current_dir(&self.tree)
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_BUILD_BUILD_DIR", build)
            .env("CARGO_TARGET_DIR", self.root.join("target/scratch/target"))
            .env("ULNA_FIXTURES", fixtures)
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said.try_clone()?)
            .process_group(0)
            .spawn()
            .context("cannot start cargo")?;
        let mut timed_out = false;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if begun.elapsed() > limits.whole {
                timed_out = true;
                let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                if let Some(group) = group {
                    kill_process_group(group, Signal::KILL)?;
                }
                break child.wait()?;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        said.rewind()?;
        let mut bytes = Vec::new();
        said.read_to_end(&mut bytes)?;
        Ok(Outcome {
            passed: status.success() && !timed_out,
            timed_out,
            said: String::from_utf8_lossy(&bytes).into_owned(),
            took: begun.elapsed(),
        })
    }
}

impl Outcome {
    /// The lines that say why it failed: errors of the compiler, panics and failed tests, some at most.
    pub(crate) fn why(&self) -> String {
        let tells = |line: &&str| {
            line.starts_with("error")
                || line.contains("panicked at")
                || line.ends_with("... FAILED")
        };
        let lines: Vec<&str> = self.said.lines().filter(tells).take(3).collect();
        match lines.is_empty() {
            true => self
                .said
                .trim()
                .lines()
                .last()
                .unwrap_or_default()
                .to_owned(),
            false => lines.join(" | "),
        }
    }

    /// Tests that ran.
    pub(crate) fn tests(&self) -> u64 {
        let counts = self.said.lines().filter_map(|line| {
            let (count, rest) = line.strip_prefix("running ")?.split_once(' ')?;
            rest.starts_with("test")
                .then(|| count.parse::<u64>().ok())?
        });
        counts.sum()
    }
}

/// A patch that is applied.
#[derive(Debug)]
pub(crate) struct Patched {
    /// The files that it names, with what was in them.
    before: Vec<(PathBuf, Option<Vec<u8>>)>,
}

impl Drop for Patched {
    fn drop(&mut self) {
        for (path, bytes) in &self.before {
            // Written rather than given back its time: cargo goes by times.
            let undone = match bytes {
                Some(bytes) => fs::write(path, bytes),
                None => fs::remove_file(path),
            };
            if let Err(error) = undone {
                eprintln!("{} keeps what a patch left: {error}", path.display());
            }
        }
    }
}

/// The files that a patch changes, makes or removes.
fn named_files(patch: &str) -> BTreeSet<PathBuf> {
    let named = patch.lines().filter_map(|line| {
        let name = line.strip_prefix("--- ").or(line.strip_prefix("+++ "))?;
        let name = name.strip_prefix("a/").or(name.strip_prefix("b/"))?;
        Some(PathBuf::from(name.split('\t').next().unwrap_or(name)))
    });
    named.collect()
}

/// Copies a file, or a link as a link: those of the tree stay inside of it.
/// The workspace's manifest with the version that our crates have in the copy. Everything that asks for one of ours takes it.
fn with_own_version(manifest: &str) -> Result<String> {
    let (before, package) = manifest
        .split_once("[workspace.package]\nversion = \"")
        .context("Cargo.toml does not begin [workspace.package] with a version")?;
    let (version, after) = package.split_once('"').context("Cargo.toml is cut off")?;
    Ok(format!(
        "{before}[workspace.package]\nversion = \"{version}+scratch\"{after}"
    ))
}

fn copy_if_different(from: &Path, to: &Path) -> Result<()> {
    let Ok(target) = fs::read_link(from) else {
        return put_if_different(to, &fs::read(from)?);
    };
    if fs::read_link(to).is_ok_and(|old| old == target) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    if to.symlink_metadata().is_ok() {
        fs::remove_file(to)?;
    }
    symlink(target, to).with_context(|| format!("cannot make the link {}", to.display()))
}

fn put_if_different(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => files.extend(files_below(&entry.path())?),
            false => files.push(entry.path()),
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_crates_have_another_version_in_the_copy() {
        let manifest = fs::read_to_string(crate::root().join("Cargo.toml")).unwrap();
        let own: toml::Table = with_own_version(&manifest).unwrap().parse().unwrap();
        let version = own["workspace"]["package"]["version"].as_str().unwrap();
        assert!(version.ends_with("+scratch"), "{version}");
        assert!(with_own_version("[workspace]").is_err());
    }
}
