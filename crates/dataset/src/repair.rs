//! After a crash: saves that were cut short are finished or taken back, and the episode that was running is
//! recovered from its journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::episode_writer::{COMMIT_MARKER, EpisodeParts, ROWS_LOG, Rows, read_rows, remove_run};
use crate::episodes;
use crate::error::Result;
use crate::fs::{Fs, RealFs, STAGING, parent, put, remove_if_there};
use crate::info::must_be_v3;
use crate::layout::RowLayout;
use crate::reader::Dataset;
use crate::stats::{STATS_PATH, aggregate, to_value};
use crate::video::{recover, whole_pictures};
use crate::writer::{Writer, lock, runs};
use crate::{commit, json, manifest};

/// What [`repair`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// One sentence per thing done, in order. Empty when nothing was wrong.
    pub actions: Vec<String>,
    /// The numbers of the episodes that are saved now and were not before, with their frames.
    pub recovered: Vec<(u64, usize)>,
    /// Things that repair cannot decide, each with its reason; they are left as they were.
    pub left: Vec<String>,
}

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
        actions: crate::tools::settle(&**fs, root)?,
        ..RepairReport::default()
    };
    let dataset = Dataset::open(root)?;
    must_be_v3(dataset.info(), root)?;
    if !root.join(STAGING).is_dir() {
        if dataset.uncommitted_episodes() > 0 {
            let count = dataset.uncommitted_episodes();
            report.left.push(format!(
                "meta/episodes has {count} rows more than meta/info.json counts, and no ulna wrote them"
            ));
        }
        return Ok(report);
    }
    let lock = lock(root)?;
    restore_stats(&**fs, &dataset, &mut report)?;
    let mut writer = Writer::reopen(fs.clone(), &dataset, lock)?;
    for run in runs(root)? {
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
    take_back_unfinished(&**fs, &writer, &mut report)?;
    Ok(report)
}

enum State {
    /// Its episode is in the dataset.
    Saved,
    /// Nothing was recorded.
    Empty,
    Unreadable(String),
    Recoverable(EpisodeParts),
}

fn state(run: &Path, writer: &Writer) -> Result<State> {
    let journal = run.join(ROWS_LOG);
    if !journal.is_file() {
        return Ok(State::Empty);
    }
    if marked_episode(run).is_some_and(|episode| episode < writer.info.total_episodes) {
        return Ok(State::Saved);
    }
    let layout: &RowLayout = &writer.layout;
    let Some(mut rows) = read_rows(&journal, layout)? else {
        return Ok(match journal.metadata().map_or(0, |m| m.len()) {
            // A journal is longer than this as soon as it has rows.
            0..64 => State::Empty,
            _ => State::Unreadable("its journal belongs to another dataset; move this folder elsewhere to go on without it"
                    .to_owned()),
        });
    };
    if rows.len() == 0 {
        return Ok(State::Empty);
    }
    let mut frames = rows.len();
    for camera in layout.cameras() {
        frames = frames.min(whole_pictures(run, &camera.key)?);
    }
    let fps = writer.info.whole_fps();
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

/// The number that an interrupted save was about to give the episode.
fn marked_episode(run: &Path) -> Option<u64> {
    let marker = json::read(&run.join(COMMIT_MARKER)).ok()?;
    marker.get("episode")?.as_u64()
}

/// A save that was cut short before `info.json` has put its own numbers into `stats.json` already.
fn restore_stats(fs: &dyn Fs, dataset: &Dataset, report: &mut RepairReport) -> Result<()> {
    let expected = dataset.info().total_frames;
    let counted = |stats: &crate::Stats| stats.get("index").map_or(expected, |s| s.count);
    let ahead = dataset
        .stats()?
        .is_some_and(|stats| counted(&stats) != expected);
    if !ahead {
        return Ok(());
    }
    let saved = dataset.len();
    let all = episodes::read_stats(dataset.root())?;
    let parts: Vec<&crate::Stats> = all.iter().take(saved).collect();
    let stats = aggregate(&parts);
    if saved == 0 {
        remove_if_there(fs, &dataset.root().join(STATS_PATH))?;
    } else if parts.len() == saved && counted(&stats) == expected {
        let bytes = json::bytes(&to_value(&stats));
        put(fs, dataset.root(), Path::new(STATS_PATH), &bytes)?;
    } else {
        let reason = "meta/stats.json counts other frames than meta/info.json, and meta/episodes \
                      lacks the statistics to compute it anew";
        report.left.push(reason.to_owned());
        return Ok(());
    }
    let action = "took an unfinished save out of meta/stats.json";
    report.actions.push(action.to_owned());
    Ok(())
}

/// Removes what stands where the next save would put its files, which only an unfinished save can have put there.
fn take_back_unfinished(fs: &dyn Fs, writer: &Writer, report: &mut RepairReport) -> Result<()> {
    let info = &writer.info;
    let mut files: Vec<PathBuf> = vec![
        commit::table_path(writer.next.table),
        PathBuf::from(manifest::report_path(info.total_episodes)),
        info.data_file(writer.next.data)?,
    ];
    for (camera, at) in &writer.next.videos {
        files.push(info.video_file(camera, *at)?);
    }
    files.push(Path::new(STAGING).join("writing"));
    for relative in files {
        let path = writer.root.join(&relative);
        if path.is_file() {
            remove_if_there(fs, &path)?;
            let folder = parent(&path);
            let synced = fs.sync_dir(&folder);
            crate::error::IoContext::at(synced, "sync the folder", &folder)?;
            let name = relative.display();
            report
                .actions
                .push(format!("removed {name} of an unfinished save"));
        }
    }
    Ok(())
}

fn run_name(run: &Path) -> String {
    let name = run.file_name().unwrap_or_default();
    format!(".ulna/{}", name.to_string_lossy())
}
