//! Clocks and memory of this process, as the operating system counts them.

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time of all threads of this process.
pub(crate) fn process_cpu() -> Duration {
    of(ClockId::ProcessCPUTime)
}

/// CPU time of the current thread.
pub(crate) fn thread_cpu() -> Duration {
    of(ClockId::ThreadCPUTime)
}

fn of(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// CPU time of this process and of its children that have ended, where the system counts them.
pub(crate) fn family_cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the command's name, which may hold anything, the children's times are fields 14 and 15 (proc(5)), in hundredths.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let hundredths = fields.split(' ').skip(13).take(2);
    let children: u64 = hundredths
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    process_cpu() + Duration::from_millis(10 * children)
}

/// Resets the peak of this process's memory, where the system can.
pub(crate) fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The peak of this process's memory, MB.
pub(crate) fn peak_memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1e3
}
