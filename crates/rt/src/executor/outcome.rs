//! What comes of a run.

use std::fmt;
use std::io;

/// What a run came to.
#[derive(Debug)]
pub struct Executed<T> {
    /// What the control loop returned.
    pub outcome: T,
    /// The names of the tasks that panicked, in the order of the list. What they panicked with is on stderr.
    pub panicked: Vec<String>,
}

/// Why there is no outcome.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExecutorError {
    /// The operating system gave no thread; nothing has run on the control thread.
    NoThread {
        /// The thread's name.
        name: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The control loop panicked, and its message is on stderr. The awaited tasks have finished all the same.
    ControlPanicked,
}

impl fmt::Display for ExecutorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoThread { name, source } => {
                write!(f, "cannot start the thread {name}: {source}")
            }
            Self::ControlPanicked => f.write_str("the control thread failed (see above)"),
        }
    }
}

impl std::error::Error for ExecutorError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoThread { source, .. } => Some(source),
            Self::ControlPanicked => None,
        }
    }
}
