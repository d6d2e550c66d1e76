//! `ulna dataset`.

use anyhow::Result;
use ulna_app::datasets;

use crate::args::DatasetAction;
use crate::{Ended, output};

pub(crate) fn dataset(action: &DatasetAction, json: bool) -> Result<Ended> {
    let answer = match action {
        DatasetAction::Info { dir } => datasets::info(dir)?,
        DatasetAction::Check { dir } => datasets::checked(dir),
        DatasetAction::Repair { dir } => datasets::repaired(dir)?,
    };
    if json {
        output::json(&answer.json)?;
    } else {
        output::text(&answer.text)?;
    }
    Ok(if answer.good {
        Ended::Done
    } else {
        Ended::BadNews
    })
}
