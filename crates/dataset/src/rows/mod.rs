//! Random access to the rows of the data files.

mod file;
mod store;

pub(crate) use file::DataFile;
pub(crate) use store::{Block, Cells, Place, Store};
