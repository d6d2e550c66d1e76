//! How far a transaction has come.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing sent yet: answers to an earlier transaction may still come in.
    Settling,
    Listening,
    Done,
}
