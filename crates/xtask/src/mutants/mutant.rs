//! One mutant.

/// One change of the code.
#[derive(Debug, Clone)]
pub(super) struct Mutant {
    /// The place of its part in the configuration.
    pub(super) group: usize,
    pub(super) part: String,
    /// File, place and change.
    pub(super) name: String,
    /// File and change: what stays true when lines are added above.
    pub(super) title: String,
    /// The line that is changed, without the space around it.
    pub(super) line: String,
    pub(super) diff: String,
}
