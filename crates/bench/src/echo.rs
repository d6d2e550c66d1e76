//! The floor of every bench on a pty: as many bytes out and back as a control cycle has, with nothing but the operating system
//! between.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use crate::meters::thread_cpu;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// Bytes of a cycle's request and of its answers.
pub(crate) const REQUEST: usize = 40;
pub(crate) const ANSWER: usize = 48;

/// Round-trip times of a bare pty echo, and what they cost the caller.
pub(crate) struct Echo {
    /// Each round trip, sorted.
    pub(crate) times: Vec<Duration>,
    /// Computing time of the calling thread in each round trip, on average.
    pub(crate) cpu: Duration,
}

/// Sends 40 bytes and waits for 48, `count` times; another thread answers as soon as it has them.
pub(crate) fn measure(count: usize) -> io::Result<Echo> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let slave = rustix::fs::open(
        ptsname(&master, Vec::new())?,
        OFlags::RDWR | OFlags::NOCTTY,
        Mode::empty(),
    )?;
    let mut settings = tcgetattr(&slave)?;
    settings.make_raw();
    tcsetattr(&slave, OptionalActions::Now, &settings)?;
    let answerer = thread::Builder::new()
        .name("ulna-echo".to_owned())
        .spawn(move || {
            for _ in 0..count {
                receive(&master, REQUEST)?;
                rustix::io::write(&master, &[0x55; ANSWER])?;
            }
            Ok::<OwnedFd, io::Error>(master)
        })?;
    let mut times = Vec::with_capacity(count);
    let before = thread_cpu();
    for _ in 0..count {
        let start = Instant::now();
        rustix::io::write(&slave, &[0xAA; REQUEST])?;
        receive(&slave, ANSWER)?;
        times.push(start.elapsed());
    }
    let cpu = (thread_cpu() - before) / u32::try_from(count).unwrap_or(u32::MAX);
    answerer
        .join()
        .map_err(|_| io::Error::other("the echo thread failed"))??;
    times.sort();
    Ok(Echo { times, cpu })
}

fn receive(fd: impl AsFd, count: usize) -> io::Result<()> {
    let mut buffer = [0; 64];
    let mut got = 0;
    while got < count {
        poll(&mut [PollFd::new(&fd, PollFlags::IN)], None)?;
        got += rustix::io::read(&fd, &mut buffer)?;
    }
    Ok(())
}
