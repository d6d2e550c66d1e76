//! `ulna demo`.

use std::path::Path;

use anyhow::Result;
use ulna_outside::Text;
use ulna_session::demo as tour;
use ulna_session::display::Display;
use ulna_session::{SessionError, SessionFailure};

use super::{display, stop};
use crate::args::DemoArgs;
use crate::outcome::Outcome;
use crate::output;

pub(crate) fn demo(args: &DemoArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let mut audience = tour::Audience {
        say: &mut |line| output::note(line),
        film: &mut film,
    };
    let report = tour::demo(args.seed, args.folder.as_deref(), &stop, &mut audience)?;
    if json {
        output::json(&serde_json::to_value(&report)?)?;
    } else {
        output::text(&Text::split(report.summary()))?;
    }
    Ok(Outcome::from_interrupt(report.interrupted))
}

/// A display that writes the file, where a viewer is built in.
fn film(path: &Path) -> Result<Option<Box<dyn Display>>, SessionError> {
    display::film(path, "the demo's policy").map_err(|error| {
        let failure = SessionFailure::Film {
            path: path.to_owned(),
            reason: format!("{error:#}").into(),
        };
        failure.into()
    })
}
