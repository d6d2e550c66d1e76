//! Whether `policy.toml` makes sense.

use std::collections::BTreeMap;
use std::path::Path;

use ulna_core::{MAX_JOINTS, Unit};

use crate::chunk::MAX_KNOTS;
use crate::contract::{Contract, ENVIRONMENT_STATE, IMAGES, Input, InputKind, STATE, camera_of};
use crate::diffusion::{self, Scheduler};
use crate::error::PolicyError;

use super::manifest::{DiffusionSpec, Manifest, OneOrMore, Resize, SCHEMA, Units};
use super::{ChunkSettings, MAX_ENVIRONMENT, statistics};

/// The largest picture side, pixels.
const MAX_SIDE: usize = 4096;
/// The most numbers that describe observations to a denoiser.
const MAX_CONDITION: usize = 1 << 20;
/// The most cameras.
const MAX_CAMERAS: usize = 8;
/// The most observations that a policy may see at once.
const MAX_HISTORY: usize = 64;
/// The fastest and slowest steps, Hz.
const FPS: std::ops::RangeInclusive<f64> = 0.1..=1000.0;

/// The files of a policy's graphs.
#[derive(Debug)]
pub(super) enum GraphFiles<'a> {
    /// From observation to chunk.
    Whole(&'a str),
    /// From observations to a condition, and one step of denoising.
    Diffusion {
        encoder: &'a str,
        denoiser: &'a str,
        spec: &'a DiffusionSpec,
    },
}

pub(super) fn graph_files(manifest: &Manifest) -> Result<GraphFiles<'_>, String> {
    let roles: Vec<&str> = manifest.graphs.keys().map(String::as_str).collect();
    let file = |role: &str| manifest.graphs[role].as_str();
    match (roles.as_slice(), &manifest.diffusion) {
        (["policy"], None) => Ok(GraphFiles::Whole(file("policy"))),
        (["denoiser", "encoder"], Some(spec)) => Ok(GraphFiles::Diffusion {
            encoder: file("encoder"),
            denoiser: file("denoiser"),
            spec,
        }),
        (["denoiser", "encoder"], None) => Err(
            "its graphs are an encoder and a denoiser, and the section [diffusion], which says how to denoise, is missing".to_owned(),
        ),
        (_, Some(_)) => Err(format!(
            "it has a section [diffusion], and its graphs are [{}]; `encoder` and `denoiser` belong to that section",
            roles.join(", ")
        )),
        _ => Err(format!(
            "its graphs are [{}], and two layouts are run: one graph named `policy`, from an observation to a chunk of actions, or an \
             `encoder` and a `denoiser` with a section [diffusion]",
            roles.join(", ")
        )),
    }
}

pub(super) fn chunk_settings(manifest: &Manifest) -> Result<ChunkSettings, String> {
    let chunk = &manifest.chunk;
    let settings = ChunkSettings {
        chunk_size: chunk.chunk_size,
        n_action_steps: chunk.n_action_steps,
        n_obs_steps: chunk.n_obs_steps,
        temporal_ensemble_coeff: chunk.temporal_ensemble_coeff,
    };
    if !(1..=MAX_KNOTS).contains(&settings.chunk_size) {
        return Err(format!(
            "chunk_size is {}, and 1 to {MAX_KNOTS} steps are possible",
            settings.chunk_size
        ));
    }
    if !(1..=settings.chunk_size).contains(&settings.n_action_steps) {
        return Err(format!(
            "n_action_steps is {}, and a chunk has {} steps",
            settings.n_action_steps, settings.chunk_size
        ));
    }
    if !(1..=MAX_HISTORY).contains(&settings.n_obs_steps) {
        return Err(format!(
            "n_obs_steps is {}, and 1 to {MAX_HISTORY} observations are possible",
            settings.n_obs_steps
        ));
    }
    match settings.temporal_ensemble_coeff {
        Some(coeff) if !coeff.is_finite() || coeff.abs() > 10.0 => Err(format!(
            "temporal_ensemble_coeff is {coeff}, and -10 to 10 are possible"
        )),
        Some(_) if settings.n_action_steps != 1 => Err(format!(
            "temporal_ensemble_coeff needs n_action_steps = 1, because every step wants a new chunk; it is {}",
            settings.n_action_steps
        )),
        _ => Ok(settings),
    }
}

pub(super) fn check_head(manifest: &Manifest) -> Result<(), String> {
    if manifest.schema != SCHEMA {
        return Err(format!(
            "its schema is {}, and this ulna reads {SCHEMA}; a newer ulna may read it",
            manifest.schema
        ));
    }
    if manifest.name.trim().is_empty() {
        return Err("its name is empty".to_owned());
    }
    if !FPS.contains(&manifest.fps) {
        return Err(format!(
            "fps is {}, and {} to {} are possible",
            manifest.fps,
            FPS.start(),
            FPS.end()
        ));
    }
    let joints = &manifest.joints;
    if !(1..=MAX_JOINTS).contains(&joints.len()) {
        return Err(format!(
            "it names {} joints, and 1 to {MAX_JOINTS} are possible",
            joints.len()
        ));
    }
    if let Some(twice) = joints
        .iter()
        .enumerate()
        .find(|(i, name)| joints[..*i].iter().any(|other| plain(other) == plain(name)))
    {
        return Err(format!("it names joint `{}` twice", twice.1));
    }
    if !(manifest.golden.tolerance > 0.0 && manifest.golden.tolerance.is_finite()) {
        return Err(format!(
            "the golden tolerance is {}, and must be above zero",
            manifest.golden.tolerance
        ));
    }
    Ok(())
}

pub(super) fn contract(
    dir: &Path,
    manifest: &Manifest,
    wrong: &dyn Fn(String) -> PolicyError,
) -> Result<Contract, PolicyError> {
    let joints = manifest.joints.len();
    if manifest.inputs.is_empty() {
        return Err(wrong("it has no inputs".to_owned()));
    }
    let mut files = BTreeMap::new();
    let mut inputs: Vec<Input> = Vec::new();
    for spec in &manifest.inputs {
        let kind = input_kind(&spec.key, &spec.shape, spec.resize).map_err(wrong)?;
        let statistics = statistics::Wanted {
            dir,
            key: &spec.key,
            mode: spec.normalisation,
            spec: spec.statistics.as_ref(),
            len: match kind {
                InputKind::Image { .. } => 3,
                _ => spec.shape[0],
            },
        };
        let input = Input {
            key: spec.key.clone(),
            tensor: spec.tensor.clone().unwrap_or_else(|| spec.key.clone()),
            kind,
            normaliser: statistics.load(&mut files, wrong)?,
        };
        let clash = inputs
            .iter()
            .find(|other| other.key == input.key || other.tensor == input.tensor);
        if clash.is_some() {
            return Err(wrong(format!(
                "the input `{}` (tensor `{}`) is there twice",
                input.key, input.tensor
            )));
        }
        inputs.push(input);
    }
    if inputs
        .iter()
        .filter(|input| input.camera().is_some())
        .count()
        > MAX_CAMERAS
    {
        return Err(wrong(format!(
            "it looks through more than {MAX_CAMERAS} cameras"
        )));
    }
    let action = &manifest.action;
    if action.shape != [joints] {
        return Err(wrong(format!(
            "the action's shape is {:?}, and {joints} joints are named",
            action.shape
        )));
    }
    let statistics = statistics::Wanted {
        dir,
        key: "action",
        mode: action.normalisation,
        spec: action.statistics.as_ref(),
        len: joints,
    };
    let action_normaliser = statistics.load(&mut files, wrong)?;
    let robot_types = match &manifest.robot_type {
        OneOrMore::One(one) => vec![one.clone()],
        OneOrMore::More(more) => more.clone(),
    };
    if robot_types.is_empty() {
        return Err(wrong("it names no robot_type".to_owned()));
    }
    Ok(Contract {
        robot_types,
        joints: manifest.joints.iter().map(|name| plain(name)).collect(),
        unit: match manifest.units {
            Units::Degrees => Unit::Degrees,
            Units::M100 => Unit::M100,
        },
        fps: manifest.fps,
        inputs,
        action_tensor: action.tensor.clone().unwrap_or_else(|| "action".to_owned()),
        action: action_normaliser,
    })
}

/// LeRobot writes joints into datasets with the unit's name behind them: `shoulder_pan.pos`.
fn plain(joint: &str) -> String {
    joint.strip_suffix(".pos").unwrap_or(joint).to_owned()
}

fn input_kind(key: &str, shape: &[usize], resize: Option<Resize>) -> Result<InputKind, String> {
    if resize.is_some() && camera_of(key).is_none() {
        return Err(format!("`{key}` is no picture and cannot be resized"));
    }
    match (key, shape) {
        (STATE, [len]) if (1..=MAX_JOINTS).contains(len) => Ok(InputKind::State(*len)),
        (STATE, _) => Err(format!(
            "{STATE} has the shape {shape:?}, and one row of 1 to {MAX_JOINTS} numbers is possible"
        )),
        (ENVIRONMENT_STATE, [len]) if (1..=MAX_ENVIRONMENT).contains(len) => {
            Ok(InputKind::EnvironmentState(*len))
        }
        (ENVIRONMENT_STATE, _) => Err(format!(
            "{ENVIRONMENT_STATE} has the shape {shape:?}, and one row of 1 to {MAX_ENVIRONMENT} numbers is possible"
        )),
        (key, [3, height, width])
            if camera_of(key).is_some()
                && (1..=MAX_SIDE).contains(height)
                && (1..=MAX_SIDE).contains(width) =>
        {
            Ok(InputKind::Image {
                width: *width,
                height: *height,
                resize: resize.is_some(),
            })
        }
        (key, _) if camera_of(key).is_some() => Err(format!(
            "`{key}` has the shape {shape:?}, and [3, height, width] with sides of at most {MAX_SIDE} pixels is possible"
        )),
        _ => Err(format!(
            "it has an input `{key}`, and only {STATE}, {ENVIRONMENT_STATE} and {IMAGES}NAME are known"
        )),
    }
}

/// The scheduler that the section [diffusion] describes.
pub(super) fn scheduler(
    spec: &DiffusionSpec,
    chunks: &ChunkSettings,
    joints: usize,
) -> Result<Scheduler, String> {
    let later = (spec.horizon + 1).saturating_sub(chunks.n_obs_steps);
    if chunks.chunk_size > later {
        return Err(format!(
            "chunk_size is {}, and a horizon of {} with n_obs_steps {} has {later} steps from now on",
            chunks.chunk_size, spec.horizon, chunks.n_obs_steps
        ));
    }
    if !(1..=MAX_CONDITION).contains(&spec.condition) || spec.horizon > MAX_KNOTS {
        return Err(format!(
            "condition is {} and horizon {}, and 1 to {MAX_CONDITION} numbers and at most {MAX_KNOTS} steps are possible",
            spec.condition, spec.horizon
        ));
    }
    Scheduler::new(&diffusion::Settings {
        noise_scheduler_type: &spec.noise_scheduler_type,
        num_train_timesteps: spec.num_train_timesteps,
        num_inference_steps: spec.num_inference_steps,
        beta_schedule: &spec.beta_schedule,
        beta_start: spec.beta_start,
        beta_end: spec.beta_end,
        prediction_type: &spec.prediction_type,
        clip: spec.clip_sample.then_some(spec.clip_sample_range),
        numbers: spec.horizon * joints,
        skip: (chunks.n_obs_steps - 1) * joints,
    })
}
