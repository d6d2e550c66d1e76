//! How a command ended.

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
