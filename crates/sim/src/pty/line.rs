//! The thread between the terminal and the bus.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io::PipeReader;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::tcgetattr;
use rustix::time::{ClockId, clock_gettime};

use crate::bus::ServoBus;
use crate::plant::Plant;
use crate::pty::error::PtyError;
use crate::pty::stats::Shared;
use crate::wire::CAPACITY;

/// Bytes that are due within this time of each other go to the client together.
const PACE: Duration = Duration::from_micros(100);
/// How often the mechanics move on while no client writes, so that no request has to wait for a long stretch of them.
const IDLE: Duration = Duration::from_millis(5);

/// Everything that the thread owns.
pub(super) struct BusThread<P> {
    pub(super) name: String,
    pub(super) bus: ServoBus<P>,
    pub(super) controller: OwnedFd,
    /// Closed at the other end when the thread shall end.
    pub(super) stopped: PipeReader,
    pub(super) epoch: Instant,
    /// Whether the terminal reports the rate that a client has set.
    pub(super) follow_rate: bool,
    pub(super) shared: Arc<Shared>,
}

/// What a wait ended with.
enum Woken {
    ByTime,
    ByClient,
    ToStop,
}

impl<P: Plant> BusThread<P> {
    pub(super) fn run(mut self) -> Result<ServoBus<P>, PtyError> {
        // Not to be had everywhere; without it, waits end up to 50 µs later.
        #[cfg(target_os = "linux")]
        let _ = rustix::thread::set_current_timer_slack(core::num::NonZeroU64::new(1));
        // Real servos answer however busy the computer is; these need their turn on it. A refusal costs punctuality only.
        let _ = ulna_rt::priority::ask();
        let mut bytes = [0; CAPACITY / 4];
        let mut written = Duration::ZERO;
        let mut busy_since = None;
        loop {
            let now = self.epoch.elapsed();
            let count = self.bus.host_reads(now, &mut bytes);
            if count > 0 {
                self.write(&bytes[..count])?;
                written = now;
            }
            let deadline = self.bus.deadline();
            if deadline == Duration::MAX
                && let Some(since) = busy_since.take()
            {
                add(&self.shared.exchanges, 1);
                add(
                    &self.shared.busy_ns,
                    nanos(self.epoch.elapsed().saturating_sub(since)),
                );
            }
            let cpu = clock_gettime(ClockId::ThreadCPUTime);
            let cpu = Duration::try_from(cpu).unwrap_or_default();
            self.shared.cpu_ns.store(nanos(cpu), Ordering::Relaxed);

            let group_end = self
                .bus
                .deliveries()
                .map(|on_their_way| on_their_way.last.min(written + PACE));
            let wake = deadline.max(group_end.unwrap_or_default());
            match self.wait(wake.saturating_sub(self.epoch.elapsed()).min(IDLE))? {
                Woken::ByTime => {}
                Woken::ToStop => return Ok(self.bus),
                Woken::ByClient => {
                    let count = self.read(&mut bytes)?;
                    let now = self.epoch.elapsed();
                    self.follow_rate(now);
                    self.bus.host_writes(now, &bytes[..count]);
                    busy_since = busy_since.or((count > 0).then_some(now));
                }
            }
        }
    }

    /// Sleeps for `time` at most.
    fn wait(&self, time: Duration) -> Result<Woken, PtyError> {
        // A client that writes faster than the wire carries has to wait.
        let room = self.bus.unsent() < CAPACITY / 2;
        let client = if room {
            PollFlags::IN
        } else {
            PollFlags::empty()
        };
        let mut waits = [
            PollFd::new(&self.stopped, PollFlags::IN),
            PollFd::new(&self.controller, client),
        ];
        let timeout = Timespec::try_from(time).ok();
        match poll(&mut waits, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(self.lost("poll", errno)),
        }
        let [stopped, client] = waits.map(|wait| wait.revents());
        Ok(if !stopped.is_empty() {
            Woken::ToStop
        } else if client.contains(PollFlags::IN) {
            Woken::ByClient
        } else {
            Woken::ByTime
        })
    }

    fn read(&self, bytes: &mut [u8]) -> Result<usize, PtyError> {
        match rustix::io::read(&self.controller, bytes) {
            Ok(count) => {
                add(&self.shared.bytes_in, count as u64);
                Ok(count)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(errno) => Err(self.lost("reading", errno)),
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<(), PtyError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match rustix::io::write(&self.controller, rest) {
                Ok(count) => {
                    add(&self.shared.bytes_out, count as u64);
                    rest = &rest[count..];
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    add(&self.shared.bytes_lost, rest.len() as u64);
                    break;
                }
                Err(errno) => return Err(self.lost("writing", errno)),
            }
        }
        Ok(())
    }

    /// The client may have set another rate since it wrote last. A rate of 0 means that it has hung up.
    fn follow_rate(&mut self, now: Duration) {
        if !self.follow_rate {
            return;
        }
        if let Ok(settings) = tcgetattr(&self.controller) {
            let rate = settings.output_speed();
            if rate != 0 && rate != self.bus.options().baud {
                self.bus.set_baud(now, rate);
            }
        }
    }

    fn lost(&self, step: &'static str, errno: Errno) -> PtyError {
        PtyError::Lost {
            name: self.name.clone(),
            step,
            source: errno.into(),
        }
    }
}

/// Only this thread adds, so nothing gets lost between reading and writing.
fn add(figure: &AtomicU64, count: u64) {
    figure.fetch_add(count, Ordering::Relaxed);
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
