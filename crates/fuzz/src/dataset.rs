//! What a dataset's folder holds.

pub(crate) mod journal;
pub(crate) mod numpy;
pub(crate) mod readers;
mod sound;
pub(crate) mod v2;
