//! `ulna demo`: the tour. A newcomer sees what ulna does, without hardware and without questions.

mod folder;
mod summary;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use folder::{EPISODES, Places, TASK};
use serde::Serialize;
use serde_json::Value;
use ulna_core::Unit;
use ulna_dataset::PageOptions;
use ulna_rt::Stop;

use crate::client::SessionLink;
use crate::datasets;
use crate::display::Display;
use crate::error::SessionError;
use crate::failure::SessionFailure;
use crate::options::RigOptions;
use crate::policies::{self, PolicyOptions};
use crate::record::{Episodes, GradedEpisode, RecordOptions, Recorded, record};
use crate::replay::{EpisodeOptions, JointFit, replay};
use crate::report::{ClockKind, SessionReport};
use crate::shipped;
use crate::teleop::teleop;
use crate::usage::UsageError;

/// How long the demo teleoperates.
const TELEOP: Duration = Duration::from_secs(6);

/// How long an episode of the demo is.
const EPISODE: Duration = Duration::from_secs(4);

/// How long the policy has: ten targets, and a moment.
const POLICY: Duration = Duration::from_secs(31);

/// Size of the demo's pictures: small, so that it is quick on any computer.
const PICTURE: (u32, u32) = (320, 240);

/// What the demo did. Legs that an interruption kept from happening are absent.
#[derive(Debug, Serialize)]
pub struct Tour {
    /// The teleoperation.
    pub teleop: SessionReport,
    /// The recording.
    pub record: Option<Recorded>,
    /// What the check of the recorded dataset found.
    pub check: Option<Value>,
    /// The replay of its first episode.
    pub replay: Option<ReplayStep>,
    /// The policy at work, and how well it did.
    pub policy: Option<SessionReport>,
    /// The dataset as a page for any browser.
    pub page: Option<PathBuf>,
    /// The policy at work, as a recording for Rerun's viewer.
    pub film: Option<PathBuf>,
    /// Where things lie.
    pub folder: PathBuf,
    /// Ctrl-C was pressed.
    pub interrupted: bool,
}

/// The demo's replay.
#[derive(Debug, Clone, Serialize)]
pub struct ReplayStep {
    /// The unit of the body joints.
    pub units: Unit,
    /// Frames played.
    pub frames: usize,
    /// Joint name and fit.
    pub joints: Vec<(String, JointFit)>,
    /// The dataset.
    pub dataset: PathBuf,
}

/// Opens a display that writes into a file; none where there is no viewer.
pub type OpenDisplay = dyn FnMut(&Path) -> Result<Option<Box<dyn Display>>, SessionError>;

/// What the tour is shown with.
pub struct Audience<'a> {
    /// Gets a line whenever something begins.
    pub say: &'a mut dyn FnMut(&str),
    /// Opens a display that writes into this file; none where there is no viewer.
    pub film: &'a mut OpenDisplay,
}

impl fmt::Debug for Audience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Audience")
    }
}

/// Runs the tour.
///
/// # Errors
/// If a part of it fails, or does not do what it shows.
pub fn demo(
    seed: u64,
    folder: Option<&Path>,
    stop: &Stop,
    audience: &mut Audience<'_>,
) -> Result<Tour, SessionError> {
    let folder = folder.map_or_else(folder::default_folder, Path::to_owned);
    let places = Places::of(&folder);
    places.clear()?;
    let dataset = places.dataset;
    let real = RigOptions {
        sim: true,
        seed,
        ..RigOptions::default()
    };
    let lockstep = RigOptions {
        clock: ClockKind::Virtual,
        ..real.clone()
    };
    (audience.say)(
        "Two simulated arms, without hardware; it takes a quarter of a minute. At the end there are a page and a recording to look at.",
    );
    (audience.say)(
        "1/5  Teleoperate: a simulated hand moves a leader arm, a follower arm follows it. Six seconds, in real time.",
    );
    let teleop = teleop(&real, Some(TELEOP), None, &mut alone(stop))?;
    if !teleop.interrupted {
        servos_answered(&teleop.report)?;
    }
    let mut tour = Tour {
        interrupted: teleop.interrupted,
        teleop: teleop.report,
        record: None,
        check: None,
        replay: None,
        policy: None,
        page: None,
        film: None,
        folder,
    };
    type Step =
        fn(&mut Tour, &RigOptions, &Path, &Stop, &mut Audience<'_>) -> Result<bool, SessionError>;
    let steps: [(&str, Step); 4] = [
        (
            "2/5  Record: two episodes of it with two cameras become a dataset. From here on, on the virtual clock.",
            Tour::record,
        ),
        (
            "3/5  Check: files, time stamps and statistics of the dataset, measured rates, motion and pictures; and its report as a page.",
            Tour::check,
        ),
        (
            "4/5  Replay: its first episode is played on the follower.",
            Tour::replay,
        ),
        (
            "5/5  Policy: a small neural network, trained on recordings like these, brings the arm's tool to one target after the other.",
            Tour::policy,
        ),
    ];
    for (what, step) in steps {
        if tour.interrupted {
            break;
        }
        (audience.say)(what);
        tour.interrupted = step(&mut tour, &lockstep, &dataset, stop, audience)?;
    }
    Ok(tour)
}

/// A session of its own for one step of the tour, without clients.
fn alone(stop: &Stop) -> SessionLink {
    SessionLink::alone(&stop.part())
}

/// The steps; each says whether it was interrupted.
impl Tour {
    fn record(
        &mut self,
        rig: &RigOptions,
        dataset: &Path,
        stop: &Stop,
        _audience: &mut Audience<'_>,
    ) -> Result<bool, SessionError> {
        let options = RecordOptions {
            episodes: Episodes::Total(EPISODES),
            episode_time: EPISODE,
            reset_time: Duration::from_secs(1),
            picture: Some(PICTURE),
            ..RecordOptions::new(dataset.to_owned(), TASK)
        };
        let recorded = record(rig, &options, None, None, &mut alone(stop))?;
        let interrupted = recorded.interrupted;
        if !interrupted && recorded.grades.iter().any(GradedEpisode::is_poor) {
            return Err(failed(
                "its recording",
                "an episode is not fit for training",
                dataset,
            ));
        }
        self.record = Some(recorded);
        Ok(interrupted)
    }

    fn check(
        &mut self,
        _rig: &RigOptions,
        dataset: &Path,
        stop: &Stop,
        _audience: &mut Audience<'_>,
    ) -> Result<bool, SessionError> {
        let settings = datasets::CheckSettings::default();
        let checked = datasets::checked(dataset, settings, &stop.part(), &mut |_| {});
        let checked = match checked {
            Err(error) if error.is_interruption() => return Ok(true),
            checked => checked?,
        };
        if !checked.good {
            return Err(failed("its check", "the dataset has errors", dataset));
        }
        self.check = Some(checked.json);
        let page = Places::of(&self.folder).page;
        let options = PageOptions::default();
        match datasets::reported(dataset, &page, &options, &stop.part(), &mut |_| {}) {
            Err(error) if error.is_interruption() => return Ok(true),
            written => written?,
        };
        self.page = Some(page);
        Ok(false)
    }

    fn replay(
        &mut self,
        rig: &RigOptions,
        dataset: &Path,
        stop: &Stop,
        _audience: &mut Audience<'_>,
    ) -> Result<bool, SessionError> {
        let options = EpisodeOptions {
            dataset: dataset.to_owned(),
            episode: 0,
            ..EpisodeOptions::default()
        };
        let replayed = replay(rig, &options, None, &mut alone(stop))?;
        let worst = replayed.joints.iter().map(|(_, fit)| fit.rms);
        let worst = worst.fold(0.0, f64::max);
        // NaN is no fit either.
        let fits = worst <= FARTHEST;
        if !replayed.outcome.interrupted && !fits {
            let what = format!("a joint is off by {worst:.1} (RMS), and {FARTHEST} is allowed");
            return Err(failed("its replay", &what, dataset));
        }
        self.replay = Some(ReplayStep {
            units: replayed.units,
            frames: replayed.frames,
            joints: replayed.joints,
            dataset: dataset.to_owned(),
        });
        Ok(replayed.outcome.interrupted)
    }

    fn policy(
        &mut self,
        rig: &RigOptions,
        _dataset: &Path,
        stop: &Stop,
        audience: &mut Audience<'_>,
    ) -> Result<bool, SessionError> {
        let places = Places::of(&self.folder);
        let bundle = places.policy;
        shipped::unpack_reach(&bundle)?;
        let rig = RigOptions {
            scene: Some("reach".to_owned()),
            ..rig.clone()
        };
        let policy = PolicyOptions::new(bundle);
        let film = places.film;
        let display = (audience.film)(&film)?;
        self.film = display.as_ref().map(|_| film);
        let ran = policies::run(&rig, &policy, Some(POLICY), display, &mut alone(stop))?;
        if !ran.interrupted {
            reached_its_goal(&ran.report)?;
        }
        self.policy = Some(ran.report);
        Ok(ran.interrupted)
    }
}

/// How far the replayed follower may be from the recorded one, RMS, in the unit of each joint. It is the same simulated arm behind the
/// same adapter, which answers at other moments: it is off by up to some 3.
const FARTHEST: f64 = 8.0;

/// Part of the reads that may go unanswered: the simulated servos answer all, and a computer that is this busy shows nothing.
const UNANSWERED: f64 = 0.1;

/// Whether the follower's servos answered in teleoperation.
///
/// # Errors
/// If there were no ticks, or more than a tenth of the reads went unanswered.
pub fn servos_answered(report: &SessionReport) -> Result<(), SessionError> {
    let servos = report.follower.servos.iter();
    let (replies, missed) = servos.fold((0u64, 0u64), |(replies, missed), servo| {
        (
            replies + u64::from(servo.replies),
            missed + u64::from(servo.missed),
        )
    });
    let part = missed as f64 / (replies + missed).max(1) as f64;
    if report.timing.ticks > 0 && replies > 0 && part <= UNANSWERED {
        return Ok(());
    }
    Err(SessionError::Ended {
        failure: SessionFailure::Unanswered {
            missed,
            reads: replies + missed,
        },
        report: Box::new(report.clone()),
    })
}

/// A part of the tour that did not do what it shows.
fn failed(part: &str, what: &str, dataset: &Path) -> SessionError {
    let failure = SessionFailure::Tour {
        part: part.to_owned(),
        what: what.to_owned(),
        dataset: dataset.to_owned(),
    };
    failure.into()
}

/// What the policy must do: reach eight of ten targets.
const GOAL: f64 = 0.8;

/// Whether the policy did what it is for.
///
/// # Errors
/// If it reached fewer than eight of ten targets, or there were none.
pub fn reached_its_goal(report: &SessionReport) -> Result<(), SessionError> {
    let task = report.task.as_ref().ok_or(UsageError::NoTask)?;
    if task.success_rate().is_some_and(|rate| rate >= GOAL) {
        return Ok(());
    }
    let failure = SessionFailure::MissedGoal {
        task: task.to_string(),
        percent: GOAL * 100.0,
    };
    Err(failure.into())
}
