//! `ulna dataset`.

use std::path::PathBuf;

use anyhow::Result;
use ulna_session::datasets::{self, DatasetAnswer, Edit, Progress};
use ulna_session::{SessionError, Stop};

use super::stop;
use crate::Outcome;
use crate::args::{DatasetAction, DatasetTool, Place};
use crate::output::{self, ProgressLine};

pub(crate) fn dataset(action: &DatasetAction, json: bool) -> Result<Outcome> {
    let answer = match action {
        DatasetAction::View(args) => match &args.report {
            None => return super::view(args, json),
            Some(report) => watched(|stop, watch| {
                datasets::reported(&args.dir, report, &args.page(), stop, watch)
            }),
        },
        DatasetAction::Info { dir } => datasets::info(dir).map_err(Into::into),
        DatasetAction::Check(args) => {
            watched(|stop, watch| datasets::checked(&args.dir, args.settings(), stop, watch))
        }
        DatasetAction::Repair { dir } => datasets::repaired(dir).map_err(Into::into),
        DatasetAction::Card(args) => {
            datasets::carded(&args.dir, &args.options()).map_err(Into::into)
        }
        DatasetAction::Tool(tool) => run(tool),
    };
    match answer {
        Ok(answer) => {
            if json {
                output::json(&answer.json)?;
            } else {
                output::text(&answer.text)?;
            }
            Ok(if answer.good {
                Outcome::Done
            } else {
                Outcome::ChecksFailed
            })
        }
        Err(error) => match error.downcast_ref::<SessionError>() {
            Some(app) if app.is_interruption() => {
                output::note(app);
                Ok(Outcome::Interrupted)
            }
            _ => Err(error),
        },
    }
}

fn run(tool: &DatasetTool) -> Result<DatasetAnswer> {
    let usage = SessionError::Usage;
    Ok(match tool {
        DatasetTool::Compact(args) => edit(&args.place, &Edit::Compact)?,
        DatasetTool::Delete(args) => edit(&args.place, &args.edit())?,
        DatasetTool::Select(args) => edit(&args.place, &args.edit())?,
        DatasetTool::Diff(args) => {
            watched(|stop, watch| datasets::compared(&args.one, &args.other, stop, watch))?
        }
        DatasetTool::Trim(args) => edit(&args.place, &args.edit().map_err(usage)?)?,
        DatasetTool::Reencode(args) => edit(&args.place, &args.edit().map_err(usage)?)?,
        DatasetTool::Stats(args) => {
            let pictures = args.pictures;
            edit(&args.place, &Edit::Stats { pictures })?
        }
        DatasetTool::Tasks(args) => match args.edit().map_err(usage)? {
            Some(changes) => edit(&args.place, &changes)?,
            None => datasets::tasks(&args.place.dir)?,
        },
        DatasetTool::Features(args) => match args.edit() {
            Some(changes) => edit(&args.place, &changes)?,
            None => datasets::features(&args.place.dir)?,
        },
        DatasetTool::Import(args) => {
            watched(|stop, watch| datasets::imported(&args.dir, &args.output, stop, watch))?
        }
        DatasetTool::Merge(args) => {
            watched(|stop, watch| datasets::merged(&args.dirs, &args.output, stop, watch))?
        }
        DatasetTool::Split(args) => watched(|stop, watch| {
            let parts = args.parts();
            datasets::parted(&args.dir, &parts, args.output.as_deref(), stop, watch)
        })?,
        DatasetTool::Export(args) => watched(|stop, watch| {
            let (episodes, format) = (args.episodes(), args.format.into());
            datasets::exported(&args.dir, episodes, format, &args.output, stop, watch)
        })?,
    })
}

fn edit(place: &Place, change: &Edit) -> Result<DatasetAnswer> {
    let output: Option<&PathBuf> = place.output.as_ref();
    watched(|stop, watch| {
        datasets::edit(
            &place.dir,
            change,
            output.map(PathBuf::as_path),
            stop,
            watch,
        )
    })
}

/// Runs a long job with a bar on stderr; Ctrl-C ends it.
fn watched(
    job: impl FnOnce(&Stop, &mut dyn FnMut(Progress)) -> Result<DatasetAnswer, SessionError>,
) -> Result<DatasetAnswer> {
    let stop = stop()?;
    let mut line = ProgressLine::new();
    let answer = job(&stop, &mut |progress| line.show(&progress));
    line.finish();
    Ok(answer?)
}
