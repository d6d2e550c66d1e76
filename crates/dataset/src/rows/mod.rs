//! The rows of the data files: where each episode's are, forward reading, and random access.

mod cursor;
mod file;
mod places;
mod store;
mod width;

pub(crate) use cursor::Cursor;
pub(crate) use file::DataFile;
pub(crate) use places::{Places, Stretch, count, count_rows};
pub(crate) use store::{Block, Cells, Place, Store};
pub(crate) use width::stored_width;
