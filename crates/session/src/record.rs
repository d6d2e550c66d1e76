//! Recording episodes: teleoperation, or a policy, together with a recorder.

mod cameras;
mod codec;
mod dataset;
mod grading;
mod guide;
mod known_cameras;
mod options;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use ulna_cameras::CameraFacts;
use ulna_policy::Bundle;
use ulna_recorder::phases::{Ended, LONGEST_APPROACH, Plan};
use ulna_recorder::recorder::Options;
use ulna_recorder::sink::SinkOptions;
use ulna_recorder::{
    Columns, EpisodeReport, Input, Inputs, Key, Outcome, Progress, Recorder, Workers, tick_feed,
};
use ulna_rt::latest::Watcher;

use crate::client::{EventSender, SessionEvent, SessionLink};
use crate::display::{Display, DisplaySetup};
use crate::error::SessionError;
use crate::failure::SessionFailure;
use crate::options::RigOptions;
use crate::policies::{PolicyOptions, in_units_of};
use crate::report::{ClockKind, SessionReport};
use crate::rig::Rig;
use crate::run::{Recording, SessionOutcome, SessionPlan, run};
use crate::teleoperators::open_policy;
use cameras::RecordedCameras;
use guide::{Guide, Guided};

pub use codec::CodecChoice;
pub use grading::GradedEpisode;
pub use options::{CameraChoice, Episodes, RecordOptions};
pub use ulna_recorder::{OnInterrupt, OnLate};

/// A recording that is over.
#[derive(Debug, Serialize)]
pub struct Recorded {
    /// Folder of the dataset.
    pub dataset: PathBuf,
    /// The task that the robot performed.
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
    /// How good they are, one by one; empty if that could not be found out.
    pub grades: Vec<GradedEpisode>,
    /// The control loop.
    pub session: SessionReport,
    /// True if it was ended by Ctrl-C or the like.
    pub interrupted: bool,
    /// What went wrong without harm to an episode.
    pub warnings: Vec<String>,
}

/// Records episodes: of the leader's hand, or of a policy; `display` shows the session.
///
/// # Errors
/// If the options make no sense, the dataset cannot be written or does not fit, the rig fails, or a camera does. What was saved
/// by then stays, and the message says what became of the running episode.
pub fn record(
    rig: &RigOptions,
    options: &RecordOptions,
    policy: Option<&PolicyOptions>,
    display: Option<Box<dyn Display>>,
    link: &mut SessionLink,
) -> Result<Recorded, SessionError> {
    options.check(rig.rate_hz)?;
    let rig = RigOptions {
        camera_faults: options.camera_faults.clone(),
        task: Some(options.task.clone()),
        ..rig.clone()
    };
    let (opened, cameras) = open(&rig, options, policy, link)?;
    cameras.notes.iter().for_each(|text| {
        let text = text.clone();
        link.events.send(SessionEvent::Note { text });
    });
    let columns = Columns::new(
        opened.robot.value_names(),
        cameras.specs.clone(),
        options.plain,
    );
    let columns = columns.with_environment(opened.surroundings.environment());
    let (writer, created, warnings) = dataset::open(&opened, &rig, options, &columns, &cameras)?;
    for text in warnings {
        link.events.send(SessionEvent::Warning { text });
    }
    let before = writer.episodes();
    let names = columns.cameras().iter().map(|camera| camera.name.clone());
    let names: Vec<String> = names.collect();
    let (ticks, tick_source) = tick_feed(rig.rate_hz);
    let (keys, inputs) = link.recorder_inputs();
    let sync_every = codec::sync_every(writer.layout().cameras(), options.fps);
    let (mut recorder, progress) = Recorder::new(
        writer,
        columns,
        recorder_options(&rig, options, before, sync_every),
        Inputs {
            ticks: tick_source,
            cameras: cameras.sources,
            inputs,
        },
        link.stop.clone(),
    )?;
    let attempts = rig.expert.then(|| opened.surroundings.attempts()).flatten();
    let guide = attempts.map(|attempts| Guide::new(attempts, before, keys.clone()));
    let mut guided = Guided::new(&mut recorder, guide);
    let plan = SessionPlan {
        command: "record",
        duration: None,
        display: display.map(DisplaySetup::new),
        watch: None,
        recording: Some(Recording {
            ticks,
            recorder: &mut guided,
            ended: &mut |failure| {
                let input = match failure {
                    Some(reason) => Input::Abort(reason),
                    None => Input::Key(Key::Stop),
                };
                // A recorder that is finished has hung up.
                let _ = keys.send(input);
            },
        }),
    };
    let session = reporting(progress, &link.events, || run(opened, plan, link));
    let outcome = recorder.finish();
    if outcome.episodes == 0 {
        created.withdraw();
    }
    let lost = lost_cameras(&names, &cameras.facts);
    let mut recorded = conclude(options, names, before, session, outcome)?;
    recorded.warnings.extend(lost);
    Ok(recorded)
}

/// A sentence for each camera that was lost and came back.
fn lost_cameras(names: &[String], facts: &[CameraFacts]) -> Vec<String> {
    let lost = names
        .iter()
        .zip(facts)
        .filter(|(_, facts)| facts.losses.get() > 0);
    let sentences = lost.map(|(name, facts)| {
        format!(
            "camera `{name}` was lost and came back, {} times; frames without a new picture are marked: check its cable",
            facts.losses.get()
        )
    });
    sentences.collect()
}

/// Opens the rig with its recorded cameras: of a leader, or of a policy.
fn open(
    rig: &RigOptions,
    options: &RecordOptions,
    policy: Option<&PolicyOptions>,
    link: &SessionLink,
) -> Result<(Rig, RecordedCameras), SessionError> {
    let Some(policy) = policy else {
        let mut rig = Rig::open(rig, link)?;
        let cameras =
            RecordedCameras::add(&mut rig.cameras, &rig.robot, &*rig.surroundings, options)?;
        return Ok((rig, cameras));
    };
    let bundle = Bundle::open(&policy.bundle)?;
    let mut cameras = RecordedCameras::default();
    let rig = Rig::open_for(&in_units_of(rig, &bundle), link, |request| {
        let (robot, surroundings) = (request.robot, request.surroundings);
        // First: what is recorded decides at which size a camera is opened.
        cameras = RecordedCameras::add(request.cameras, robot, surroundings, options)?;
        open_policy(request, &bundle, policy)
    })?;
    Ok((rig, cameras))
}

fn recorder_options(
    rig: &RigOptions,
    options: &RecordOptions,
    before: u64,
    sync_every: u32,
) -> Options {
    let workers = match rig.clock {
        ClockKind::Virtual => Workers::Inline,
        ClockKind::Real => Workers::Threads,
    };
    let plan = Plan {
        episodes: options.episodes.missing(before),
        episode_rows: options.rows(options.episode_time),
        reset_rows: options.rows(options.reset_time),
        approach_rows: LONGEST_APPROACH * u64::from(options.fps),
    };
    let sink = SinkOptions {
        sync_every,
        ..SinkOptions::new(workers, options.task.clone(), options.fps)
    };
    Options {
        on_interrupt: options.on_interrupt,
        on_late: options.on_late,
        ..Options::new(options.fps, plan, sink)
    }
}

/// Reports the recording's progress about ten times a second of real time while `work` is done.
fn reporting<T>(
    mut progress: Watcher<Progress>,
    events: &EventSender,
    work: impl FnOnce() -> T,
) -> T {
    const PERIOD: Duration = Duration::from_millis(100);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let reporter = scope.spawn(|| {
            while !over.load(Ordering::Acquire) {
                events.send(SessionEvent::Recording(*progress.newest()));
                thread::park_timeout(PERIOD);
            }
            events.send(SessionEvent::Recording(*progress.newest()));
        });
        let done = work();
        over.store(true, Ordering::Release);
        reporter.thread().unpark();
        done
    })
}

/// What was late in which of these episodes, the first of which has this number.
fn late_rows(reports: &[EpisodeReport], first: u64) -> Vec<String> {
    let mut lines = Vec::new();
    for (episode, report) in (first..).zip(reports) {
        let rows = report.rows;
        if report.ended == Ended::Pause {
            lines.push(format!(
                "episode {episode} ended after {rows} frames, as everything stood still for seconds then"
            ));
        }
        if report.stalled > 0 {
            lines.push(format!(
                "episode {episode}: the control loop stood still for {} of {rows} frames, which are marked; the computer is overloaded or was suspended",
                report.stalled
            ));
        }
        for camera in report.cameras.iter().filter(|camera| camera.overdue > 0) {
            lines.push(format!(
                "episode {episode}: camera `{}` was late for {} of {rows} frames, which are marked",
                camera.name, camera.overdue
            ));
        }
    }
    lines
}

/// Brings the dataset's card up to date. The episodes are saved by then, so a failure is a warning.
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
    session: Result<SessionOutcome, SessionError>,
    outcome: Outcome,
) -> Result<Recorded, SessionError> {
    let mut warnings = late_rows(&outcome.reports, before);
    if before + outcome.episodes > 0 {
        warnings.extend(refresh_card(&options.dataset));
    }
    let kept = match outcome.cut_short {
        Some(rows) => format!("the running episode was kept as far as it went, {rows} frames; "),
        None => String::new(),
    };
    let saved = match (outcome.episodes, before) {
        (0, 0) => "nothing was saved".to_owned(),
        (now, before) => format!(
            "episodes saved by then: {now}; {} holds {}",
            options.dataset.display(),
            before + now
        ),
    };
    let with_saved = |failure: SessionFailure| SessionFailure::WhileRecording {
        failure: Box::new(failure),
        saved: format!("{kept}{saved}"),
    };
    // What the robot's side says of its end is the better story; the recorder only repeats it.
    let done = session.map_err(|error| match error {
        SessionError::Session(failure) => SessionError::Session(with_saved(failure)),
        SessionError::Ended { failure, report } => SessionError::Ended {
            failure: with_saved(failure),
            report,
        },
        other => other,
    })?;
    if let Some(error) = outcome.error {
        return Err(SessionError::Ended {
            failure: with_saved(error.into()),
            report: Box::new(done.report),
        });
    }
    let total = before + outcome.episodes;
    let grades = match outcome.episodes {
        0 => Ok(Vec::new()),
        _ => grading::graded(&options.dataset, before, total),
    };
    let grades = grades.unwrap_or_else(|error| {
        warnings.push(format!(
            "the episodes have no grades: {error}; `ulna dataset check {}` gives them",
            ulna_outside::files::shell(&options.dataset)
        ));
        Vec::new()
    });
    Ok(Recorded {
        dataset: options.dataset.clone(),
        task: options.task.clone(),
        fps: options.fps,
        cameras,
        episodes: outcome.episodes,
        frames: outcome.rows,
        discarded: outcome.discarded,
        total_episodes: total,
        reports: outcome.reports,
        grades,
        session: done.report,
        interrupted: done.interrupted,
        warnings,
    })
}
