//! After a crash: saves that were cut short are finished or taken back, and the episode that was running is
//! recovered from its journal.

mod report;
mod unfinished;

use std::path::Path;
use std::sync::Arc;

use crate::commit::Marker;
use crate::episode_writer::{EpisodeParts, Rows, read_rows};
use crate::error::Result;
use crate::fs::{Fs, RealFs, remove_if_there};
use crate::info::must_be_v3;
use crate::inside;
use crate::layout::RowLayout;
use crate::lock::lock;
use crate::paths;
use crate::reader::Dataset;
use crate::runs::{
    ROWS_LOG, has_journal, is_bare, is_empty, is_encoding, is_gone, remove_run, runs,
};
use crate::video::{catch_up, recover, whole_pictures};
use crate::writer::Writer;

pub use report::RepairReport;
pub(crate) use unfinished::unsaved;

/// Brings a dataset to the state after its last save, and appends the episode that was being recorded when the
/// program ended. Repairing twice changes nothing more, and what is sound is not touched. Only leftovers of this
/// crate's writer are dealt with.
pub fn repair(dir: impl AsRef<Path>) -> Result<RepairReport> {
    let fs: Arc<dyn Fs> = Arc::new(RealFs);
    repair_on(&fs, dir)
}

/// As [`repair`], writing through `fs`.
pub fn repair_on(fs: &Arc<dyn Fs>, dir: impl AsRef<Path>) -> Result<RepairReport> {
    let root = dir.as_ref();
    let mut report = RepairReport {
        actions: crate::leftovers::settle(&**fs, root)?,
        ..RepairReport::default()
    };
    let dataset = Dataset::open(root)?;
    must_be_v3(dataset.info(), root)?;
    if inside::staging(root)?.is_none() {
        unfinished::count(&dataset, &mut report);
        return Ok(report);
    }
    paths::must_be_distinct(dataset.info(), root)?;
    let lock = lock(root)?;
    let found = runs(root)?;
    unfinished::restore_stats(&**fs, &dataset, &found, &mut report)?;
    unfinished::take_back(&**fs, &dataset, &found, &mut report)?;
    let dataset = Dataset::open(root)?;
    // Episodes cannot follow rows that no save of ulna's explains.
    if unfinished::count(&dataset, &mut report) || found.is_empty() {
        return Ok(report);
    }
    let mut writer = Writer::reopen(fs.clone(), &dataset, lock)?;
    for run in found {
        match state(&run, &writer)? {
            State::Saved => {
                remove_run(&**fs, &run)?;
                let name = run_name(&run);
                report
                    .actions
                    .push(format!("removed what the finished save {name} left"));
            }
            State::Empty => {
                remove_run(&**fs, &run)?;
                let name = run_name(&run);
                report
                    .actions
                    .push(format!("removed the empty recording {name}"));
            }
            State::Gone => {
                remove_run(&**fs, &run)?;
                let name = run_name(&run);
                report.actions.push(format!("removed the rest of {name}"));
            }
            State::Unreadable(reason) => {
                report.left.push(format!("{}: {reason}", run_name(&run)));
            }
            State::Recoverable(parts) => {
                let frames = parts.frames();
                for video in &parts.videos {
                    // What stands there may stem from a save that was cut short.
                    remove_if_there(&**fs, &video.mp4)?;
                }
                let episode = writer.commit(&parts)?;
                let name = run_name(&run);
                report.actions.push(format!(
                    "saved the recording {name} as episode {episode}, {frames} frames"
                ));
                report.recovered.push((episode, frames));
            }
        }
    }
    Ok(report)
}

enum State {
    /// Its episode is in the dataset.
    Saved,
    /// Nothing was recorded.
    Empty,
    /// It was being removed, or an edit was encoding in it.
    Gone,
    Unreadable(String),
    Recoverable(EpisodeParts),
}

fn state(run: &Path, writer: &Writer) -> Result<State> {
    if is_gone(run) || is_encoding(run) {
        return Ok(State::Gone);
    }
    if is_empty(run)? {
        return Ok(State::Empty);
    }
    let elsewhere = "move this folder elsewhere to go on without it";
    if !has_journal(run)? {
        let reason = format!("holds no journal of ulna's; {elsewhere}");
        return Ok(State::Unreadable(reason));
    }
    if Marker::read(run).is_some_and(|marker| marker.episode < writer.info().total_episodes) {
        return Ok(State::Saved);
    }
    let journal = run.join(ROWS_LOG);
    let layout: &RowLayout = writer.layout();
    let Some(mut rows) = read_rows(&journal, layout)? else {
        return Ok(match is_bare(&journal) {
            true => State::Empty,
            false => State::Unreadable(format!(
                "its journal belongs to another dataset; {elsewhere}"
            )),
        });
    };
    if rows.len() == 0 {
        return Ok(State::Empty);
    }
    let fps = writer.info().whole_fps();
    let mut frames = rows.len();
    for camera in layout.cameras() {
        if let Err(error) = catch_up(run, camera, fps, rows.len()) {
            return Ok(State::Unreadable(format!(
                "pictures of it wait for their encoder, which fails: {error}; see to that and repair again"
            )));
        }
        frames = frames.min(whole_pictures(run, &camera.key)?);
    }
    let mut videos = Vec::new();
    for camera in layout.cameras() {
        if frames == 0 {
            break;
        }
        let video = match recover(run, camera, fps, frames)? {
            Ok(video) => video,
            Err(reason) => return Ok(State::Unreadable(reason)),
        };
        frames = frames.min(video.frames());
        videos.push(video);
    }
    if frames == 0 {
        let recorded = rows.len();
        return Ok(match recorded > fps as usize {
            true => State::Unreadable(format!(
                "has {recorded} rows, but no pictures to them; remove this folder to go on without them"
            )),
            false => State::Empty,
        });
    }
    // A camera that went further than the others is cut to their length.
    for video in &mut videos {
        if video.frames() > frames {
            let camera = layout.cameras().iter().find(|c| c.key == video.camera());
            if let Some(Ok(shorter)) = camera
                .map(|camera| recover(run, camera, fps, frames))
                .transpose()?
            {
                *video = shorter;
            }
        }
    }
    cut(&mut rows, frames, layout);
    Ok(State::Recoverable(EpisodeParts {
        dir: run.to_owned(),
        rows,
        videos,
        report: None,
    }))
}

fn cut(rows: &mut Rows, frames: usize, layout: &RowLayout) {
    rows.tasks.truncate(frames);
    rows.values.truncate(frames * layout.width());
    rows.strings.truncate(frames * layout.texts().len());
    rows.images.truncate(frames * layout.images().len());
    let used = rows.tasks.iter().max().map_or(0, |task| *task as usize + 1);
    rows.texts.truncate(used);
}

fn run_name(run: &Path) -> String {
    let name = run.file_name().unwrap_or_default();
    format!(".ulna/{}", name.to_string_lossy())
}
