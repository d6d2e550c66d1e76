//! What the operating system gives: scheduling, timers, disks.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use ulna_rt::{Distribution, Pacer, RealClock, RealPacer, priority};

use crate::doctor::check::Check;

/// The control loop's own rhythm, and for how many ticks it is tried.
const PERIOD: Duration = Duration::from_millis(5);
const TICKS: u32 = 200;
/// Ticks that are later than this in one case of a hundred are noticed in recordings, µs.
const LATE: f64 = 1000.0;
/// Room for datasets: a minute of two cameras is some tens of megabytes. Bytes.
const LITTLE: u64 = 10 << 30;
const TOO_LITTLE: u64 = 1 << 30;
/// What is written to try the disk, bytes, and how long that may take.
const PROBE: usize = 16 << 20;
const SLOW: Duration = Duration::from_secs(2);

pub(super) fn checks() -> Vec<Check> {
    let mut checks = Vec::new();
    // On a thread of its own, which ends with its privileges.
    match std::thread::spawn(scheduling).join() {
        Ok(made) => checks.extend(made),
        Err(_) => checks.push(Check::fail(
            "scheduling",
            "the trial thread failed",
            "this is a fault of ulna: please report it",
        )),
    }
    checks.push(disk(Path::new(".")));
    checks
}

fn scheduling() -> [Check; 2] {
    let grant = priority::ask();
    let scheduling = match (grant.real_time, grant.memory_locked) {
        (true, true) => Check::ok("real-time scheduling", "granted, memory locked"),
        (true, false) => Check::ok(
            "real-time scheduling",
            "granted; memory could not be locked",
        ),
        (false, _) => Check::warn(
            "real-time scheduling",
            "not granted: the control loop shares the CPU with everything else, and ticks come late when the computer is busy",
            "as root, put `@dialout - rtprio 50` and `@dialout - memlock unlimited` into /etc/security/limits.d/ulna.conf (dialout or another \
             group of yours), then log in again",
        ),
    };
    let mut pacer = RealPacer::new(RealClock::start(), Vec::new());
    let mut lateness = Distribution::new();
    let start = pacer.now();
    for tick in 1..=TICKS {
        let due = start + PERIOD * tick;
        pacer.wait(due);
        lateness.record(pacer.now().saturating_sub(due));
    }
    let summary = lateness.summary();
    let found = format!(
        "{TICKS} ticks at 200 Hz came {:.0} µs late (median), {:.0} µs (99 of 100), {:.0} µs at most",
        summary.p50_us, summary.p99_us, summary.max_us
    );
    let clock = if summary.p99_us < LATE {
        Check::ok("clock", found)
    } else {
        Check::warn(
            "clock",
            found,
            "the computer is busy, saves power or is virtual: close other programs, and use a power profile for performance",
        )
    };
    [scheduling, clock]
}

fn disk(folder: &Path) -> Check {
    const NAME: &str = "disk";
    let here = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let free =
        rustix::fs::statvfs(&here).map_or(u64::MAX, |fs| fs.f_bavail.saturating_mul(fs.f_frsize));
    let gigabytes = free as f64 / f64::from(1 << 30);
    let took = match probe(&here) {
        Ok(took) => took,
        Err(error) => {
            return Check::warn(
                NAME,
                format!("{} cannot be written to: {error}", here.display()),
                "record to a folder of yours: `ulna record --dataset DIR`",
            );
        }
    };
    let found = format!(
        "{}: {gigabytes:.0} GB free, 16 MB written and synced in {} ms",
        here.display(),
        took.as_millis()
    );
    if free < TOO_LITTLE {
        return Check::fail(NAME, found, "make room before recording");
    }
    if free < LITTLE {
        return Check::warn(NAME, found, "make room before recording much");
    }
    if took > SLOW {
        return Check::warn(
            NAME,
            found,
            "a slow disk: pictures wait in memory while they are saved; record fewer cameras, or to another disk",
        );
    }
    Check::ok(NAME, found)
}

/// How long it takes until a file of [`PROBE`] bytes is on the disk.
fn probe(folder: &Path) -> std::io::Result<Duration> {
    let begun = Instant::now();
    let mut file = tempfile::Builder::new()
        .prefix(".ulna-doctor-")
        .tempfile_in(folder)?;
    file.write_all(&vec![0x5A; PROBE])?;
    file.as_file().sync_all()?;
    let took = begun.elapsed();
    file.close().map(|()| took)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::CheckVerdict;

    #[test]
    fn the_disk_is_tried_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let check = disk(folder.path());
        assert!(check.found.contains("GB free"), "{check:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let nowhere = disk(&folder.path().join("nowhere"));
        assert_eq!(nowhere.verdict, CheckVerdict::Warn, "{nowhere:?}");
    }
}
