//! What can be wrong with a rig's file, or its name.

use std::path::PathBuf;

use ulna_outside::{Printable, Shell};

/// What is wrong with a rig's file, or its name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RigUsage {
    /// A name that is none.
    #[error(
        "`{}` cannot be a rig's name: {problem}; use letters, digits, `-` and `_`",
        Printable(rig)
    )]
    Name {
        /// What was asked for.
        rig: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is none of that name.
    #[error(
        "there is no rig `{0}`{hint}; {there}. `ulna rig new {1}` makes it",
        Printable(rig),
        Shell(rig)
    )]
    Unknown {
        /// What was asked for.
        rig: String,
        /// What may have been meant.
        hint: String,
        /// Which there are.
        there: String,
    },
    /// Its file is not one.
    #[error("rig file {}: {problem}", Printable(path.display()))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and in which line.
        problem: String,
    },
    /// There is one already.
    #[error(
        "the rig `{0}` is there already: `ulna rig show {1}` prints it, --replace overwrites it",
        Printable(rig),
        Shell(rig)
    )]
    Taken {
        /// Its name.
        rig: String,
    },
}
