//! `ulna demo`.

use anyhow::Result;
use ulna_outside::Text;
use ulna_session::demo as tour;

use super::stop;
use crate::args::DemoArgs;
use crate::{Outcome, output};

pub(crate) fn demo(args: &DemoArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let mut say = |line: &str| output::notes(line);
    let report = tour::demo(args.seed, args.folder.as_deref(), &stop, &mut say)?;
    if json {
        output::json(&serde_json::to_value(&report)?)?;
    } else {
        output::text(&Text::split(report.summary()))?;
    }
    Ok(Outcome::from_interrupt(report.interrupted))
}
