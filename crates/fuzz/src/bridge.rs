//! What comes over the link between host and bridge board, at both ends.

pub(crate) mod board;
pub(crate) mod firmware;
pub(crate) mod host;
