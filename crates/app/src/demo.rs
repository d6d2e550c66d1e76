//! `ulna demo`: the tour. A newcomer sees what ulna does, without hardware and without questions.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use ulna_core::Unit;
use ulna_rt::Stop;

use crate::error::AppError;
use crate::replay::{JointFit, ReplayOptions, replay};
use crate::report::{ClockKind, SessionReport};
use crate::rig::{Rig, RigOptions};
use crate::run::{Job, run};

/// The shipped dataset, compiled in so that an installed binary needs nothing beside it: path in the dataset and contents.
const EPISODE: [(&str, &[u8]); 6] = [
    (
        "meta/info.json",
        include_bytes!("../../../datasets/so101-hand/meta/info.json"),
    ),
    (
        "meta/stats.json",
        include_bytes!("../../../datasets/so101-hand/meta/stats.json"),
    ),
    (
        "meta/tasks.parquet",
        include_bytes!("../../../datasets/so101-hand/meta/tasks.parquet"),
    ),
    (
        "meta/episodes/chunk-000/file-000.parquet",
        include_bytes!("../../../datasets/so101-hand/meta/episodes/chunk-000/file-000.parquet"),
    ),
    (
        "meta/ulna/manifest.json",
        include_bytes!("../../../datasets/so101-hand/meta/ulna/manifest.json"),
    ),
    (
        "data/chunk-000/file-000.parquet",
        include_bytes!("../../../datasets/so101-hand/data/chunk-000/file-000.parquet"),
    ),
];

/// How long the demo teleoperates.
const TELEOP: Duration = Duration::from_secs(6);

/// What the demo did.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// The teleoperation.
    pub teleop: SessionReport,
    /// The replay; absent if the demo was interrupted before it.
    pub replay: Option<ReplayTold>,
    /// Where things lie.
    pub folder: PathBuf,
    /// Somebody pressed Ctrl-C.
    pub interrupted: bool,
}

/// The demo's replay.
#[derive(Debug, Clone, Serialize)]
pub struct ReplayTold {
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
) -> Result<Told, AppError> {
    let folder = folder.map_or_else(default_folder, Path::to_owned);
    let dataset = folder.join("so101-hand");
    unpack(&dataset)?;
    let rig = RigOptions {
        sim: true,
        seed,
        ..RigOptions::default()
    };
    say(
        "1/2  Teleoperation, 6 s in real time: a simulated hand moves a leader arm, a follower arm follows it.",
    );
    let opened = Rig::open(&rig, true)?;
    let teleop = run(
        opened,
        &Job::Teleop {
            duration: Some(TELEOP),
        },
        stop,
        &mut (),
    )?;
    let mut told = Told {
        teleop: teleop.report,
        replay: None,
        folder,
        interrupted: teleop.interrupted,
    };
    if !told.interrupted {
        say("2/2  Replay: a recorded episode is played on the follower, on the virtual clock.");
        let rig = RigOptions {
            clock: ClockKind::Virtual,
            ..rig
        };
        let options = ReplayOptions {
            dataset: dataset.clone(),
            episode: 0,
            units: None,
        };
        let replayed = replay(&rig, &options, stop, &mut ())?;
        let (units, frames, joints) = (replayed.units, replayed.frames, replayed.joints);
        told.replay = Some(ReplayTold {
            units,
            frames,
            joints,
            dataset,
        });
    }
    Ok(told)
}

/// `$XDG_DATA_HOME/ulna/demo`, else `~/.local/share/ulna/demo`.
fn default_folder() -> PathBuf {
    let data = env::var_os("XDG_DATA_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    data.unwrap_or_else(|| {
        env::home_dir()
            .unwrap_or_else(env::temp_dir)
            .join(".local/share")
    })
    .join("ulna/demo")
}

fn unpack(dataset: &Path) -> Result<(), AppError> {
    for (name, contents) in EPISODE {
        let path = dataset.join(name);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(dataset))?;
            fs::write(&path, contents)
        };
        write().map_err(|source| AppError::System {
            what: format!("writing {}", path.display()),
            source,
        })?;
    }
    Ok(())
}

impl Told {
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
        let dataset = match &self.replay {
            Some(replay) => {
                let worst = replay
                    .joints
                    .iter()
                    .max_by(|a, b| a.1.rms.total_cmp(&b.1.rms));
                let worst = worst.map_or(String::new(), |(name, fit)| {
                    format!("{name}, off by {:.2} (RMS)", fit.rms)
                });
                lines.push(format!(
                    "  Replay          {} frames; the joint that followed the recording worst: {worst}",
                    replay.frames
                ));
                replay.dataset.display().to_string()
            }
            None => {
                lines.push("  Replay          not reached: interrupted".to_owned());
                "DIR".to_owned()
            }
        };
        lines.extend([
            String::new(),
            "Where it lies".to_owned(),
            format!("  {dataset}   the episode, a LeRobot v3 dataset"),
            String::new(),
            "What to type next".to_owned(),
            "  ulna teleop --sim                                 watch the follower follow, with live figures; Ctrl-C parks it".to_owned(),
            "  ulna teleop --sim --fault dead:elbow_flex@2s+2s   cut a servo's cable for two seconds".to_owned(),
            format!("  ulna replay --sim --dataset {dataset} --episode 0"),
            "(from the source folder: `cargo run --release --` in the place of `ulna`)".to_owned(),
        ]);
        lines.join("\n")
    }
}
