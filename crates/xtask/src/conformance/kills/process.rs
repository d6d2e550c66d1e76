//! Starting `ulna`, asking it, and killing it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::command::built_ulna;

/// The binary.
#[derive(Debug)]
pub(super) struct Ulna(PathBuf);

impl Ulna {
    /// The binary of now.
    pub(super) fn built(root: &Path) -> Result<Ulna> {
        built_ulna(root).map(Ulna)
    }

    /// `ulna` with these words, silent and without a terminal.
    pub(super) fn command(&self, words: &[&str], paths: &[&Path]) -> Command {
        let mut command = Command::new(&self.0);
        command.args(words).args(paths);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// What `ulna … --json` answers; it must succeed.
    pub(super) fn answer(&self, words: &[&str], paths: &[&Path]) -> Result<Value> {
        let mut command = self.command(words, paths);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = command
            .arg("--json")
            .output()
            .context("cannot start ulna")?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!(
                "`ulna {}` ended with {}: {}",
                words.join(" "),
                output.status,
                errors.trim()
            );
        }
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("`ulna {}` answers no JSON", words.join(" ")))
    }

    /// Repairs, killing up to two attempts at random instants within `span` first; returns how many were killed before
    /// they had ended.
    pub(super) fn repair_with_kills(
        &self,
        dataset: &Path,
        rng: &mut ChaCha8Rng,
        span: Duration,
    ) -> Result<u64> {
        let mut killed = 0;
        for _ in 0..rng.random_range(0..3) {
            let after = span.mul_f64(rng.random_range(0.0..1.0));
            let mut command = self.command(&["dataset", "repair"], &[dataset]);
            killed += u64::from(killed_after(&mut command, after, &mut |_| true)?.is_some());
        }
        Ok(killed)
    }

    /// The frames of each episode.
    pub(super) fn lengths(&self, dataset: &Path) -> Result<Vec<u64>> {
        let info = self.answer(&["dataset", "info"], &[dataset])?;
        let episodes = info["episodes"].as_array().context("no `episodes`")?;
        let frames = episodes.iter().map(|episode| episode["frames"].as_u64());
        frames.collect::<Option<_>>().context("no `frames`")
    }

    /// Repairs a dataset for good: nothing is left undone, a second repair finds nothing to do and changes no byte, and
    /// `check` finds it sound. Returns the frames of each episode.
    pub(super) fn repaired(&self, dataset: &Path) -> Result<Vec<u64>> {
        let first = self.answer(&["dataset", "repair"], &[dataset])?;
        if first["left"].as_array().is_none_or(|left| !left.is_empty()) {
            bail!("repair leaves undone: {}", first["left"]);
        }
        let before = super::files::tree(dataset)?;
        let second = self.answer(&["dataset", "repair"], &[dataset])?;
        if second["actions"]
            .as_array()
            .is_none_or(|actions| !actions.is_empty())
        {
            bail!("a second repair found work: {}", second["actions"]);
        }
        if let Some(path) = super::files::difference(&before, &super::files::tree(dataset)?) {
            bail!("a second repair changed {}", path.display());
        }
        let checked = self.answer(&["dataset", "check"], &[dataset])?;
        if checked["sound"] != true {
            bail!("not sound: {}", checked["findings"]);
        }
        self.lengths(dataset)
    }
}

/// The time until a kill runs from here at the latest, whatever has not begun by then.
const LONG_ENOUGH: Duration = Duration::from_secs(60);

/// Runs a command and kills it after a time, which runs from when `look` finds that what is to be killed has begun. Returns
/// when that was, or none when it had ended before.
pub(super) fn killed_after(
    command: &mut Command,
    after: Duration,
    look: &mut dyn FnMut(u32) -> bool,
) -> Result<Option<Instant>> {
    let start = Instant::now();
    let mut begun = None;
    let mut child = command.spawn().context("cannot start ulna")?;
    loop {
        if look(child.id()) || start.elapsed() > LONG_ENOUGH {
            begun.get_or_insert_with(Instant::now);
        }
        if child.try_wait()?.is_some() {
            return Ok(None);
        }
        let runs = begun.map_or(Duration::ZERO, |begun| begun.elapsed());
        let left = after.saturating_sub(runs);
        if left.is_zero() {
            break;
        }
        sleep(left.min(Duration::from_millis(2)));
    }
    let killed = Instant::now();
    child.kill().context("cannot kill ulna")?;
    child.wait().context("cannot wait for ulna")?;
    Ok(Some(killed))
}
