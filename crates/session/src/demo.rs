//! `ulna demo`: the tour. A newcomer sees what ulna does, without hardware and without questions.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use ulna_core::Unit;
use ulna_rt::Stop;

use crate::client::SessionLink;
use crate::datasets;
use crate::error::SessionError;
use crate::options::RigOptions;
use crate::policies::{self, PolicyOptions};
use crate::record::{Episodes, RecordOptions, Recorded, record};
use crate::replay::{EpisodeOptions, JointFit, replay};
use crate::report::{ClockKind, SessionReport};
use crate::shipped;
use crate::teleop::teleop;

/// How long the demo teleoperates.
const TELEOP: Duration = Duration::from_secs(6);

/// Episodes that the demo records, and how long each is.
const EPISODES: u64 = 2;
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

/// Runs the tour; `say` gets a line whenever something begins.
///
/// # Errors
/// If a part of it fails.
pub fn demo(
    seed: u64,
    folder: Option<&Path>,
    stop: &Stop,
    say: &mut dyn FnMut(&str),
) -> Result<Tour, SessionError> {
    let folder = folder.map_or_else(default_folder, Path::to_owned);
    let dataset = folder.join("dataset");
    clear(&dataset)?;
    let real = RigOptions {
        sim: true,
        seed,
        ..RigOptions::default()
    };
    let lockstep = RigOptions {
        clock: ClockKind::Virtual,
        ..real.clone()
    };
    say(
        "1/5  Teleoperate: a simulated hand moves a leader arm, a follower arm follows it. Six seconds, in real time.",
    );
    let teleop = teleop(&real, Some(TELEOP), None, &mut alone(stop))?;
    let mut tour = Tour {
        interrupted: teleop.interrupted,
        teleop: teleop.report,
        record: None,
        check: None,
        replay: None,
        policy: None,
        folder,
    };
    type Step = fn(&mut Tour, &RigOptions, &Path, &Stop) -> Result<bool, SessionError>;
    let steps: [(&str, Step); 4] = [
        (
            "2/5  Record: two episodes of it with two cameras become a dataset. From here on, on the virtual clock.",
            Tour::record,
        ),
        (
            "3/5  Check: files, time stamps and statistics of the dataset, measured rates, motion and pictures.",
            Tour::check,
        ),
        (
            "4/5  Replay: its first episode is played on the follower.",
            Tour::replay,
        ),
        (
            "5/5  Policy: a small neural network, trained on recordings like these, brings the arm's tool to ten targets.",
            Tour::policy,
        ),
    ];
    for (what, step) in steps {
        if tour.interrupted {
            break;
        }
        say(what);
        tour.interrupted = step(&mut tour, &lockstep, &dataset, stop)?;
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
    ) -> Result<bool, SessionError> {
        let options = RecordOptions {
            episodes: Episodes::Total(EPISODES),
            episode_time: EPISODE,
            reset_time: Duration::from_secs(1),
            picture: PICTURE,
            ..RecordOptions::new(dataset.to_owned(), "Move the arm about")
        };
        let recorded = record(rig, &options, None, None, &mut alone(stop))?;
        let interrupted = recorded.interrupted;
        self.record = Some(recorded);
        Ok(interrupted)
    }

    fn check(
        &mut self,
        _rig: &RigOptions,
        dataset: &Path,
        stop: &Stop,
    ) -> Result<bool, SessionError> {
        let settings = datasets::CheckSettings::default();
        match datasets::checked(dataset, settings, &stop.part(), &mut |_| {}) {
            Ok(answer) => self.check = Some(answer.json),
            Err(error) if error.is_interruption() => return Ok(true),
            Err(error) => return Err(error),
        }
        Ok(false)
    }

    fn replay(
        &mut self,
        rig: &RigOptions,
        dataset: &Path,
        stop: &Stop,
    ) -> Result<bool, SessionError> {
        let options = EpisodeOptions {
            dataset: dataset.to_owned(),
            episode: 0,
            ..EpisodeOptions::default()
        };
        let replayed = replay(rig, &options, None, &mut alone(stop))?;
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
    ) -> Result<bool, SessionError> {
        let bundle = self.folder.join("policy");
        shipped::unpack_reach(&bundle)?;
        let rig = RigOptions {
            scene: Some("reach".to_owned()),
            ..rig.clone()
        };
        let policy = PolicyOptions::new(bundle);
        let ran = policies::run(&rig, &policy, Some(POLICY), None, &mut alone(stop))?;
        if !ran.interrupted {
            reached_its_goal(&ran.report)?;
        }
        self.policy = Some(ran.report);
        Ok(ran.interrupted)
    }
}

/// What the policy must do: reach eight of ten targets.
const GOAL: f64 = 0.8;

/// Whether the policy did what it is for.
///
/// # Errors
/// If it reached fewer than eight of ten targets, or there were none.
pub fn reached_its_goal(report: &SessionReport) -> Result<(), SessionError> {
    let task = report.task.as_ref().ok_or_else(|| {
        SessionError::Usage("there was no task to judge the policy by".to_owned())
    })?;
    if task.success_rate().is_some_and(|rate| rate >= GOAL) {
        return Ok(());
    }
    Err(SessionError::Session(format!(
        "the policy missed its goal: {task}, and {:.0} % are asked for; `ulna policy check` says whether the bundle is sound",
        GOAL * 100.0
    )))
}

/// `$XDG_DATA_HOME/ulna/demo`, else `~/.local/share/ulna/demo`, in the current folder where there is no home.
fn default_folder() -> PathBuf {
    let data = env::var_os("XDG_DATA_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    data.unwrap_or_else(|| {
        env::home_dir()
            .unwrap_or_else(|| PathBuf::from("."))
            .join(".local/share")
    })
    .join("ulna/demo")
}

/// Removes what an earlier demo recorded, and nothing else.
fn clear(dataset: &Path) -> Result<(), SessionError> {
    if !dataset.exists() {
        return Ok(());
    }
    let system = |source| SessionError::System {
        what: format!("removing the last demo's {}", dataset.display()),
        source,
    };
    if !dataset.join("meta/info.json").is_file() {
        return Err(SessionError::Usage(format!(
            "{} is there, but is no dataset of an earlier demo; pass another --folder",
            dataset.display()
        )));
    }
    fs::remove_dir_all(dataset).map_err(system)
}

impl Tour {
    /// The end of the tour, for a newcomer.
    pub fn summary(&self) -> String {
        let timing = &self.teleop.timing;
        let bus = &self.teleop.follower;
        let mut lines = vec![
            String::new(),
            "What happened".to_owned(),
            format!(
                "  Teleoperation   {} control ticks at {:.1} of {:.0} Hz; half of them started within {:.0} µs of their deadline",
                timing.ticks, timing.achieved_hz, timing.rate_hz, timing.lateness.p50_us
            ),
            format!(
                "                  {} servo answers over the real wire protocol, {} missed; in the end the arm: {}",
                bus.servos.iter().map(|servo| servo.replies).sum::<u32>(),
                bus.servos.iter().map(|servo| servo.missed).sum::<u32>(),
                self.teleop.exit.happened
            ),
        ];
        lines.push(match &self.record {
            Some(record) => format!(
                "  Record          {} episodes, {} frames with a picture from each of {} cameras; {}",
                record.episodes,
                record.frames,
                record.cameras.len(),
                match &self.check {
                    Some(check) if check["sound"] == true => "the check found nothing wrong",
                    Some(_) => "the check found errors: see `ulna dataset check`",
                    None => "not checked: interrupted",
                }
            ),
            None => "  Record          not reached: interrupted".to_owned(),
        });
        lines.push(match &self.replay {
            Some(replay) => {
                let worst = replay
                    .joints
                    .iter()
                    .max_by(|a, b| a.1.rms.total_cmp(&b.1.rms));
                let worst = worst.map_or(String::new(), |(name, fit)| {
                    format!("{name}, off by {:.1} (RMS, {})", fit.rms, replay.units)
                });
                format!(
                    "  Replay          {} frames; farthest from the recording: {worst}",
                    replay.frames
                )
            }
            None => "  Replay          not reached: interrupted".to_owned(),
        });
        lines.push(match &self.policy {
            Some(report) => policy_line(report),
            None => "  Policy          not reached: interrupted".to_owned(),
        });
        let dataset = self.folder.join("dataset").display().to_string();
        let policy = self.folder.join("policy").display().to_string();
        lines.extend([
            String::new(),
            "Where it lies".to_owned(),
            format!("  {dataset}"),
            "    a LeRobot v3 dataset: numbers in data/, pictures in videos/ (any video player opens them)".to_owned(),
            format!("  {policy}"),
            "    the policy: an ONNX network, and policy.toml, which says what it sees and does".to_owned(),
            String::new(),
            "What to type next".to_owned(),
            "  ulna teleop --sim --fault dead:elbow_flex@2s+2s    watch the follower follow, while a servo's cable is cut for two seconds".to_owned(),
            "  ulna record --sim --dataset my-data --task \"Move about\" --episodes 2 --episode-time 10 --reset-time 3".to_owned(),
            format!("  ulna run --sim --scene reach --policy {policy}"),
            "(Ctrl-C ends each of them gently; from the source folder: `cargo run --release --` in the place of `ulna`)".to_owned(),
        ]);
        lines.join("\n")
    }
}

fn policy_line(report: &SessionReport) -> String {
    let task = report.task.as_ref().map_or(String::new(), |task| {
        let off = task.figure("mean_distance_m").unwrap_or(f64::NAN) * 1e3;
        format!(
            "{} of {} targets reached, {off:.0} mm off on average",
            task.successes.value, task.attempts.value
        )
    });
    let engine = report.policy.as_ref().map_or(String::new(), |policy| {
        format!(
            "; {} chunks of actions by {}",
            policy.inference.inferences, policy.checked.engine
        )
    });
    format!("  Policy          {task}{engine}")
}
