//! Pull the plug, for real: `ulna` is killed at random instants while it records, edits and repairs. What is left must
//! repair to every saved episode and all but the last second of the running one, and Python LeRobot must open it. Or it is
//! stopped: it stands still for a while, is hung up on, or its terminal closes; then it has to end by itself, with the same left.
//!
//! The order in which a disk may lose what was not synced is the business of the simulated power cuts among crate
//! `dataset`'s tests; here processes die, and files stay as the system has them.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context, Result};

use super::environment::python_script;
use super::report::{Outcome, Report};

mod editing;
mod files;
mod left;
mod load;
mod process;
mod recording;
mod starving;
mod stopping;

use editing::Bench;
use left::Left;
use load::Load;
use process::Ulna;
use stopping::{Stopped, Way};

/// How often what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Recordings are killed.
    pub(super) kills: usize,
    /// Recordings are stopped.
    pub(super) stops: usize,
    /// Threads that keep the computer busy meanwhile.
    pub(super) load: usize,
    /// The first of their seeds.
    pub(super) seed: usize,
}

/// By default.
pub(super) const USUAL: Plan = Plan {
    kills: 20,
    stops: 12,
    load: 0,
    seed: 0,
};
/// Kills of a recording for each kill of an edit.
const RECORDINGS_PER_EDIT: usize = 2;

/// Kills recordings and edits, then has LeRobot open what is left of each.
pub(super) fn check(
    report: &mut Report,
    root: &Path,
    python: Option<&Path>,
    plan: Plan,
) -> Result<()> {
    let Plan {
        kills,
        stops,
        load,
        seed,
    } = plan;
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let ulna = Ulna::built(root)?;
    let busy = Load::of(load);
    let mut left = Vec::new();
    if kills > 0 {
        left.extend(recordings(report, &ulna, scratch.path(), seed, kills)?);
        let edits = kills.div_ceil(RECORDINGS_PER_EDIT);
        left.extend(edited(report, &ulna, scratch.path(), seed, edits)?);
    }
    if stops > 0 {
        left.extend(stopped(report, &ulna, scratch.path(), seed, stops)?);
    }
    drop(busy);
    let Some(python) = python else {
        return Ok(());
    };
    report.section("Python LeRobot opens what the kills left")?;
    let list = scratch.path().join("left.txt");
    let lines: Vec<String> = left.iter().map(Left::line).collect();
    std::fs::write(&list, lines.concat())?;
    let mut script = python_script(root, scratch.path(), python, "open_datasets.py");
    report.lines_of(script.arg(&list))
}

fn recordings(
    report: &mut Report,
    ulna: &Ulna,
    scratch: &Path,
    seed: usize,
    kills: usize,
) -> Result<Vec<Left>> {
    report.section(&format!("`ulna record --sim`, killed {kills} times"))?;
    let tried = in_parallel(kills, |kill| {
        recording::kill(ulna, &scratch.join(format!("record-{kill}")), seed + kill)
    });
    let (killed, failed) = report_failures(report, tried)?;
    let sum = |of: &dyn Fn(&recording::Killed) -> u64| killed.iter().map(of).sum::<u64>();
    let most = |starved: bool, of: &dyn Fn(&recording::Killed) -> u64| {
        let those = killed.iter().filter(|k| k.starved == starved);
        those.map(of).max().unwrap_or(0)
    };
    let none = killed.iter().filter(|k| k.dataset.is_none()).count();
    let saving = killed.iter().filter(|k| k.runs > 1).count();
    let figures = format!(
        "{} kills ({none} before there was a dataset, {saving} during a save), {} episodes saved before, all there; \
         {} rows of running ones in journals, {} of them recovered; lost at most {} rows of a journal \
         and {} rows of the time recorded; {} repairs killed on the way",
        killed.len(),
        sum(&|k| k.saved),
        sum(&|k| k.journalled),
        sum(&|k| k.recovered),
        most(false, &|k| k.lost_of_journal),
        most(false, &|k| k.lost_of_time),
        sum(&|k| k.repairs_killed),
    );
    report.line(
        passed_if(failed == 0),
        "killed recordings are repaired",
        &figures,
    )?;
    let starved = sum(&|k| u64::from(k.starved));
    if starved > 0 {
        let figures = format!(
            "before {starved} of the kills ulna had waited for a processor; they lost at most {} rows of a journal and {} \
             rows of the time recorded, and {} recordings had given up by themselves",
            most(true, &|k| k.lost_of_journal),
            most(true, &|k| k.lost_of_time),
            sum(&|k| u64::from(k.gave_up)),
        );
        report.line(
            Outcome::Passed,
            "the last second on a busy computer",
            &figures,
        )?;
    }
    let left = killed.into_iter().filter_map(|killed| {
        let (dataset, lengths) = (killed.dataset?, killed.lengths);
        // LeRobot opens no dataset without an episode, its own included.
        (!lengths.is_empty()).then_some(Left { dataset, lengths })
    });
    Ok(left.collect())
}

fn stopped(
    report: &mut Report,
    ulna: &Ulna,
    scratch: &Path,
    seed: usize,
    stops: usize,
) -> Result<Vec<Left>> {
    report.section(&format!("`ulna record --sim`, stopped {stops} times"))?;
    let tried = in_parallel(stops, |stop| {
        stopping::stop(ulna, &scratch.join(format!("stop-{stop}")), seed + stop)
    });
    let (stopped, failed) = report_failures(report, tried)?;
    let of = |way: Way| stopped.iter().filter(move |stop| stop.way == way);
    let slowest = |way: Way| {
        let times = of(way).map(|stop| stop.ended_after.as_secs_f64());
        format!("{:.1} s", times.fold(0.0, f64::max))
    };
    let figures = format!(
        "{} pauses (ended within {} of SIGTERM), {} times SIGHUP (within {}), {} closed terminals (within {}); {} episodes saved before, all \
         there; lost at most {} rows of the time recorded; nothing was left to repair; {} recordings had given up by themselves",
        of(Way::Pause).count(),
        slowest(Way::Pause),
        of(Way::HangUp).count(),
        slowest(Way::HangUp),
        of(Way::Terminal).count(),
        slowest(Way::Terminal),
        stopped.iter().map(|stop| stop.saved).sum::<u64>(),
        stopped
            .iter()
            .map(|stop| stop.lost_of_time)
            .max()
            .unwrap_or(0),
        stopped.iter().filter(|stop| stop.gave_up).count(),
    );
    report.line(
        passed_if(failed == 0),
        "stopped recordings end and keep what they had",
        &figures,
    )?;
    let left = stopped.into_iter().filter_map(|stop: Stopped| {
        let (dataset, lengths) = (stop.dataset?, stop.lengths);
        (!lengths.is_empty()).then_some(Left { dataset, lengths })
    });
    Ok(left.collect())
}

fn edited(
    report: &mut Report,
    ulna: &Ulna,
    scratch: &Path,
    seed: usize,
    kills: usize,
) -> Result<Vec<Left>> {
    report.section(&format!("`ulna dataset` tools, killed {kills} times"))?;
    let bench = match Bench::prepare(ulna, scratch) {
        Ok(bench) => bench,
        Err(error) => {
            report.line(Outcome::Failed, "the tools", &format!("{error:#}"))?;
            return Ok(Vec::new());
        }
    };
    let tried = in_parallel(kills, |kill| bench.kill(ulna, seed + kill));
    let (killed, failed) = report_failures(report, tried)?;
    let count = |what: editing::Found| killed.iter().filter(|k| k.found == what).count();
    let figures = format!(
        "{} kills of {}: the old dataset {} times, the new one {} times, none yet {} times; {} repairs killed on the way",
        killed.len(),
        bench.tools(),
        count(editing::Found::Old),
        count(editing::Found::New),
        count(editing::Found::Nothing),
        killed.iter().map(|k| k.repairs_killed).sum::<u64>(),
    );
    report.line(
        passed_if(failed == 0),
        "killed edits leave the old or the new",
        &figures,
    )?;
    let left = killed.into_iter().filter_map(|killed| killed.left);
    Ok(left.collect())
}

fn passed_if(good: bool) -> Outcome {
    match good {
        true => Outcome::Passed,
        false => Outcome::Failed,
    }
}

/// A line for each that failed; gives the others, and how many failed.
fn report_failures<T>(report: &mut Report, tried: Vec<Result<T>>) -> Result<(Vec<T>, usize)> {
    let mut good = Vec::new();
    let mut failed = 0;
    for (kill, outcome) in tried.into_iter().enumerate() {
        match outcome {
            Ok(killed) => good.push(killed),
            Err(error) => {
                failed += 1;
                report.line(
                    Outcome::Failed,
                    &format!("kill {kill}"),
                    &format!("{error:#}"),
                )?;
            }
        }
    }
    Ok((good, failed))
}

/// Does each of `0..count`, as many at a time as there are processors.
fn in_parallel<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    let lock = || -> MutexGuard<'_, Vec<(usize, T)>> {
        done.lock().unwrap_or_else(PoisonError::into_inner)
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers.min(count) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        break;
                    }
                    let result = work(at);
                    lock().push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once_and_in_order() {
        assert_eq!(
            in_parallel(50, |at| at * 2),
            (0..50).map(|at| at * 2).collect::<Vec<_>>()
        );
        assert!(in_parallel(0, |at| at).is_empty());
    }
}
