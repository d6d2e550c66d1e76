//! A new pseudo-terminal, raw.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};
use rustix::pty::OpenptFlags;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::error::PtyError;

/// Both ends of a pseudo-terminal.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// Our end, which never blocks.
    pub(crate) controller: OwnedFd,
    /// The clients' end, held open while there is none.
    pub(crate) terminal: OwnedFd,
    /// The device that clients open.
    pub(crate) path: PathBuf,
    /// The terminal reports the rate that a client has set.
    pub(crate) follow_rate: bool,
}

impl Terminal {
    /// A terminal at `baud` bits per second for the bus `name`.
    pub(crate) fn open(name: &str, baud: u32) -> Result<Self, PtyError> {
        let failed = |step| {
            move |errno: rustix::io::Errno| PtyError::Open {
                name: name.into(),
                step,
                source: errno.into(),
            }
        };
        let controller = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)
            .map_err(failed("posix_openpt"))?;
        rustix::pty::grantpt(&controller).map_err(failed("grantpt"))?;
        rustix::pty::unlockpt(&controller).map_err(failed("unlockpt"))?;
        let path = rustix::pty::ptsname(&controller, Vec::new()).map_err(failed("ptsname"))?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = rustix::fs::open(&path, flags, Mode::empty())
            .map_err(failed("opening the terminal"))?;
        let mut settings = tcgetattr(&terminal).map_err(failed("tcgetattr"))?;
        settings.make_raw();
        // A system that knows no such rate for terminals cannot report a client's rate either.
        let follow_rate = settings.set_speed(baud).is_ok();
        tcsetattr(&terminal, OptionalActions::Now, &settings).map_err(failed("tcsetattr"))?;
        rustix::fs::fcntl_setfl(&controller, OFlags::NONBLOCK).map_err(failed("fcntl"))?;
        rustix::io::fcntl_setfd(&controller, rustix::io::FdFlags::CLOEXEC)
            .map_err(failed("fcntl"))?;
        Ok(Self {
            controller,
            terminal,
            path: PathBuf::from(OsString::from_vec(path.into_bytes())),
            follow_rate,
        })
    }
}
