//! Policies: looking at bundles, and running them on a rig.

mod import;
pub(crate) mod mind;
mod verify;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use ulna_core::{Environment, RobotKind};
use ulna_policy::{
    Bundle, Engine, EngineChoice, Merge, Provider, Report, RobotContract, RunnerOptions, prepare,
};
use ulna_rt::Stop;
use ulna_sim::task::Reach;

use crate::display;
use crate::error::AppError;
use crate::rig::RigOptions;
use crate::robots;
use crate::run::{Done, Job, Ui, run as run_session};

pub use import::{ImportOptions, Imported, Inferred, import, infer};
pub use mind::{Mind, PolicyReport};
pub use verify::Verified;

/// Which policy, and how it is run.
#[derive(Debug, Clone)]
pub struct PolicyOptions {
    /// Folder of the bundle.
    pub bundle: PathBuf,
    /// What runs the network.
    pub engine: EngineChoice,
    /// Threads for the network; tract always takes one.
    pub threads: NonZeroUsize,
    /// On the virtual clock: from the observation to the chunk.
    pub latency: Duration,
    /// What it computes with.
    pub provider: Provider,
    /// What becomes of a new chunk while an old one is being played.
    pub merge: Merge,
    /// Steps over which chunks are blended.
    pub blend_steps: usize,
    /// How long before the end of a chunk the next one is asked for, at least.
    pub refill: Duration,
}

impl PolicyOptions {
    /// Whatever engine there is, on one thread; 20 ms of latency on the virtual clock.
    pub fn new(bundle: PathBuf) -> Self {
        Self {
            bundle,
            engine: EngineChoice::Auto,
            threads: NonZeroUsize::MIN,
            latency: Duration::from_millis(20),
            provider: Provider::default(),
            merge: Merge::default(),
            blend_steps: RunnerOptions::default().blend_steps,
            refill: Duration::ZERO,
        }
    }

    /// The engine that these options ask for.
    pub(crate) fn open_engine(&self) -> Result<Engine, AppError> {
        Ok(Engine::open(self.engine)?.with_provider(self.provider)?)
    }
}

/// A bundle that passed.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// Its folder.
    pub bundle: PathBuf,
    /// The robot that it was held against.
    pub robot: String,
    /// What was held against what.
    #[serde(flatten)]
    pub report: Report,
}

/// Holds a bundle against a robot and its golden output. Without a robot's name: the first known one whose type and joints fit.
///
/// Of the robot's surroundings it is assumed that they tell what a scene of the simulation tells, if the policy asks for that.
///
/// # Errors
/// If it does not pass, in words.
pub fn check(options: &PolicyOptions, robot: Option<&str>) -> Result<Checked, AppError> {
    let bundle = Bundle::open(&options.bundle)?;
    let kind = match robot {
        Some(name) => robots::find(name)?,
        None => fitting(&bundle)?,
    };
    let kind = kind.in_unit(bundle.contract().unit);
    let asked = bundle.contract().environment_state();
    let told = Reach::new(&kind, 0).names().len();
    let environment = if asked == told { told } else { 0 };
    let contract = offer(&kind, RATE, environment);
    let engine = options.open_engine()?;
    let (_, report) = prepare(&bundle, &engine, options.threads, Some(&contract))?;
    Ok(Checked {
        bundle: options.bundle.clone(),
        robot: kind.name,
        report,
    })
}

/// Runs a policy on a rig for `duration`, or until stopped.
///
/// # Errors
/// If the policy does not pass its checks, before anything moves; else as [`run_session`].
pub fn run(
    options: &RigOptions,
    policy: &PolicyOptions,
    duration: Option<Duration>,
    stop: &Stop,
    ui: &mut dyn Ui,
) -> Result<Done, AppError> {
    let (mut rig, bundle) = mind::open_rig(options, policy)?;
    mind::attach(&mut rig, options, &bundle, policy, Vec::new())?;
    display::watch(ui.display(), &mut rig, options)?;
    run_session(rig, &Job::Policy { duration }, stop, ui)
}

/// The usual control rate, Hz, and size of pictures, pixels.
const RATE: f64 = 200.0;
const PICTURE: (u32, u32) = (640, 480);

/// What this robot offers with its cameras at the usual size.
fn offer(kind: &RobotKind, rate_hz: f64, environment_state: usize) -> RobotContract {
    let contract = RobotContract::of(kind, rate_hz).with_environment_state(environment_state);
    kind.cameras.iter().fold(contract, |contract, camera| {
        contract.with_camera(&camera.name, PICTURE)
    })
}

fn fitting(bundle: &Bundle) -> Result<RobotKind, AppError> {
    let contract = bundle.contract();
    let known = robots::list();
    let kinds = known
        .iter()
        .filter_map(|listed| robots::find(&listed.name).ok());
    let mut fitting = kinds.filter(|kind| {
        contract.robot_types.contains(&kind.follower.robot_type)
            && kind.names().eq(contract.joints.iter().map(String::as_str))
    });
    fitting.next().ok_or_else(|| {
        AppError::Usage(format!(
            "policy `{}` is for a {} with the joints {}, and no known robot is one; name its robot file with --robot",
            bundle.name(),
            contract.robot_types.join(" or "),
            contract.joints.join(", ")
        ))
    })
}
