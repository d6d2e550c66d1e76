//! Whether a process gets its share of the processors. Encoders give way to everything else on the computer, so while other
//! programs keep it busy, pictures wait in memory, and a kill takes them along.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::time::{Duration, Instant};

/// How far one looks back.
const SPAN: Duration = Duration::from_secs(2);
/// How long a thread may wait in that time.
const LIMIT: Duration = Duration::from_millis(300);
/// How often one looks.
const EVERY: Duration = Duration::from_millis(100);

/// What the threads of a process have waited for.
#[derive(Debug, Default)]
pub(super) struct Starving(VecDeque<(Instant, BTreeMap<String, Duration>)>);

impl Starving {
    /// Notes how long each thread has waited so far.
    pub(super) fn look(&mut self, process: u32) {
        let now = Instant::now();
        if self.0.back().is_some_and(|(then, _)| now - *then < EVERY) {
            return;
        }
        self.0.push_back((now, waited(process)));
        while self.0.front().is_some_and(|(then, _)| now - *then > SPAN) {
            self.0.pop_front();
        }
    }

    /// Whether a thread has waited for a processor for too much of the last moments.
    pub(super) fn is_starved(&self) -> bool {
        let (Some((_, first)), Some((_, last))) = (self.0.front(), self.0.back()) else {
            return false;
        };
        last.iter().any(|(thread, waited)| {
            let before = first.get(thread).copied().unwrap_or_default();
            waited.saturating_sub(before) > LIMIT
        })
    }
}

/// The time that each thread has waited for a processor, on Linux, which reports it.
fn waited(process: u32) -> BTreeMap<String, Duration> {
    let threads = fs::read_dir(format!("/proc/{process}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let waited = threads.filter_map(|thread| {
        let schedstat = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        let nanoseconds = schedstat.split_whitespace().nth(1)?.parse().ok()?;
        let name = thread.file_name().to_string_lossy().into_owned();
        Some((name, Duration::from_nanos(nanoseconds)))
    });
    waited.collect()
}
