//! The dataset that a bench records into.

use std::path::Path;

use ulna_dataset::{Spec, Writer};
use ulna_recorder::Columns;

use crate::error::BenchError;
use crate::pictures::FPS;

pub(crate) fn writer(columns: &Columns, folder: &Path) -> Result<Writer, BenchError> {
    let spec = Spec::new(FPS).features(columns.features(FPS));
    Ok(Writer::create(folder, &spec)?)
}
