//! Whether `policy.toml` makes sense.

use std::collections::BTreeMap;
use std::path::Path;

use ulna_core::{MAX_JOINTS, Unit};

use crate::chunk::MAX_KNOTS;
use crate::contract::{Contract, ENVIRONMENT_STATE, IMAGES, Input, InputKind, STATE};
use crate::error::PolicyError;

use super::manifest::{Manifest, OneOrMore, Resize, SCHEMA, Units};
use super::{ChunkSettings, MAX_ENVIRONMENT, statistics};

/// The largest picture side, pixels.
const MAX_SIDE: usize = 4096;
/// The most cameras.
const MAX_CAMERAS: usize = 8;
/// The fastest and slowest steps, Hz.
const FPS: std::ops::RangeInclusive<f64> = 0.1..=1000.0;

pub(super) fn graph_file(manifest: &Manifest) -> Result<&str, String> {
    let roles: Vec<&str> = manifest.graphs.keys().map(String::as_str).collect();
    match (roles.as_slice(), manifest.graphs.get("policy")) {
        (["policy"], Some(file)) => Ok(file),
        _ => Err(format!(
            "its graphs are [{}], and only networks of one graph are run, named `policy`: from an observation to a chunk of actions. \
             A diffusion policy can be exported with its denoising loop inside",
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
    if settings.n_obs_steps != 1 {
        return Err(format!(
            "n_obs_steps is {}, and only networks that see one observation are run",
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
        .find(|(i, name)| joints[..*i].contains(name))
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
        let kind = input_kind(&spec.key, &spec.shape, spec.resize, joints).map_err(wrong)?;
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
        joints: manifest.joints.clone(),
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

fn input_kind(
    key: &str,
    shape: &[usize],
    resize: Option<Resize>,
    joints: usize,
) -> Result<InputKind, String> {
    if resize.is_some() && !key.starts_with(IMAGES) {
        return Err(format!("`{key}` is no picture and cannot be resized"));
    }
    match (key, shape) {
        (STATE, [len]) if *len == joints => Ok(InputKind::State),
        (STATE, _) => Err(format!(
            "{STATE} has the shape {shape:?}, and {joints} joints are named"
        )),
        (ENVIRONMENT_STATE, [len]) if (1..=MAX_ENVIRONMENT).contains(len) => {
            Ok(InputKind::EnvironmentState(*len))
        }
        (ENVIRONMENT_STATE, _) => Err(format!(
            "{ENVIRONMENT_STATE} has the shape {shape:?}, and one row of 1 to {MAX_ENVIRONMENT} numbers is possible"
        )),
        (key, [3, height, width])
            if key.len() > IMAGES.len()
                && key.starts_with(IMAGES)
                && (1..=MAX_SIDE).contains(height)
                && (1..=MAX_SIDE).contains(width) =>
        {
            Ok(InputKind::Image {
                width: *width,
                height: *height,
                resize: resize.is_some(),
            })
        }
        (key, _) if key.starts_with(IMAGES) => Err(format!(
            "`{key}` has the shape {shape:?}, and [3, height, width] with sides of at most {MAX_SIDE} pixels is possible"
        )),
        _ => Err(format!(
            "it has an input `{key}`, and only {STATE}, {ENVIRONMENT_STATE} and {IMAGES}NAME are known"
        )),
    }
}
