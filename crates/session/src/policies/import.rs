//! LeRobot checkpoints as bundles, and single inferences.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use ulna_core::Unit;
use ulna_policy::Bundle;
use ulna_policy::bundle::FPS;
use ulna_policy::import::{Checkpoint, Identity, ImportReport};
use ulna_policy::infer::{self, Answer};

use super::verify::{self, Verified};
use crate::error::SessionError;
use crate::policy_options::PolicyOptions;
use crate::usage::UsageError;
use ulna_robot::{RobotKind, files};

/// What is to be imported, and what the checkpoint does not say.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The checkpoint's folder.
    pub checkpoint: PathBuf,
    /// The bundle; a new folder in the current one unless given.
    pub output: Option<PathBuf>,
    /// What people call the policy; the folder's name unless given.
    pub name: Option<String>,
    /// The robot: a built-in name, or the path of a robot file.
    pub robot: Option<String>,
    /// The unit of its joints.
    pub unit: Option<Unit>,
    /// Steps per second.
    pub fps: Option<f64>,
    /// The dataset that it was trained on, which says all of the above.
    pub dataset: Option<PathBuf>,
    /// Fields of `config.json` that may be unknown.
    pub ignore: Vec<String>,
    /// A Python that has LeRobot, to check the bundle against.
    pub verify: Option<PathBuf>,
}

/// A finished import.
#[derive(Debug, Clone, Serialize)]
pub struct Imported {
    /// What was done.
    #[serde(flatten)]
    pub report: ImportReport,
    /// LeRobot's names of the robot classes that the bundle is for.
    pub robot_types: Vec<String>,
    /// Its joints.
    pub joints: Vec<String>,
    /// Their unit.
    pub unit: String,
    /// Steps per second.
    pub fps: f64,
    /// What of that was assumed, since neither the checkpoint nor the options say it.
    pub assumed: Vec<String>,
    /// How far PyTorch is from it, if that was asked for.
    pub verified: Option<Verified>,
}

/// What a dataset says about a robot.
#[derive(Debug, Default)]
struct DatasetFacts {
    robot_type: Option<String>,
    joints: Option<Vec<String>>,
    fps: Option<f64>,
}

/// Imports a checkpoint; `policy` says with which engine the golden pair is made.
///
/// # Errors
/// If the checkpoint is not one of ACT or Diffusion, or is damaged, in words.
pub fn import(options: &ImportOptions, policy: &PolicyOptions) -> Result<Imported, SessionError> {
    let checkpoint = Checkpoint::open(&options.checkpoint, &options.ignore)?;
    let base = base_name(&options.checkpoint);
    let output = match &options.output {
        Some(output) => output.clone(),
        None => PathBuf::from(format!("{base}-bundle")),
    };
    let facts = match &options.dataset {
        Some(dataset) => facts_of(dataset)?,
        None => DatasetFacts::default(),
    };
    let mut assumed = Vec::new();
    let identity = identity(options, &facts, checkpoint.joints(), base, &mut assumed)?;
    let engine = policy.open_engine()?;
    let folder = checkpoint.dir().to_owned();
    let report = checkpoint.import(&output, &identity, &engine, policy.threads)?;
    let verified = match &options.verify {
        Some(python) => Some(verify::verify(python, &folder, &output)?),
        None => None,
    };
    Ok(Imported {
        report,
        robot_types: identity.robot_types,
        joints: identity.joints,
        unit: identity.unit.to_string(),
        fps: identity.fps,
        assumed,
        verified,
    })
}

/// What a checkpoint's folder is called: training calls all of them `pretrained_model`, in a folder named by the step.
fn base_name(path: &Path) -> String {
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let names = whole
        .components()
        .rev()
        .map(|part| part.as_os_str().to_string_lossy());
    let mut own = names.filter(|name| {
        let step = name.bytes().all(|byte| byte.is_ascii_digit());
        !step && !["pretrained_model", "last", "checkpoints"].contains(&name.as_ref())
    });
    own.next()
        .map_or_else(|| "policy".to_owned(), std::borrow::Cow::into_owned)
}

fn identity(
    options: &ImportOptions,
    facts: &DatasetFacts,
    joints: usize,
    base: String,
    assumed: &mut Vec<String>,
) -> Result<Identity, SessionError> {
    let kind = match (&options.robot, &facts.robot_type) {
        (Some(name), _) => Some(files::find(name)?),
        (None, Some(robot_type)) => of_type(robot_type, joints),
        (None, None) => {
            let kind = with_joints(joints);
            assumed.extend(
                kind.as_ref()
                    .map(|kind| format!("the robot is a {}", kind.name)),
            );
            kind
        }
    };
    if let Some(kind) = kind.as_ref().filter(|kind| kind.joints.len() != joints) {
        let wrong = UsageError::CheckpointRobot {
            numbers: joints,
            robot: kind.name.clone(),
            joints: kind.joints.len(),
        };
        return Err(wrong.into());
    }
    let names = match (&facts.joints, &kind) {
        (Some(names), None) if names.len() == joints => names.clone(),
        (_, Some(kind)) => kind.names().map(str::to_owned).collect(),
        _ => {
            assumed.push(format!(
                "its {joints} joints are joint_1 to joint_{joints}, since no known robot has so many: `ulna run` will ask for a robot file with these names"
            ));
            (1..=joints).map(|joint| format!("joint_{joint}")).collect()
        }
    };
    let robot_types = match (&facts.robot_type, &kind) {
        (Some(robot_type), _) => vec![robot_type.clone()],
        (None, Some(kind)) => vec![kind.follower.robot_type.clone()],
        (None, None) => vec!["unknown".to_owned()],
    };
    let unit = options.unit.unwrap_or_else(|| {
        // LeRobot's class names tell: so_follower has degrees, the older ones -100..100.
        let m100 = facts.robot_type.as_deref().is_some_and(|name| {
            ["so100_follower", "so101_follower", "koch_follower"].contains(&name)
        });
        let unit = if m100 { Unit::M100 } else { Unit::Degrees };
        if facts.robot_type.is_none() {
            assumed.push(format!("its joints are in {unit}"));
        }
        unit
    });
    let fps = options.fps.or(facts.fps).unwrap_or_else(|| {
        assumed.push("it steps at 30 Hz".to_owned());
        30.0
    });
    if !FPS.contains(&fps) {
        let (low, high) = (*FPS.start(), *FPS.end());
        return Err(UsageError::CheckpointRate { fps, low, high }.into());
    }
    Ok(Identity {
        name: options.name.clone().unwrap_or(base),
        robot_types,
        joints: names,
        unit,
        fps,
    })
}

fn kinds() -> impl Iterator<Item = RobotKind> {
    let known = files::list().into_iter();
    known.filter_map(|listed| files::find(&listed.name).ok())
}

/// The usual robot with so many joints, if one is known: the default one if it has.
fn with_joints(joints: usize) -> Option<RobotKind> {
    let usual = files::find(files::DEFAULT).ok();
    let usual = usual.filter(|kind| kind.joints.len() == joints);
    usual.or_else(|| kinds().find(|kind| kind.joints.len() == joints))
}

fn of_type(robot_type: &str, joints: usize) -> Option<RobotKind> {
    kinds().find(|kind| kind.follower.robot_type == robot_type && kind.joints.len() == joints)
}

/// Far more than any `meta/info.json` has, bytes.
const MOST_INFO: u64 = 64 << 20;

/// Reads `meta/info.json` of a dataset.
fn facts_of(dataset: &Path) -> Result<DatasetFacts, SessionError> {
    let wrong = |reason: String| UsageError::CheckpointDataset {
        dataset: dataset.to_owned(),
        reason,
    };
    let path = dataset.join("meta/info.json");
    let text = ulna_outside::files::read_text(&path, MOST_INFO)
        .map_err(|error| wrong(format!("`{}` cannot be read ({error})", path.display())))?;
    let info: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| wrong(format!("its meta/info.json is no JSON ({error})")))?;
    let names = info.pointer("/features/action/names");
    let names =
        names.and_then(|names| names.as_array().or_else(|| names.get("motors")?.as_array()));
    let joints = names.map(|names| {
        let names = names.iter().filter_map(serde_json::Value::as_str);
        names
            .map(|name| name.strip_suffix(".pos").unwrap_or(name).to_owned())
            .collect()
    });
    let robot_type = info.get("robot_type").and_then(serde_json::Value::as_str);
    Ok(DatasetFacts {
        robot_type: robot_type.map(str::to_owned),
        joints,
        fps: info.get("fps").and_then(serde_json::Value::as_f64),
    })
}

/// One inference.
#[derive(Debug, Clone)]
pub struct Inferred {
    /// What the policy answered.
    pub answer: Answer,
    /// The engine in use.
    pub engine: String,
    /// Its joints.
    pub joints: Vec<String>,
}

/// Runs a policy once on the tensors in `input`, and writes its answer to `output`, if that is given.
///
/// # Errors
/// If a tensor is missing or has the wrong shape, in words.
pub fn infer(
    options: &PolicyOptions,
    input: &Path,
    output: Option<&Path>,
    seed: Option<u32>,
) -> Result<Inferred, SessionError> {
    let bundle = Bundle::open(&options.bundle)?;
    let engine = options.open_engine()?;
    let answer = infer::infer(&bundle, &engine, options.threads, input, seed)?;
    if let Some(output) = output {
        infer::write(output, &answer.action)?;
    }
    Ok(Inferred {
        answer,
        engine: engine.info().to_string(),
        joints: bundle.contract().joints.clone(),
    })
}
