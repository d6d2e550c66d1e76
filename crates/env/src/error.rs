//! Why there are no environments.

use std::io;
use std::path::PathBuf;

use ulna_outside::Printable;
use ulna_session::SessionError;

/// Why environments are not served, or no more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvError {
    /// They cannot be set up.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Pictures that do not go into one reply.
    #[error(
        "{count} environments with {cameras} cameras fill {mib} MiB a step, and a reply has {most} at most: take fewer of them, or smaller pictures"
    )]
    TooMuch {
        /// Environments.
        count: usize,
        /// Cameras of each.
        cameras: usize,
        /// What that comes to.
        mib: u64,
        /// What a reply may have.
        most: u64,
    },
    /// The socket cannot be made.
    #[error("--socket {}: {source}{hint}", Printable(path.display()))]
    Socket {
        /// Its path.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// Standard input is no socket.
    #[error(
        "--on-stdin: standard input is no socket; a program that starts this one gives it one end of a pair of sockets (Python: socket.socketpair)"
    )]
    NoSocket,
    /// The operating system refused something else.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What it said.
        source: io::Error,
    },
}

impl EnvError {
    /// Whether the command was called wrongly: exit code 2.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Session(error) => error.is_usage(),
            Self::TooMuch { .. } | Self::NoSocket => true,
            Self::Socket { .. } | Self::System { .. } => false,
        }
    }
}
