//! `ulna dataset`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use ulna_bringup::{Dialogue, DialogueReply};
use ulna_outside::Printable;
use ulna_session::datasets::{self, DatasetAnswer, Edit, Progress};
use ulna_session::{SessionError, Stop};

use super::stop;
use crate::args::{Costly, DatasetAction, DatasetTool, Place};
use crate::attended::attended;
use crate::outcome::{Declined, Misuse, Outcome};
use crate::output::{self, ProgressLine};
use crate::terminal::Terminal;

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
            _ if error.is::<Declined>() => {
                output::note(&error);
                Ok(Outcome::Interrupted)
            }
            _ => Err(error),
        },
    }
}

fn run(tool: &DatasetTool) -> Result<DatasetAnswer> {
    let usage = Misuse;
    Ok(match tool {
        DatasetTool::Compact(args) => edit(&args.place, &Edit::Compact)?,
        DatasetTool::Delete(args) => costly(&args.on, &args.edit())?,
        DatasetTool::Select(args) => costly(&args.on, &args.edit())?,
        DatasetTool::Diff(args) => {
            watched(|stop, watch| datasets::compared(&args.one, &args.other, stop, watch))?
        }
        DatasetTool::Trim(args) => costly(&args.on, &args.edit().map_err(usage)?)?,
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
            Some(changes) => costly(&args.on, &changes)?,
            None => datasets::features(&args.on.place.dir)?,
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

/// An edit that takes something away for good where it is done in place: asks first, and keeps a copy if that is wanted.
fn costly(on: &Costly, change: &Edit) -> Result<DatasetAnswer> {
    let Costly { place, yes, backup } = on;
    if place.output.is_some() {
        return edit(place, change);
    }
    if !yes {
        agree(&place.dir, change, *backup)?;
    }
    let stop = stop()?;
    let copy = backup
        .then(|| datasets::backed_up(&place.dir, &stop))
        .transpose()?;
    let answer = edit(place, change)?;
    Ok(match copy {
        Some(copy) => answer.with_backup(&copy),
        None => answer,
    })
}

/// Asks whether the dataset may be changed in place.
fn agree(dir: &Path, change: &Edit, backup: bool) -> Result<()> {
    let (cost, here) = (datasets::cost(dir, change)?, Printable(dir.display()));
    if !attended() {
        let why = format!(
            "{cost} in {here} itself, and there is no terminal to ask at: pass --yes to have it so, --yes --backup to keep a copy, or \
             --output DIR to write the result elsewhere"
        );
        return Err(Misuse(why).into());
    }
    let way_back = match backup {
        true => "a copy is kept next to it",
        false => {
            "there is no way back (--backup keeps a copy, --output DIR writes the result elsewhere)"
        }
    };
    let mut terminal = Terminal::new(&stop()?);
    terminal.say(&format!("{cost} in {here} itself; {way_back}"));
    loop {
        match terminal.ask("y and Enter: do it; q and Enter: leave it as it is:") {
            DialogueReply::Line(line) if matches!(line.trim(), "y" | "Y" | "yes") => return Ok(()),
            DialogueReply::Line(line) if !matches!(line.trim(), "q" | "Q" | "n" | "N" | "no") => {}
            _ => {
                let left = format!("{here} is as it was");
                return Err(Declined(left).into());
            }
        }
    }
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
