//! Recording episodes: teleoperation with a recorder beside it.

pub(crate) mod cameras;
mod codec;
mod dataset;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use ulna_core::Environment;
use ulna_dataset::{Dataset, free_bytes};
use ulna_recorder::phases::Plan;
use ulna_recorder::recorder::Options;
use ulna_recorder::sink::SinkOptions;
use ulna_recorder::space::RESERVE;
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
pub use ulna_recorder::OnInterrupt;

/// Which of the robot's cameras are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraChoice {
    /// All of them.
    All,
    /// Those of these names; none if empty.
    Only(Vec<String>),
}

/// How many episodes are to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Episodes {
    /// So many that the dataset holds this number in the end.
    Total(u64),
    /// So many more.
    More(u64),
}

impl Episodes {
    /// How many that is, for a dataset that holds so many.
    fn missing(self, there: u64) -> u64 {
        match self {
            Episodes::Total(total) => total.saturating_sub(there),
            Episodes::More(more) => more,
        }
    }
}

/// What is to be recorded.
#[derive(Debug, Clone)]
pub struct RecordOptions {
    /// Folder of the dataset.
    pub dataset: PathBuf,
    /// What the robot is told to do.
    pub task: String,
    /// How many episodes.
    pub episodes: Episodes,
    /// How long each lasts at most.
    pub episode_time: Duration,
    /// How long one may reset the scene.
    pub reset_time: Duration,
    /// Rows per second.
    pub fps: u32,
    /// Go on with a dataset that is there.
    pub resume: bool,
    /// Leave out all columns and files of ulna's own.
    pub plain: bool,
    /// The cameras.
    pub cameras: CameraChoice,
    /// Width and height of simulated pictures, pixels.
    pub picture: (u32, u32),
    /// What goes wrong with simulated cameras, e.g. `front:frozen@3s`.
    pub camera_faults: Vec<String>,
    /// What Ctrl-C does with the running episode.
    pub on_interrupt: OnInterrupt,
    /// How pictures are encoded.
    pub codec: CodecChoice,
}

impl RecordOptions {
    /// LeRobot's defaults but for the number of episodes, which it has at 50: 60 s each, 60 s to reset, 30 rows/s, all cameras
    /// with 640 x 480 pixels.
    pub fn new(dataset: PathBuf, task: &str) -> Self {
        Self {
            dataset,
            task: task.to_owned(),
            episodes: Episodes::More(1),
            episode_time: Duration::from_secs(60),
            reset_time: Duration::from_secs(60),
            fps: 30,
            resume: false,
            plain: false,
            cameras: CameraChoice::All,
            picture: (640, 480),
            camera_faults: Vec::new(),
            on_interrupt: OnInterrupt::Save,
            codec: CodecChoice::default(),
        }
    }

    /// How many episodes the dataset holds, if those are all that it is to have.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn complete(&self) -> Result<Option<u64>, AppError> {
        if !self.resume {
            return Ok(None);
        }
        let there = Dataset::open(&self.dataset)?.info().total_episodes;
        Ok((self.episodes.missing(there) == 0).then_some(there))
    }

    /// Refuses a disk on which the session would end as soon as it begins.
    fn check_disk(&self) -> Result<(), AppError> {
        let mut there = self.dataset.ancestors();
        let folder = there.find(|folder| folder.exists());
        // The parent of a bare name is the current folder.
        let folder = folder.unwrap_or(Path::new("."));
        match free_bytes(folder) {
            Some(free) if free < 2 * RESERVE => Err(AppError::Session(format!(
                "the disk for {} has only {} MB free: make room, or record somewhere else",
                self.dataset.display(),
                free / 1_000_000
            ))),
            _ => Ok(()),
        }
    }

    fn rows(&self, time: Duration) -> u64 {
        (time.as_secs_f64() * f64::from(self.fps)).round() as u64
    }

    fn wanted(&self) -> cameras::Wanted<'_> {
        cameras::Wanted {
            cameras: &self.cameras,
            size: self.picture,
            fps: self.fps,
            faults: &self.camera_faults,
        }
    }

    fn check(&self, rate_hz: f64) -> Result<(), AppError> {
        let usage = |text: String| Err(AppError::Usage(text));
        let (width, height) = self.picture;
        if self.task.trim().is_empty() {
            return usage("--task is empty: say what the robot is to do, for example --task \"pick up the cube\"".to_owned());
        }
        if let Episodes::Total(0) | Episodes::More(0) = self.episodes {
            return usage("no episodes were asked for".to_owned());
        }
        if let Some(there) = self.complete()? {
            let dir = self.dataset.display();
            return usage(format!(
                "{dir} holds {there} episodes already: nothing is missing"
            ));
        }
        self.check_disk()?;
        if !self.resume {
            self.codec.encoding()?;
        }
        if self.fps == 0 || f64::from(self.fps) > rate_hz {
            return usage(format!(
                "--fps {} is not between 1 and the control rate of {rate_hz} Hz",
                self.fps
            ));
        }
        if self.rows(self.episode_time) == 0 {
            return usage(format!(
                "--episode-time {} is shorter than one row at {} frames/s",
                self.episode_time.as_secs_f64(),
                self.fps
            ));
        }
        let fits =
            |side: u32, largest: u32| side.is_multiple_of(2) && (16..=largest).contains(&side);
        if !fits(width, 3840) || !fits(height, 2160) {
            return usage(format!(
                "--camera-size {width}x{height}: both sides must be even, from 16x16 to 3840x2160"
            ));
        }
        Ok(())
    }
}

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

/// Brings the dataset's card up to date. The episodes are saved by then, so that trouble with it is no failure.
fn refresh_card(dataset: &Path) {
    if let Err(error) = ulna_dataset::refresh_card(dataset) {
        eprintln!("warning: the dataset's card, README.md, is not up to date: {error}");
    }
}

fn conclude(
    options: &RecordOptions,
    cameras: Vec<String>,
    before: u64,
    done: Result<Done, AppError>,
    outcome: Outcome,
) -> Result<Recorded, AppError> {
    if before + outcome.episodes > 0 {
        refresh_card(&options.dataset);
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
    })
}
