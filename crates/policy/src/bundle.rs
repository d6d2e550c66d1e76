//! Bundles: a policy as a folder that anyone can read.
//!
//! A bundle holds `policy.toml`, an ONNX network, statistics, and a golden pair of input and output. Opening one checks
//! everything that can be checked without an engine; nothing in it can carry code or reach outside its folder.
//!
//! ```toml
//! schema = 1
//! name = "pick the cube"
//! robot_type = "so_follower"             # or a list: LeRobot's names of robot classes
//! joints = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
//! units = "degrees"                      # or "m100"; grippers are 0..100 always
//! fps = 30.0
//! graphs = { policy = "act.onnx" }
//!
//! [[inputs]]
//! key = "observation.state"              # also observation.environment_state, observation.images.NAME
//! tensor = "observation_state"           # the network's name for it; the key if absent
//! shape = [6]                            # without the batch, as in LeRobot
//! normalisation = "MEAN_STD"             # MIN_MAX, QUANTILES, QUANTILE10, IDENTITY; BAKED: the network does it
//! statistics = "statistics.safetensors"  # LeRobot's processor file, or { mean = [...], std = [...] }
//!
//! [[inputs]]
//! key = "observation.images.front"
//! shape = [3, 96, 96]
//! resize = "bilinear"                    # pictures of other sizes are brought to this one; refused if absent
//! normalisation = "BAKED"
//!
//! [action]
//! tensor = "action"
//! shape = [6]
//! normalisation = "MEAN_STD"
//! statistics = "statistics.safetensors"
//!
//! [chunk]
//! chunk_size = 20
//! n_action_steps = 10
//! # temporal_ensemble_coeff = 0.01       # needs n_action_steps = 1, as in LeRobot
//!
//! [golden]
//! file = "golden.safetensors"            # a tensor for each input key (robot units; pictures 0..1 in C, H, W or uint8 in H, W, C)
//! tolerance = 1e-3                       # and `action`: [chunk_size, joints] in robot units
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ulna_core::{Joints, MAX_JOINTS, Unit};

use crate::chunk::MAX_KNOTS;
use crate::contract::{Contract, ENVIRONMENT_STATE, IMAGES, Input, InputKind, STATE};
use crate::error::PolicyError;

pub(crate) mod folder;
mod golden;
pub(crate) mod graph;
mod manifest;
mod onnx;
mod statistics;
mod tensors;

pub use golden::{Golden, GoldenImage};
use graph::{GraphFile, Port};
use manifest::{Manifest, OneOrMore, Resize, SCHEMA, Units};
use tensors::TensorFile;

/// The name of a bundle's main file.
pub const MANIFEST: &str = "policy.toml";

/// The most numbers that `observation.environment_state` may have.
pub const MAX_ENVIRONMENT: usize = 64;

/// The largest picture side, pixels.
const MAX_SIDE: usize = 4096;
/// The most cameras.
const MAX_CAMERAS: usize = 8;
/// The fastest and slowest steps, Hz.
const FPS: std::ops::RangeInclusive<f64> = 0.1..=1000.0;

/// How a policy's chunks are used, by LeRobot's names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChunkSettings {
    /// Steps in a chunk.
    pub chunk_size: usize,
    /// How many of them are carried out before the next observation counts.
    pub n_action_steps: usize,
    /// How many observations the network sees.
    pub n_obs_steps: usize,
    /// Weights older predictions by `exp(-coeff * age)` from the oldest on, if set (ACT's temporal ensembling).
    pub temporal_ensemble_coeff: Option<f64>,
}

/// A policy on disk, checked as far as that is possible without running it.
#[derive(Debug, Clone)]
pub struct Bundle {
    dir: PathBuf,
    name: String,
    summary: String,
    contract: Contract,
    chunks: ChunkSettings,
    graph: GraphFile,
    golden: Golden,
    tolerance: f64,
}

impl Bundle {
    /// Opens the bundle in folder `dir`.
    ///
    /// # Errors
    /// [`PolicyError`] if a file is missing, too large or outside the folder, if `policy.toml` is wrong or contradicts itself, or
    /// if the network takes or gives something else than it says.
    pub fn open(dir: &Path) -> Result<Self, PolicyError> {
        let path = dir.join(MANIFEST);
        let text = folder::read(&path, folder::MAX_MANIFEST)?;
        let wrong = |reason: String| PolicyError::Manifest {
            path: path.clone(),
            reason,
        };
        let text = String::from_utf8(text).map_err(|_| wrong("it is not text".to_owned()))?;
        let manifest: Manifest =
            toml::from_str(&text).map_err(|error| wrong(error.to_string().trim().to_owned()))?;
        let chunks = chunk_settings(&manifest).map_err(wrong)?;
        check_head(&manifest).map_err(wrong)?;
        let contract = contract(dir, &manifest, &wrong)?;
        let joints = contract.joints.len();
        let batched = |shape: &[usize]| [&[1], shape].concat();
        let inputs = contract.inputs.iter().map(|input| Port {
            name: input.tensor.clone(),
            shape: batched(&input.shape(joints)),
            feature: input.key.clone(),
        });
        let output = Port {
            name: contract.action_tensor.clone(),
            shape: batched(&[chunks.chunk_size, joints]),
            feature: "action".to_owned(),
        };
        let file = graph_file(&manifest).map_err(wrong)?;
        let graph = GraphFile::open(dir, file, inputs.collect(), output)?;
        let golden = TensorFile::read(&folder::inside(dir, &manifest.golden.file)?)?;
        let golden = Golden::read(&golden, &contract, &chunks)?;
        Ok(Self {
            dir: dir.to_owned(),
            name: manifest.name,
            summary: manifest.summary,
            contract,
            chunks,
            graph,
            golden,
            tolerance: manifest.golden.tolerance,
        })
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One line for people; may be empty.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// What it sees, what it answers, and for which robot.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// How its chunks are used.
    pub fn chunks(&self) -> &ChunkSettings {
        &self.chunks
    }

    /// What it is known to answer.
    pub fn golden(&self) -> &Golden {
        &self.golden
    }

    /// How far an engine may miss the golden output, robot units.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    pub(crate) fn graph(&self) -> &GraphFile {
        &self.graph
    }
}

fn graph_file(manifest: &Manifest) -> Result<&str, String> {
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

fn chunk_settings(manifest: &Manifest) -> Result<ChunkSettings, String> {
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

fn check_head(manifest: &Manifest) -> Result<(), String> {
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

fn contract(
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

/// The contract's joint values as an array that never allocates; more than fit have been refused.
pub(crate) fn joints_of(values: &[f32]) -> Joints<f64> {
    Joints::from_fn(values.len(), |joint| f64::from(values[joint]))
}
