//! Whether `policy.toml` makes sense.

use std::collections::BTreeMap;
use std::path::Path;

use ulna_core::{MAX_JOINTS, Unit};

use crate::contract::{
    ACTION, Contract, ENVIRONMENT_STATE, IMAGES, Input, InputKind, MAX_ENVIRONMENT, STATE,
    camera_of,
};
use crate::error::PolicyError;

use super::manifest::{Manifest, OneOrMore, Resize, SCHEMA, Units};
use super::statistics;

/// LeRobot's keys of the task: its text, and what a tokenizer made of it.
const TASK: &str = "task";
const LANGUAGE: &str = "observation.language.";

/// The largest picture side, pixels.
const MAX_SIDE: usize = 4096;
/// The most cameras.
const MAX_CAMERAS: usize = 8;
/// The fastest and slowest steps, Hz.
pub const FPS: std::ops::RangeInclusive<f64> = 0.1..=1000.0;

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
    let mut files = BTreeMap::new();
    let inputs = inputs(dir, manifest, &mut files, wrong)?;
    let action = &manifest.action;
    if action.shape != [joints] {
        return Err(wrong(format!(
            "the action's shape is {:?}, and {joints} joints are named",
            action.shape
        )));
    }
    let statistics = statistics::Wanted {
        dir,
        key: ACTION,
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
        action_tensor: action.tensor.clone().unwrap_or_else(|| ACTION.to_owned()),
        action: action_normaliser,
    })
}

/// The inputs that the manifest lists, with their statistics; `files` keeps those that are read.
fn inputs(
    dir: &Path,
    manifest: &Manifest,
    files: &mut statistics::Files,
    wrong: &dyn Fn(String) -> PolicyError,
) -> Result<Vec<Input>, PolicyError> {
    if manifest.inputs.is_empty() {
        return Err(wrong("it has no inputs".to_owned()));
    }
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
            normaliser: statistics.load(files, wrong)?,
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
    let cameras = inputs.iter().filter(|input| input.camera().is_some());
    if cameras.count() > MAX_CAMERAS {
        return Err(wrong(format!(
            "it looks through more than {MAX_CAMERAS} cameras"
        )));
    }
    Ok(inputs)
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
        (key, _) if key == TASK || key.starts_with(LANGUAGE) => Err(format!(
            "its input `{key}` is the task's text, which needs a tokenizer that this ulna has not; only networks without language are run: export it \
             with the task fixed, or train one that is for one task"
        )),
        _ => Err(format!(
            "it has an input `{key}`, and only {STATE}, {ENVIRONMENT_STATE} and {IMAGES}NAME are known"
        )),
    }
}
