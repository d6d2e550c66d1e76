//! What is wrong with a robot file.

use alloc::string::String;
use core::fmt;

use ulna_outside::Printable;

/// A robot file contradicts itself or asks for something impossible.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RobotFileError {
    /// The key at fault, as it stands in the file.
    pub key: String,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

impl fmt::Display for RobotFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}`: {}",
            Printable(&self.key),
            Printable(&self.problem)
        )
    }
}

impl core::error::Error for RobotFileError {}

/// The error of this key.
pub(in crate::kind) fn wrong<T>(
    key: impl Into<String>,
    problem: impl Into<String>,
) -> Result<T, RobotFileError> {
    Err(RobotFileError {
        key: key.into(),
        problem: problem.into(),
    })
}
