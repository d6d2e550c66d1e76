//! Policies: looking at bundles, and running them on a rig.

mod import;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use ulna_outside::Printable;
use ulna_policy::{Bundle, Engine, EngineChoice, EngineInfo, Report, RobotContract, prepare};
use ulna_robot::{RobotKind, files};

use crate::client::SessionLink;
use crate::display::{Display, DisplaySetup};
use crate::error::SessionError;
use crate::options::RigOptions;
use crate::rig::Rig;
use crate::run::{SessionOutcome, SessionPlan, run as run_session};
use crate::supply::scenes;
use crate::teleoperators::{PICTURE, open_policy};

pub use crate::policy_options::PolicyOptions;
use crate::report::ClockKind;
pub use crate::report::PolicyReport;
use crate::usage::UsageError;
pub use import::{ImportOptions, Imported, Inferred, import, infer};
pub use verify::Verified;

/// The engine that would run a policy's network on this computer, found by loading it.
///
/// # Errors
/// If the library that the user names cannot be used.
pub fn engine() -> Result<EngineInfo, SessionError> {
    Ok(Engine::open(EngineChoice::Auto)?.info().clone())
}

/// A bundle that passed.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// Its folder.
    pub bundle: PathBuf,
    /// The robot that it was checked against.
    pub robot: String,
    /// The checks that it passed.
    #[serde(flatten)]
    pub report: Report,
}

/// Checks a bundle against a robot, and its network against its golden output. Without a robot's name: the first known one whose type and joints fit.
///
/// The robot's surroundings are assumed to have as many values as the policy asks for, if a scene of the simulation has so many.
///
/// # Errors
/// If it does not pass, in words.
pub fn check(options: &PolicyOptions, robot: Option<&str>) -> Result<Checked, SessionError> {
    let bundle = Bundle::open(&options.bundle)?;
    let kind = match robot {
        Some(name) => files::find(name)?,
        None => fitting(&bundle)?,
    };
    let kind = kind.in_unit(bundle.contract().unit);
    let asked = bundle.contract().environment_state();
    let mut scenes = scenes::all().iter();
    let known = scenes.any(|scene| scene.environment.len() == asked);
    let environment = if known { asked } else { 0 };
    let contract = offer(&kind, RATE, environment);
    let engine = options.open_engine()?;
    let (_, report) = prepare(&bundle, &engine, options.threads, Some(&contract))?;
    Ok(Checked {
        bundle: options.bundle.clone(),
        robot: kind.name,
        report,
    })
}

/// Runs a policy on a rig for `duration`, or until stopped; `display` shows it.
///
/// # Errors
/// If the policy does not pass its checks, before anything moves; else as [`run_session`].
pub fn run(
    options: &RigOptions,
    policy: &PolicyOptions,
    duration: Option<Duration>,
    display: Option<Box<dyn Display>>,
    link: &mut SessionLink,
) -> Result<SessionOutcome, SessionError> {
    link.without_recorder();
    let bundle = Bundle::open(&policy.bundle)?;
    let options = in_units_of(options, &bundle);
    let rig = Rig::open_for(&options, link, |request| {
        request.notes.extend(policy.task.as_ref().map(|task| {
            format!(
                "policy `{}` takes no task: `{}` goes into the report, and it does what it was trained for",
                Printable(bundle.name()),
                Printable(task)
            )
        }));
        open_policy(request, &bundle, policy)
    })?;
    let plan = SessionPlan {
        command: "run",
        duration,
        display: display.map(DisplaySetup::new),
        recording: None,
        watch: None,
    };
    run_session(rig, plan, link)
}

/// The rig with its joints in the units of a policy.
pub(crate) fn in_units_of(options: &RigOptions, bundle: &Bundle) -> RigOptions {
    RigOptions {
        unit: Some(bundle.contract().unit),
        ..options.clone()
    }
}

/// A simulated rig on the virtual clock in which this policy has something to do: the first known robot that it fits, in the scene that reports what it
/// wants to see. `None` if it looks at no numbers of its surroundings, or no scene has them.
pub fn at_home(bundle: &Bundle, seed: u64) -> Option<RigOptions> {
    let asked = bundle.contract().environment_state();
    let mut scenes = scenes::all().iter();
    let scene = scenes.find(|scene| asked > 0 && scene.environment.len() == asked)?;
    Some(RigOptions {
        robot: fitting(bundle).ok()?.name,
        sim: true,
        clock: ClockKind::Virtual,
        scene: Some(scene.name.clone()),
        seed,
        ..RigOptions::default()
    })
}

/// The usual control rate, Hz.
const RATE: f64 = 200.0;

/// What this robot offers with its cameras at the usual size.
fn offer(kind: &RobotKind, rate_hz: f64, environment_state: usize) -> RobotContract {
    let contract = RobotContract::of(kind, rate_hz).with_environment_state(environment_state);
    kind.cameras.iter().fold(contract, |contract, camera| {
        contract.with_camera(&camera.name, PICTURE)
    })
}

fn fitting(bundle: &Bundle) -> Result<RobotKind, SessionError> {
    let contract = bundle.contract();
    let known = files::list();
    let kinds = known
        .iter()
        .filter_map(|listed| files::find(&listed.name).ok());
    let mut fitting = kinds.filter(|kind| {
        contract.robot_types.contains(&kind.follower.robot_type)
            && kind.names().eq(contract.joints.iter().map(String::as_str))
    });
    fitting.next().ok_or_else(|| {
        let wrong = UsageError::PolicyRobot {
            policy: bundle.name().to_owned(),
            robot_types: contract.robot_types.join(" or "),
            joints: contract.joints.join(", "),
        };
        wrong.into()
    })
}
