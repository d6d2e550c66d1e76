//! One recording, killed once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::files::{self, Run};
use super::process::{Ulna, killed_after};
use super::starving::Starving;

pub(super) const FPS: u64 = 30;
/// The longest time from the first row to the kill, s: several episodes, and the moments in which one is saved.
const LONGEST: f64 = 7.0;
/// The span within which repairs are killed; a whole one takes about as long.
const REPAIR: Duration = Duration::from_millis(200);
/// Frames of the episode that is recorded after the repair.
const MORE: u64 = 15;

/// What a kill left, and what of it came back.
#[derive(Debug, Default)]
pub(super) struct Killed {
    /// The repaired dataset; none when the kill came before there was one.
    pub(super) dataset: Option<PathBuf>,
    /// The frames of each of its episodes.
    pub(super) lengths: Vec<u64>,
    /// Episodes that were saved before the kill.
    pub(super) saved: u64,
    /// Episodes that were being recorded or saved.
    pub(super) runs: usize,
    /// Their rows in journals, and how many of these came back.
    pub(super) journalled: u64,
    pub(super) recovered: u64,
    /// The most rows that an episode lost of what its journal had.
    pub(super) lost_of_journal: u64,
    /// The rows that the running episode lost of those whose time had come.
    pub(super) lost_of_time: u64,
    pub(super) repairs_killed: u64,
    /// Whether a thread had to wait for a processor for long before the kill.
    pub(super) starved: bool,
    /// Whether the recording had ended before the kill, for a fault that it named.
    pub(super) gave_up: bool,
}

/// Records until the kill, repairs, and checks everything but LeRobot's part.
pub(super) fn kill(ulna: &Ulna, scratch: &Path, seed: usize) -> Result<Killed> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed as u64);
    let dataset = scratch.join("data");
    std::fs::create_dir_all(scratch)?;
    // One kill in ten comes while the arm is being connected and the dataset made.
    let early = rng.random_bool(0.1);
    let longest = if early { 0.5 } else { LONGEST };
    let after = Duration::from_secs_f64(rng.random_range(0.0..longest));
    let rows = rng.random_range(12..=60);
    let mut seen = Seen::default();
    let said = scratch.join("record.err");
    let mut command = recording(ulna, &dataset, rows, "--episodes", 1000);
    command.stderr(std::fs::File::create(&said)?);
    let killed = killed_after(&mut command, after, &mut |process| {
        seen.look(&dataset, process);
        early || seen.has_rows()
    })?;
    let gave_up = killed.is_none();
    if gave_up {
        // On a busy computer a simulated camera or servo may be so late that it counts as broken.
        let said = std::fs::read_to_string(&said)?;
        ensure!(
            said.contains("camera") || said.contains("servo"),
            "it ended by itself: {said}"
        );
    }
    let starved = gave_up || seen.starving.is_starved();
    let Some(saved) = files::saved_episodes(&dataset) else {
        ensure!(seen.saved == 0, "the dataset is gone");
        return nothing_yet(ulna, &dataset);
    };
    ensure!(
        saved >= seen.saved,
        "{} episodes were saved before the kill, {saved} after it",
        seen.saved
    );
    let unrepaired = ulna.lengths(&dataset)?;
    ensure!(
        unrepaired.len() as u64 == saved,
        "{saved} episodes were saved, and before repair {unrepaired:?} are there"
    );
    let mut runs = files::runs(&dataset);
    runs.retain(|run| run.marked.is_none_or(|episode| episode >= saved));
    let (repairs_killed, lengths) = repaired(ulna, &dataset, (saved, rows), &mut rng)?;
    let back = recovered(&runs, &lengths[saved as usize..])?;
    let lost = runs
        .iter()
        .zip(&back)
        .map(|(run, n)| run.rows.saturating_sub(*n));
    let lost_of_journal = lost.max().unwrap_or(0);
    let due = killed
        .zip(runs.last())
        .map_or(0, |(then, run)| seen.rows_due(run, then).min(rows));
    let lost_of_time = due.saturating_sub(back.last().copied().unwrap_or(0));
    ensure!(
        lost_of_journal <= FPS,
        "{lost_of_journal} rows of a journal are lost"
    );
    ensure!(
        lost_of_time <= FPS,
        "{lost_of_time} rows are lost of {due} whose time had come"
    );
    continued(ulna, &dataset, &scratch.join("continued"), &lengths)?;
    Ok(Killed {
        saved,
        runs: runs.len(),
        journalled: runs.iter().map(|run| run.rows).sum(),
        recovered: back.iter().sum(),
        lost_of_journal,
        lost_of_time,
        repairs_killed,
        starved,
        gave_up,
        dataset: Some(dataset),
        lengths,
    })
}

/// Repairs the dataset, killing some repairs on the way; the `saved` episodes of `rows` frames must come through unchanged. Gives how
/// many repairs were killed, and the frames of each episode.
fn repaired(
    ulna: &Ulna,
    dataset: &Path,
    (saved, rows): (u64, u64),
    rng: &mut ChaCha8Rng,
) -> Result<(u64, Vec<u64>)> {
    let before = files::of_episodes(&files::tree(dataset)?, saved);
    let repairs_killed = ulna.repair_with_kills(dataset, rng, REPAIR)?;
    let lengths = ulna.repaired(dataset)?;
    let after = files::of_episodes(&files::tree(dataset)?, saved);
    if let Some(path) = files::difference(&before, &after) {
        bail!("repair changed {} of a saved episode", path.display());
    }
    ensure!(
        lengths.len() as u64 >= saved && lengths.iter().take(saved as usize).all(|n| *n == rows),
        "{saved} episodes of {rows} frames were saved, there are {lengths:?}"
    );
    Ok((repairs_killed, lengths))
}

/// The frames that came back of each journal. Episodes come back in the order of their journals; only the last may have nothing
/// to give yet.
fn recovered(runs: &[Run], back: &[u64]) -> Result<Vec<u64>> {
    ensure!(
        back.len() <= runs.len(),
        "{} episodes come of {} journals",
        back.len(),
        runs.len()
    );
    let of = |at| back.get(at).copied().unwrap_or(0);
    Ok((0..runs.len()).map(of).collect())
}

/// What the dataset showed while it was recorded.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) saved: u64,
    /// When the journals had their first row.
    began: BTreeMap<PathBuf, Instant>,
    starving: Starving,
}

impl Seen {
    pub(super) fn look(&mut self, dataset: &Path, process: u32) {
        self.starving.look(process);
        self.saved = files::saved_episodes(dataset).unwrap_or(0).max(self.saved);
        for run in files::runs(dataset) {
            if run.rows > 0 {
                self.began.entry(run.path).or_insert_with(Instant::now);
            }
        }
    }

    /// Whether an episode has begun.
    pub(super) fn has_rows(&self) -> bool {
        self.saved > 0 || !self.began.is_empty()
    }

    /// How many rows a real-time recording should have had by then.
    pub(super) fn rows_due(&self, run: &Run, then: Instant) -> u64 {
        let began = self.began.get(&run.path);
        began.map_or(0, |began| {
            let seconds = then.saturating_duration_since(*began).as_secs_f64();
            1 + (seconds * FPS as f64) as u64
        })
    }
}

/// `ulna record`, with small pictures; `count` is `--episodes` or `--more`.
pub(super) fn recording(
    ulna: &Ulna,
    dataset: &Path,
    rows: u64,
    count: &str,
    episodes: usize,
) -> Command {
    let mut command = ulna.command(&["record", "--sim", "--task", "push"], &[]);
    command.args(["--camera-size", "64x48", "--fps", &FPS.to_string()]);
    let seconds = rows as f64 / FPS as f64;
    command.args(["--episode-time", &seconds.to_string(), "--reset-time", "0"]);
    command.args([count, &episodes.to_string(), "--dataset"]);
    command.arg(dataset);
    command
}

/// The kill came before there was a dataset: the folder still takes a recording.
fn nothing_yet(ulna: &Ulna, dataset: &Path) -> Result<Killed> {
    let lengths = more(ulna, dataset, false)?;
    ensure!(
        lengths == [MORE],
        "recorded again, it has {lengths:?} frames"
    );
    Ok(Killed::default())
}

/// A copy of the repaired dataset takes another episode.
fn continued(ulna: &Ulna, dataset: &Path, copy: &Path, lengths: &[u64]) -> Result<()> {
    files::copy(dataset, copy)?;
    let expected = [lengths, &[MORE]].concat();
    let found = more(ulna, copy, true)?;
    ensure!(
        found == expected,
        "continued, it has {found:?} frames, not {expected:?}"
    );
    Ok(std::fs::remove_dir_all(copy)?)
}

/// Records one episode to its end.
fn more(ulna: &Ulna, dataset: &Path, resume: bool) -> Result<Vec<u64>> {
    let count = if resume { "--more" } else { "--episodes" };
    let mut command = recording(ulna, dataset, MORE, count, 1);
    command.arg("--lockstep");
    command.stderr(Stdio::piped());
    let output = command.output().context("cannot start ulna")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "recording after the kill fails: {}",
        errors.trim()
    );
    ulna.repaired(dataset)
}
