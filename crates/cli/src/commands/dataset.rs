//! `ulna dataset`.

use std::path::PathBuf;

use anyhow::Result;
use ulna_app::datasets::{self, Answer, Edit, Progress};
use ulna_app::{AppError, Stop};

use super::stop;
use crate::Ended;
use crate::args::{DatasetAction, Place};
use crate::output::{self, ProgressLine};

pub(crate) fn dataset(action: &DatasetAction, json: bool) -> Result<Ended> {
    match run(action) {
        Ok(answer) => {
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
        Err(error) => match error.downcast_ref::<AppError>() {
            Some(app) if app.is_interruption() => {
                eprintln!("{app}");
                Ok(Ended::Interrupted)
            }
            _ => Err(error),
        },
    }
}

fn run(action: &DatasetAction) -> Result<Answer> {
    let usage = AppError::Usage;
    Ok(match action {
        DatasetAction::Info { dir } => datasets::info(dir)?,
        DatasetAction::Check { dir } => datasets::checked(dir),
        DatasetAction::View(args) => return super::view(args, json),
        DatasetAction::Repair { dir } => datasets::repaired(dir)?,
        DatasetAction::Compact(args) => edit(&args.place, &Edit::Compact)?,
        DatasetAction::Delete(args) => edit(&args.place, &args.edit())?,
        DatasetAction::Trim(args) => edit(&args.place, &args.edit())?,
        DatasetAction::Reencode(args) => edit(&args.place, &args.edit().map_err(usage)?)?,
        DatasetAction::Stats(args) => {
            let pictures = args.pictures;
            edit(&args.place, &Edit::Stats { pictures })?
        }
        DatasetAction::Tasks(args) => match args.edit().map_err(usage)? {
            Some(changes) => edit(&args.place, &changes)?,
            None => datasets::tasks(&args.place.dir)?,
        },
        DatasetAction::Features(args) => match args.edit() {
            Some(changes) => edit(&args.place, &changes)?,
            None => datasets::features(&args.place.dir)?,
        },
        DatasetAction::Import(args) => {
            watched(|stop, watch| datasets::imported(&args.dir, &args.output, stop, watch))?
        }
        DatasetAction::Merge(args) => {
            watched(|stop, watch| datasets::merged(&args.dirs, &args.output, stop, watch))?
        }
        DatasetAction::Split(args) => watched(|stop, watch| {
            let parts = args.parts();
            datasets::parted(&args.dir, &parts, args.output.as_deref(), stop, watch)
        })?,
        DatasetAction::Export(args) => watched(|stop, watch| {
            let (episodes, format) = (args.episodes(), args.format.into());
            datasets::exported(&args.dir, episodes, format, &args.output, stop, watch)
        })?,
    })
}

fn edit(place: &Place, change: &Edit) -> Result<Answer> {
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
    job: impl FnOnce(&Stop, &mut dyn FnMut(Progress)) -> Result<Answer, AppError>,
) -> Result<Answer> {
    let stop = stop()?;
    let mut line = ProgressLine::new();
    let answer = job(&stop, &mut |progress| line.show(progress));
    line.finish();
    Ok(answer?)
}
