//! A board in real time, its two USB ports on pseudo-terminals.

use core::time::Duration;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::tcgetattr;
use ulna_drivers::Port;

use super::{PACKET, SoftBoard};
use crate::pty::{PtyError, Terminal};

/// How often the mechanics move on while nothing else happens.
const IDLE: Duration = Duration::from_millis(5);

/// A [`SoftBoard`] that clients reach through two terminal devices. Dropping it ends its thread.
#[derive(Debug)]
pub struct PtyBoard {
    framed: PathBuf,
    raw: PathBuf,
    /// The clients' ends, held open while there is no client.
    _terminals: [OwnedFd; 2],
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl PtyBoard {
    /// Puts `board` on two new terminals; its times count from `epoch`. The thread is called `name` (systems show 15 bytes of it).
    ///
    /// # Errors
    /// [`PtyError`], if the system gives no terminal or no thread.
    pub fn spawn<B: Port + 'static>(
        board: SoftBoard<B>,
        name: &str,
        baud: u32,
        epoch: Instant,
    ) -> Result<Self, PtyError> {
        let framed = Terminal::open(name, baud)?;
        let raw = Terminal::open(name, baud)?;
        let no_thread = |source| PtyError::Thread {
            name: name.into(),
            source,
        };
        let (stopped, stop) = io::pipe().map_err(no_thread)?;
        let thread = BoardThread {
            board,
            framed: framed.controller,
            raw: raw.controller,
            follow_rate: raw.follow_rate,
            raw_baud: baud,
            stopped,
            epoch,
        };
        let builder = std::thread::Builder::new().name(name.into());
        let thread = builder.spawn(move || thread.run()).map_err(no_thread)?;
        Ok(Self {
            framed: framed.path,
            raw: raw.path,
            _terminals: [framed.terminal, raw.terminal],
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The device of the framed port.
    pub fn framed(&self) -> &Path {
        &self.framed
    }

    /// The device of the raw port.
    pub fn raw(&self) -> &Path {
        &self.raw
    }

    /// Whether the thread still serves clients.
    pub fn is_running(&self) -> bool {
        let thread = self.thread.as_ref();
        thread.is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for PtyBoard {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic has said so on stderr.
            let _ = thread.join();
        }
    }
}

struct BoardThread<B> {
    board: SoftBoard<B>,
    framed: OwnedFd,
    raw: OwnedFd,
    follow_rate: bool,
    raw_baud: u32,
    stopped: PipeReader,
    epoch: Instant,
}

/// What a wait ended with.
struct Woken {
    to_stop: bool,
    framed: bool,
    raw: bool,
}

impl<B: Port> BoardThread<B> {
    fn run(mut self) {
        #[cfg(target_os = "linux")]
        let _ = rustix::thread::set_current_timer_slack(core::num::NonZeroU64::new(1));
        // A microcontroller has its processor for itself. A refusal costs punctuality only.
        let _ = ulna_rt::priority::ask();
        let mut bytes = [0; 4096];
        loop {
            let now = self.epoch.elapsed();
            let count = self.board.host_reads(now, &mut bytes);
            send(&self.framed, &bytes[..count]);
            let count = self.board.raw_reads(now, &mut bytes);
            send(&self.raw, &bytes[..count]);
            let wake = self.board.deadline().saturating_sub(self.epoch.elapsed());
            let Some(woken) = self.wait(wake.min(IDLE)) else {
                return;
            };
            if woken.to_stop {
                return;
            }
            let now = self.epoch.elapsed();
            if woken.framed {
                let count = receive(&self.framed, &mut bytes[..PACKET]);
                self.board.host_writes(now, &bytes[..count]);
            }
            if woken.raw {
                self.follow_rate(now);
                let count = receive(&self.raw, &mut bytes[..PACKET]);
                self.board.raw_writes(now, &bytes[..count]);
            }
        }
    }

    fn wait(&self, time: Duration) -> Option<Woken> {
        let mut waits = [
            PollFd::new(&self.stopped, PollFlags::IN),
            PollFd::new(&self.framed, PollFlags::IN),
            PollFd::new(&self.raw, PollFlags::IN),
        ];
        let timeout = Timespec::try_from(time).ok();
        match poll(&mut waits, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return None,
        }
        let [stopped, framed, raw] = waits.map(|wait| wait.revents());
        Some(Woken {
            to_stop: !stopped.is_empty(),
            framed: framed.contains(PollFlags::IN),
            raw: raw.contains(PollFlags::IN),
        })
    }

    /// The raw port's client may have set another rate. A rate of 0 means that it has hung up.
    fn follow_rate(&mut self, now: Duration) {
        let settings = self.follow_rate.then(|| tcgetattr(&self.raw));
        if let Some(Ok(settings)) = settings {
            let baud = settings.output_speed();
            if baud != 0 && baud != self.raw_baud {
                self.raw_baud = baud;
                self.board.raw_sets_baud(now, baud);
            }
        }
    }
}

fn receive(from: &OwnedFd, into: &mut [u8]) -> usize {
    // Without a client there is nothing to read, and one may come again.
    rustix::io::read(from, into).unwrap_or(0)
}

/// A client that reads nothing loses bytes, as at a serial port whose buffer is full.
fn send(to: &OwnedFd, bytes: &[u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        match rustix::io::write(to, rest) {
            Ok(count) => rest = &rest[count..],
            Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}
