//! Recording episodes: teleoperation with a recorder beside it.

pub(crate) mod cameras;
mod codec;
mod dataset;
mod options;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use ulna_core::Environment;
use ulna_recorder::phases::Plan;
use ulna_recorder::recorder::Options;
use ulna_recorder::sink::SinkOptions;
use ulna_recorder::{
    CameraFeed, Columns, EpisodeReport, Input, Inputs, Key, Lanes, Outcome, Progress, Recorder,
    camera_feed, tick_feed,
};
use ulna_rt::latest::Watcher;
use ulna_rt::{Machine, Stop};

use crate::display::{self, Display};
use crate::error::AppError;
use crate::policies::PolicyOptions;
use crate::policies::mind::{attach, open_rig};
use crate::report::{ClockKind, SessionReport};
use crate::rig::{Rig, RigOptions};
use crate::run::{Beside, Done, Job, run_beside};

pub use codec::CodecChoice;
pub use options::{CameraChoice, Episodes, RecordOptions};
pub use ulna_recorder::OnInterrupt;

/// Shows people how the recording goes.
pub trait RecordUi: Send {
    /// About ten times a second of real time.
    fn progress(&mut self, progress: &Progress);

    /// What shows the whole session, if anything does; it is asked for before anything moves, and given away.
    fn display(&mut self) -> Option<Box<dyn Display>> {
        None
    }
}

impl RecordUi for () {
    fn progress(&mut self, _: &Progress) {}
}

/// A recording that is over.
#[derive(Debug, Serialize)]
pub struct Recorded {
    /// Folder of the dataset.
    pub dataset: PathBuf,
    /// What the robot was told to do.
    pub task: String,
    /// Rows per second.
    pub fps: u32,
    /// The cameras.
    pub cameras: Vec<String>,
    /// Episodes that were saved.
    pub episodes: u64,
    /// Their rows.
    pub frames: u64,
    /// Episodes that were thrown away.
    pub discarded: u64,
    /// Episodes that the dataset now holds.
    pub total_episodes: u64,
    /// The episodes that were saved, one by one.
    pub reports: Vec<EpisodeReport>,
    /// The control loop.
    pub session: SessionReport,
    /// True if it was ended by Ctrl-C or the like.
    pub interrupted: bool,
    /// What went wrong without harm to an episode.
    pub warnings: Vec<String>,
}

/// A channel for keys, to be given to [`record`].
pub fn inputs() -> (Sender<Input>, Receiver<Input>) {
    channel()
}

/// Records episodes: of the leader's hand, or of a policy.
///
/// # Errors
/// If the options make no sense, the dataset cannot be written or does not fit, the rig fails, or a camera does. What was saved
/// by then stays, and the message says what became of the running episode.
pub fn record(
    rig: &RigOptions,
    options: &RecordOptions,
    policy: Option<&PolicyOptions>,
    keys: (Sender<Input>, Receiver<Input>),
    stop: &Stop,
    ui: &mut dyn RecordUi,
) -> Result<Recorded, AppError> {
    options.check(rig.rate_hz)?;
    let (mut opened, bundle) = match policy {
        Some(policy) => {
            let (rig, bundle) = open_rig(rig, policy)?;
            (rig, Some(bundle))
        }
        None => (Rig::open(rig, true)?, None),
    };
    let mut cameras = cameras::open(&opened, rig, &options.wanted())?;
    if let (Some(policy), Some(bundle)) = (policy, &bundle) {
        cameras = attach(&mut opened, rig, bundle, policy, cameras)?;
    }
    if let Some(display) = ui.display() {
        let mut show = display::of_rig(display, &opened, rig);
        cameras = cameras
            .into_iter()
            .map(|camera| show.mirror(camera))
            .collect();
        opened.show = Some(show);
    }
    let columns = Columns::new(
        opened.follower.kind.value_names(),
        cameras::specs(&cameras),
        options.plain,
    );
    let task = opened.task().cloned();
    let columns = columns.with_environment(task.map(|task| Arc::new(task) as Arc<dyn Environment>));
    let (writer, created) = dataset::open(&opened, rig, options, &columns)?;
    let before = writer.episodes();
    let names = columns.cameras().iter().map(|camera| camera.name.clone());
    let names: Vec<String> = names.collect();

    let lanes = match rig.clock {
        ClockKind::Virtual => Lanes::Inline,
        ClockKind::Real => Lanes::Threads,
    };
    let (ticks, tick_source) = tick_feed(rig.rate_hz);
    let (mut feeds, sources): (Vec<CameraFeed>, Vec<_>) =
        cameras.into_iter().map(camera_feed).unzip();
    let (sender, inputs) = keys;
    let plan = Plan {
        episodes: options.episodes.missing(before),
        episode_rows: options.rows(options.episode_time),
        reset_rows: options.rows(options.reset_time),
    };
    let sink = SinkOptions {
        sync_every: codec::sync_every(writer.layout().cameras(), options.fps),
        ..SinkOptions::new(lanes, options.task.clone(), options.fps)
    };
    let recorder_options = Options {
        on_interrupt: options.on_interrupt,
        ..Options::new(options.fps, plan, sink)
    };
    let (mut recorder, watcher) = Recorder::new(
        writer,
        columns,
        recorder_options,
        Inputs {
            ticks: tick_source,
            cameras: sources,
            inputs,
        },
        stop.clone(),
    )?;
    let others = feeds.iter_mut().map(|feed| {
        let name = format!("camera-{}", feed.name());
        (name, feed as &mut (dyn Machine + Send))
    });
    let beside = Beside {
        ticks,
        leading: &mut recorder,
        others: others.collect(),
        ended: &mut |failure| {
            let input = match failure {
                Some(reason) => Input::Abort(reason),
                None => Input::Key(Key::Stop),
            };
            // A recorder that is finished has hung up.
            let _ = sender.send(input);
        },
    };
    let done = shown(watcher, ui, || {
        let job = match policy {
            Some(_) => Job::Policy { duration: None },
            None => Job::Teleop { duration: None },
        };
        run_beside(opened, &job, stop, &mut (), Some(beside))
    });
    let outcome = recorder.finish();
    if outcome.episodes == 0 {
        created.withdraw();
    }
    conclude(options, names, before, done, outcome)
}

/// Shows the progress while `work` is done.
fn shown<T>(mut watcher: Watcher<Progress>, ui: &mut dyn RecordUi, work: impl FnOnce() -> T) -> T {
    const PERIOD: Duration = Duration::from_millis(100);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let shower = scope.spawn(|| {
            while !over.load(Ordering::Acquire) {
                ui.progress(watcher.newest());
                thread::park_timeout(PERIOD);
            }
            ui.progress(watcher.newest());
        });
        let done = work();
        over.store(true, Ordering::Release);
        shower.thread().unpark();
        done
    })
}

/// Brings the dataset's card up to date. The episodes are saved by then, so that trouble with it is a warning.
fn refresh_card(dataset: &Path) -> Option<String> {
    let refreshed = ulna_dataset::refresh_card(dataset);
    let error = refreshed.err()?;
    Some(format!(
        "the dataset's card, README.md, is not up to date: {error}"
    ))
}

fn conclude(
    options: &RecordOptions,
    cameras: Vec<String>,
    before: u64,
    done: Result<Done, AppError>,
    outcome: Outcome,
) -> Result<Recorded, AppError> {
    let mut warnings = Vec::new();
    if before + outcome.episodes > 0 {
        warnings.extend(refresh_card(&options.dataset));
    }
    let saved = match (outcome.episodes, before) {
        (0, 0) => "nothing was saved".to_owned(),
        (now, before) => format!(
            "episodes saved by then: {now}; {} holds {}",
            options.dataset.display(),
            before + now
        ),
    };
    let with_saved = |text: String| AppError::Session(format!("{text}; {saved}"));
    // What the robot's side says of its end is the better story; the recorder only repeats it.
    let done = done.map_err(|error| match error {
        AppError::Session(text) => with_saved(text),
        other => other,
    })?;
    if let Some(error) = outcome.error {
        return Err(with_saved(error.to_string()));
    }
    let mut session = done.report;
    session.command = "record";
    Ok(Recorded {
        dataset: options.dataset.clone(),
        task: options.task.clone(),
        fps: options.fps,
        cameras,
        episodes: outcome.episodes,
        frames: outcome.rows,
        discarded: outcome.discarded,
        total_episodes: before + outcome.episodes,
        reports: outcome.reports,
        session,
        interrupted: done.interrupted,
        warnings,
    })
}
