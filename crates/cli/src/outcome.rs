//! How a command ended.

use std::fmt;

/// How a command ended, if it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It did what was asked.
    Done,
    /// It ended cleanly because it was interrupted.
    Interrupted,
    /// It did what was asked, and its checks failed; the findings are printed.
    ChecksFailed,
}

impl Outcome {
    /// As it ended.
    pub(crate) fn from_interrupt(interrupted: bool) -> Self {
        if interrupted {
            Self::Interrupted
        } else {
            Self::Done
        }
    }
}

/// Wrong usage that only this program can see, in words: exit code 2.
#[derive(Debug)]
pub(crate) struct Misuse(pub(crate) String);

/// The user ended the command at a question of this program's, in words: exit code 130.
#[derive(Debug)]
pub(crate) struct Declined(pub(crate) String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}
impl std::error::Error for Declined {}
