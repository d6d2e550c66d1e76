//! Memory over time: sessions of an hour's worth on the virtual clock, and of some minutes in real time, with and without a
//! display. A session's memory is flat once it runs; one that grows for as long as it lasts fails.

#![allow(clippy::print_stdout)] // a chore prints its answer

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::command::built_ulna;

/// Minutes in real time by default.
const MINUTES: f64 = 10.0;
/// Seconds on the virtual clock by default: an hour.
const VIRTUAL: u64 = 3600;
/// Growth from the middle of a session to its end that counts as flat, MB: allocators and page tables move by that much.
const FLAT: f64 = 3.0;
/// Growth in a second that does, MB, so that a long session is not judged more strictly than a short one.
const FLAT_A_SECOND: f64 = 0.005;
/// From one look to the next.
const EVERY: Duration = Duration::from_secs(2);
/// Looks that are printed.
const PRINTED: usize = 10;

/// One session, whose memory is watched.
struct Session {
    name: &'static str,
    words: Vec<String>,
    /// How long it lasts; until it ends by itself if absent.
    lasts: Option<Duration>,
}

/// Runs all of them, one after the other.
pub(crate) fn run(root: &Path, mut words: impl Iterator<Item = String>) -> Result<ExitCode> {
    let (mut minutes, mut seconds) = (MINUTES, VIRTUAL);
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_default();
        match word.as_str() {
            "--minutes" => minutes = value.parse().context("--minutes is not a number")?,
            "--virtual" => {
                seconds = value
                    .parse()
                    .context("--virtual is not a number of seconds")?;
            }
            _ => bail!("usage: cargo run -p xtask -- soak [--minutes N] [--virtual SECONDS]"),
        }
    }
    let ulna = built_ulna(root)?;
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let mut grown = Vec::new();
    for session in sessions(scratch.path(), minutes, seconds) {
        if let Err(error) = watch(&ulna, scratch.path(), &session) {
            println!("  FAILED  {error:#}");
            grown.push(session.name);
        }
    }
    match grown.as_slice() {
        [] => println!("\nthe memory of every session was flat"),
        names => println!("\nnot flat: {}", names.join("; ")),
    }
    Ok(match grown.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn sessions(scratch: &Path, minutes: f64, seconds: u64) -> Vec<Session> {
    let path = |name: &str| scratch.join(name).display().to_string();
    let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
    let lasts = Some(Duration::from_secs_f64(minutes * 60.0));
    let mut sessions = Vec::new();
    if seconds > 0 {
        let teleop = format!("teleop --sim --lockstep --duration {seconds}");
        let record = format!(
            "record --sim --lockstep --task soak --camera-size 64x48 --episode-time 60 --reset-time 1 --episodes {}",
            seconds.div_ceil(61)
        );
        let shown = [
            words(&teleop),
            words("--display"),
            vec![path("virtual.rrd")],
        ]
        .concat();
        let recorded = [words(&record), words("--dataset"), vec![path("virtual")]].concat();
        sessions.extend([
            ("teleop on the virtual clock", words(&teleop)),
            ("teleop with a display on the virtual clock", shown),
            ("record on the virtual clock", recorded),
        ]);
    }
    let mut sessions: Vec<Session> = sessions
        .into_iter()
        .map(|(name, words)| Session {
            name,
            words,
            lasts: None,
        })
        .collect();
    if minutes > 0.0 {
        let teleop = words("teleop --sim --display");
        let record = words(
            "record --sim --task soak --episode-time 20 --reset-time 1 --episodes 100000 --display",
        );
        let real = [
            (
                "teleop with a display",
                [teleop, vec![path("teleop.rrd")]].concat(),
            ),
            (
                "record of two cameras of 640x480 with a display",
                [
                    record,
                    vec![path("record.rrd")],
                    words("--dataset"),
                    vec![path("real")],
                ]
                .concat(),
            ),
        ];
        sessions.extend(real.map(|(name, words)| Session { name, words, lasts }));
    }
    sessions
}

/// Runs a session and judges its memory.
fn watch(ulna: &Path, scratch: &Path, session: &Session) -> Result<()> {
    println!("\n{}: ulna {}", session.name, session.words.join(" "));
    let said = scratch.join("said");
    let mut child = Command::new(ulna)
        .args(&session.words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&said)?)
        .spawn()
        .context("cannot start ulna")?;
    let samples = samples(&mut child, session.lasts)?;
    let code = child.wait()?.code();
    ensure!(
        matches!(code, Some(0 | 130)),
        "it ended with {code:?}: {}",
        std::fs::read_to_string(&said)?.trim()
    );
    print(&samples);
    let (growth, span) = growth(&samples).context("it was over too soon to say anything")?;
    let allowed = FLAT.max(FLAT_A_SECOND * span);
    ensure!(
        growth <= allowed,
        "it grew by {growth:.1} MB in the last {span:.0} s; {allowed:.1} MB would be flat"
    );
    println!("  passed  it grew by {growth:.1} MB in the last {span:.0} s");
    Ok(())
}

/// Seconds since the start, and MB of the process's own memory.
type Sample = (f64, f64);

fn samples(child: &mut Child, lasts: Option<Duration>) -> Result<Vec<Sample>> {
    let begun = Instant::now();
    let mut samples = Vec::new();
    while child.try_wait()?.is_none() {
        sleep(EVERY);
        let now = begun.elapsed();
        // What comes from files can be dropped at any time, so it is no growth.
        samples.extend(own_memory(child.id()).map(|mb| (now.as_secs_f64(), mb)));
        if lasts.is_some_and(|lasts| now > lasts) {
            let pid = child.id().to_string();
            Command::new("kill").args(["-INT", &pid]).status()?;
            // The arm is parked, the last episode saved: no part of the session that is judged.
            child.wait()?;
        }
    }
    Ok(samples)
}

fn own_memory(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// From the second quarter of a session to the last: how much its lowest memory grew, and over which time. The lowest, since what an episode
/// takes until it is saved comes and goes.
fn growth(samples: &[Sample]) -> Option<(f64, f64)> {
    let quarter = samples.len() / 4;
    if quarter == 0 {
        return None;
    }
    let (middle, last) = (
        &samples[quarter..2 * quarter],
        &samples[samples.len() - quarter..],
    );
    let lowest = |part: &[Sample]| part.iter().map(|(_, mb)| *mb).fold(f64::INFINITY, f64::min);
    let span = last.first()?.0 - middle.first()?.0;
    Some((lowest(last) - lowest(middle), span))
}

fn print(samples: &[Sample]) {
    let step = samples.len().div_ceil(PRINTED).max(1);
    let shown = samples.iter().step_by(step).chain(samples.last());
    let shown = shown.map(|(at, mb)| format!("{at:.0} s {mb:.1}"));
    println!("  MB: {}", shown.collect::<Vec<_>>().join(", "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_for_as_long_as_it_lasts_differs_from_what_comes_and_goes() {
        let samples = |mb: fn(f64) -> f64| -> Vec<Sample> {
            let times = (0..100).map(|n| f64::from(n) * 2.0);
            times.map(|at| (at, mb(at))).collect()
        };
        let grown = |mb| growth(&samples(mb)).unwrap().0;
        // The second quarter begins 100 s before the last one.
        assert!((grown(|at| 40.0 + 0.1 * at) - 10.0).abs() < 0.01);
        assert!(grown(|at| 40.0 + at % 20.0) < 1.0);
        assert!(grown(|at| 40.0 + at.min(30.0)) < 1.0);
        assert_eq!(growth(&samples(|_| 1.0)[..3]), None);
    }
}
