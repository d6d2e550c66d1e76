//! What the operating system grants a control thread.

use serde::Serialize;
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
};
use thread_priority::{set_thread_priority_and_policy, thread_native_id};

/// What a control thread got; without a grant it works all the same, with more jitter on a busy machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Grant {
    /// The thread runs under SCHED_FIFO, ahead of every ordinary thread.
    pub real_time: bool,
    /// What the process had in memory by then cannot be paged out. (Not what comes later: under a memory limit that would make
    /// allocations of other threads fail.)
    pub memory_locked: bool,
}

/// SCHED_FIFO priority of a control thread: above ordinary threads, below the kernel's own (50).
const PRIORITY: u8 = 40;

/// Asks for real-time scheduling of the current thread and for locked memory.
pub fn ask() -> Grant {
    let priority = ThreadPriorityValue::try_from(PRIORITY).map(ThreadPriority::Crossplatform);
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let real_time = priority.is_ok_and(|priority| {
        set_thread_priority_and_policy(thread_native_id(), priority, policy).is_ok()
    });
    Grant {
        real_time,
        memory_locked: lock_memory(),
    }
}

#[cfg(target_os = "linux")]
fn lock_memory() -> bool {
    rustix::mm::mlockall(rustix::mm::MlockAllFlags::CURRENT).is_ok()
}

/// macOS cannot lock all that a process has.
#[cfg(not(target_os = "linux"))]
fn lock_memory() -> bool {
    false
}

/// How much later than others a thread that gives way is served, in steps of `nice`.
const GIVE_WAY: i32 = 19;
const STEP_BACK: i32 = 5;

/// Lets everything else on the computer go first, from now on: for rendering simulated pictures, of which some may be missing. Where
/// the system refuses, all threads have the same priority.
pub fn give_way() {
    nice(GIVE_WAY);
}

/// Lets the other threads of a session go first, but not everything on the computer: for encoders, whose queues must not grow
/// beyond what a crash may cost, and for displays, which people look at.
pub fn step_back() {
    nice(STEP_BACK);
}

/// On Linux this is about the calling thread alone.
#[cfg_attr(not(target_os = "linux"), allow(unused_variables))]
fn nice(steps: i32) {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, steps);
}
