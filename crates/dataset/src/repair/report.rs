//! What a repair did, and what it could not decide.

/// What [`repair`](crate::repair) did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairReport {
    /// One sentence per thing done, in order. Empty when nothing was wrong.
    pub actions: Vec<String>,
    /// The numbers of the episodes that are saved now and were not before, with their frames.
    pub recovered: Vec<(u64, usize)>,
    /// Things that repair cannot decide, each with its reason; they are left as they were.
    pub left: Vec<String>,
}
