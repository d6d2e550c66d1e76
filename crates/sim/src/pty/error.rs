//! Why a bus is not on a pseudo-terminal.

use std::io;

/// Why a bus is not, or no longer, on its pseudo-terminal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PtyError {
    /// The system gave no terminal.
    #[error(
        "the simulated bus `{name}` got no pseudo-terminal: {step} failed; check that /dev/pts is mounted and not full"
    )]
    Open {
        /// The bus.
        name: String,
        /// What was tried.
        step: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The system gave no thread.
    #[error("the simulated bus `{name}` got no thread; check the limits of this user")]
    Thread {
        /// The bus.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The terminal failed while it was in use.
    #[error("the simulated bus `{name}` lost its pseudo-terminal: {step} failed; start it again")]
    Lost {
        /// The bus.
        name: String,
        /// What was tried.
        step: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The thread ended in a panic.
    #[error(
        "the thread of the simulated bus `{name}` panicked; the message is on stderr, please report it"
    )]
    Panicked {
        /// The bus.
        name: String,
    },
}
