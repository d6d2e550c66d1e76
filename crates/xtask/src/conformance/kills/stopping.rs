//! One recording, stopped once by something that is no kill: everything stands still for a while, it is hung up on, or its terminal
//! closes. It ends by itself then, and keeps what it recorded.

use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::files;
use super::process::Ulna;
use super::recording::{FPS, Seen, recording};

/// The ways, by turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// SIGSTOP, some seconds later SIGCONT, then SIGTERM.
    Pause,
    /// SIGHUP, twice, as some shells send it.
    HangUp,
    /// Its terminal is closed.
    Terminal,
}

const WAYS: [Way; 3] = [Way::Pause, Way::HangUp, Way::Terminal];

/// The longest time from the first row to the stop, s.
const LONGEST: f64 = 7.0;
/// After a pause it goes on for so long.
const AFTERWARDS: Duration = Duration::from_millis(1500);
/// A recording that takes longer to end hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a stop left.
#[derive(Debug)]
pub(super) struct Stopped {
    pub(super) way: Way,
    /// The dataset; none when the stop came before there was one.
    pub(super) dataset: Option<PathBuf>,
    /// The frames of each of its episodes.
    pub(super) lengths: Vec<u64>,
    /// Episodes that were saved before.
    pub(super) saved: u64,
    /// Rows that the running episode lost of those whose time had come.
    pub(super) lost_of_time: u64,
    /// From the request to end to the end.
    pub(super) ended_after: Duration,
    /// Whether the recording had ended by itself before, for a fault that it named.
    pub(super) gave_up: bool,
}

/// Records until the stop, waits for the end, and checks everything but LeRobot's part.
pub(super) fn stop(ulna: &Ulna, scratch: &Path, seed: usize) -> Result<Stopped> {
    let mut rng = ChaCha8Rng::seed_from_u64(0x57_0b ^ seed as u64);
    let way = WAYS[seed % WAYS.len()];
    let dataset = scratch.join("data");
    std::fs::create_dir_all(scratch)?;
    let said = scratch.join("record.err");
    let rows = rng.random_range(30..=300);
    let mut command = recording(ulna, &dataset, rows, "--episodes", 1000);
    command.stderr(std::fs::File::create(&said)?);
    let (mut child, terminal) = start(command, way)?;
    let after = Duration::from_secs_f64(rng.random_range(0.5..LONGEST));
    // One in ten comes before an episode has begun.
    let early = rng.random_bool(0.1);
    let seen = watched(&mut child, &dataset, after, early)?;
    let gave_up = child.try_wait()?.is_some();
    let there = There::look(&dataset);
    let then = Instant::now();
    let pause = Duration::from_secs_f64(rng.random_range(0.2..5.0));
    // The number of a process that has ended may be another's by now.
    let asked = match gave_up {
        true => then,
        false => act(way, &child, terminal, pause)?,
    };
    let code = end_of(&mut child)?;
    let ended_after = asked.elapsed();
    let errors = std::fs::read_to_string(&said)?;
    ensure!(
        matches!(code, Some(0 | 1 | 130)) && !errors.contains("panicked"),
        "{way:?}: ended with {code:?}: {errors}"
    );
    let due = match (&there.running, gave_up) {
        (Some(run), false) => seen.rows_due(run, then).min(rows),
        _ => 0,
    };
    let mut stopped = Stopped {
        way,
        dataset: None,
        lengths: Vec::new(),
        saved: there.saved,
        lost_of_time: 0,
        ended_after,
        gave_up,
    };
    let Some(saved) = files::saved_episodes(&dataset) else {
        ensure!(
            there.saved == 0 && there.rows == 0,
            "{way:?}: the dataset is gone: {errors}"
        );
        return Ok(stopped);
    };
    ensure!(
        saved >= there.saved,
        "{way:?}: {} episodes were saved, {saved} are there",
        there.saved
    );
    stopped.lengths = nothing_left(ulna, &dataset).with_context(|| format!("{way:?}: {errors}"))?;
    let frames: u64 = stopped.lengths.iter().sum();
    let before = there.saved * rows;
    ensure!(
        frames >= before + there.rows,
        "{way:?}: {} rows were saved or in journals, {frames} are there: {errors}",
        before + there.rows
    );
    stopped.lost_of_time = (before + due).saturating_sub(frames);
    ensure!(
        stopped.lost_of_time <= FPS,
        "{way:?}: {} rows are lost of {due} whose time had come: {errors}",
        stopped.lost_of_time
    );
    stopped.dataset = Some(dataset);
    Ok(stopped)
}

/// Looks on for a time, which runs from the first row unless it is to be `early`; ends with the recording at the latest.
fn watched(child: &mut Child, dataset: &Path, after: Duration, early: bool) -> Result<Seen> {
    let mut seen = Seen::default();
    let start = Instant::now();
    let mut begun = early.then_some(start);
    while begun.is_none_or(|begun| begun.elapsed() < after) && child.try_wait()?.is_none() {
        seen.look(dataset, child.id());
        if seen.has_rows() || start.elapsed() > PATIENCE {
            begun.get_or_insert_with(Instant::now);
        }
        sleep(Duration::from_millis(2));
    }
    Ok(seen)
}

/// A recording that ended by itself leaves nothing to repair; gives the frames of each episode.
fn nothing_left(ulna: &Ulna, dataset: &Path) -> Result<Vec<u64>> {
    let repaired = ulna.answer(&["dataset", "repair"], &[dataset])?;
    ensure!(
        repaired["actions"].as_array().is_some_and(Vec::is_empty),
        "something was left to repair: {}",
        repaired["actions"]
    );
    ulna.repaired(dataset)
}

/// What there is at one moment.
struct There {
    saved: u64,
    /// Rows in journals of episodes that are not saved.
    rows: u64,
    running: Option<files::Run>,
}

impl There {
    fn look(dataset: &Path) -> There {
        // In this order: what is saved in between counts in neither.
        let mut runs = files::runs(dataset);
        let saved = files::saved_episodes(dataset).unwrap_or(0);
        runs.retain(|run| run.marked.is_none_or(|episode| episode >= saved) && run.path.exists());
        There {
            saved,
            rows: runs.iter().map(|run| run.rows).sum(),
            running: runs.pop(),
        }
    }
}

/// Starts the recording; with a terminal of its own if that is to be closed.
fn start(mut command: Command, way: Way) -> Result<(Child, Option<OwnedFd>)> {
    if way != Way::Terminal {
        return Ok((command.spawn().context("cannot start ulna")?, None));
    }
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let path = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes())).to_owned();
    // It is to be the child's controlling terminal, never this program's.
    let no_ctty = OFlags::NOCTTY.bits().cast_signed();
    let mut options = std::fs::File::options();
    let slave = options.read(true).write(true).custom_flags(no_ctty);
    let slave = slave.open(path)?;
    let mut setsid = Command::new("setsid");
    setsid.arg("--ctty").arg(command.get_program());
    setsid.args(command.get_args());
    setsid
        .stdin(Stdio::from(slave.try_clone()?))
        .stdout(Stdio::from(slave.try_clone()?))
        .stderr(Stdio::from(slave));
    let child = setsid.spawn().context("cannot start setsid")?;
    Ok((child, Some(master)))
}

/// Does it; gives when the end was asked for.
fn act(way: Way, child: &Child, terminal: Option<OwnedFd>, pause: Duration) -> Result<Instant> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.context("no process")?;
    // A recording that has given up is gone.
    let send = |signal| {
        let _ = kill_process(pid, signal);
    };
    let now = Instant::now();
    match way {
        Way::Pause => {
            send(Signal::STOP);
            sleep(pause);
            send(Signal::CONT);
            sleep(AFTERWARDS);
            let now = Instant::now();
            send(Signal::TERM);
            return Ok(now);
        }
        Way::HangUp => {
            send(Signal::HUP);
            sleep(Duration::from_millis(100));
            send(Signal::HUP);
        }
        Way::Terminal => drop(terminal),
    }
    Ok(now)
}

fn end_of(child: &mut Child) -> Result<Option<i32>> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        sleep(Duration::from_millis(10));
    }
    child.kill()?;
    child.wait()?;
    bail!("it had not ended after {} s", PATIENCE.as_secs())
}
