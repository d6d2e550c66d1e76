//! The files of a bundle beside its networks: `policy.toml` and the statistics.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use safetensors::tensor::Dtype;
use ulna_core::Unit;

use crate::bundle::golden::{little_endian, write_tensors};
use crate::bundle::{MANIFEST, folder};
use crate::contract::ACTION;
use crate::error::PolicyError;

use super::Identity;
use super::checkpoint::Checkpoint;
use super::config::{DiffusionConfig, Kind};
use super::processors::Norm;

pub(super) const POLICY: &str = "policy.onnx";
pub(super) const ENCODER: &str = "encoder.onnx";
pub(super) const DENOISER: &str = "denoiser.onnx";
pub(super) const GOLDEN: &str = "golden.safetensors";
const STATISTICS: &str = "statistics.safetensors";

/// How far engines may be from the golden pair, robot units. On most networks they are within 1e-4 of each other; single precision leaves deep ones
/// farther apart, PyTorch itself included, and a servo's step is fifty times as large.
pub(super) const TOLERANCE: f64 = 1e-3;

/// Writes both files into `dir`. `condition` is how many numbers a diffusion policy's encoder gives.
pub(super) fn write(
    dir: &Path,
    checkpoint: &Checkpoint,
    identity: &Identity,
    condition: usize,
) -> Result<(), PolicyError> {
    let text = text(checkpoint, identity, condition);
    let path = dir.join(MANIFEST);
    fs::write(&path, text).map_err(|source| PolicyError::Write { path, source })?;
    let processors = &checkpoint.processors;
    let mut tensors = Vec::new();
    let mut add = |key: &str, norm: &Norm| {
        for (name, values) in &norm.statistics {
            let name = format!("{key}.{name}");
            tensors.push((name, Dtype::F32, vec![values.len()], little_endian(values)));
        }
    };
    for (key, norm) in &processors.inputs {
        add(robots_key(checkpoint, key), norm);
    }
    add(ACTION, &processors.action);
    if tensors.is_empty() {
        return Ok(());
    }
    write_tensors(&dir.join(STATISTICS), &tensors)?;
    // A bundle that cannot be read back is noticed here and not on the robot.
    folder::size(&dir.join(STATISTICS), folder::MAX_TENSORS).map(drop)
}

/// What the robot calls a feature of the policy.
fn robots_key<'a>(checkpoint: &'a Checkpoint, key: &'a str) -> &'a str {
    let renamed = &checkpoint.processors.renamed;
    renamed.get(key).map_or(key, String::as_str)
}

/// JSON's way of writing a word is one of TOML's, but for one character.
fn quoted(word: &str) -> String {
    serde_json::Value::from(word)
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

fn text(checkpoint: &Checkpoint, identity: &Identity, condition: usize) -> String {
    let config = &checkpoint.config;
    let features = &config.features;
    let (graphs, what) = match &config.kind {
        Kind::Act(act) => (
            format!("{{ policy = {} }}", quoted(POLICY)),
            format!("ACT, {}", act.vision_backbone),
        ),
        Kind::Diffusion(diffusion) => (
            format!(
                "{{ encoder = {}, denoiser = {} }}",
                quoted(ENCODER),
                quoted(DENOISER)
            ),
            format!(
                "Diffusion, {}, {} in {} steps",
                diffusion.vision_backbone,
                diffusion.noise_scheduler_type,
                diffusion.num_inference_steps
            ),
        ),
    };
    let mut text = format!(
        "# Written by `ulna policy import` from a LeRobot checkpoint. crates/policy/policy-toml.md has every field.\n\
         schema = 1\n\
         name = {}\n\
         summary = {}\n\
         robot_type = {}\n\
         joints = {}\n\
         units = \"{}\"\n\
         fps = {:?}\n\
         graphs = {graphs}\n",
        quoted(&identity.name),
        quoted(&format!("{what}, imported from LeRobot")),
        list(&identity.robot_types),
        list(&identity.joints),
        match identity.unit {
            Unit::M100 => "m100",
            _ => "degrees",
        },
        identity.fps,
    );
    let vectors = features.state.iter().chain(&features.environment);
    for vector in vectors {
        input(&mut text, checkpoint, &vector.key, &[vector.len], false);
    }
    for image in &features.images {
        let shape = [3, image.height, image.width];
        input(&mut text, checkpoint, &image.key, &shape, true);
    }
    let _ = write!(text, "\n[action]\nshape = [{}]\n", features.action);
    normalisation(&mut text, &checkpoint.processors.action);
    match &config.kind {
        Kind::Act(act) => {
            let _ = write!(
                text,
                "\n[chunk]\nchunk_size = {}\nn_action_steps = {}\n",
                act.chunk_size, act.n_action_steps
            );
            if let Some(coeff) = act.temporal_ensemble_coeff {
                let _ = writeln!(text, "temporal_ensemble_coeff = {coeff:?}");
            }
        }
        Kind::Diffusion(diffusion) => {
            let _ = write!(
                text,
                "\n[chunk]\nchunk_size = {}\nn_action_steps = {}\nn_obs_steps = {}\n",
                diffusion.horizon + 1 - diffusion.n_obs_steps,
                diffusion.n_action_steps,
                diffusion.n_obs_steps
            );
            denoising(&mut text, diffusion, condition);
        }
    }
    let tolerance = tolerance(&checkpoint.processors.action);
    let _ = write!(
        text,
        "\n[golden]\nfile = {}\ntolerance = {tolerance:?}\n",
        quoted(GOLDEN)
    );
    text
}

fn input(text: &mut String, checkpoint: &Checkpoint, key: &str, shape: &[usize], picture: bool) {
    let robots = robots_key(checkpoint, key);
    let _ = write!(
        text,
        "\n[[inputs]]\nkey = {}\ntensor = {}\nshape = {shape:?}\n",
        quoted(robots),
        quoted(key)
    );
    if picture {
        text.push_str("resize = \"bilinear\"\n");
    }
    if let Some(norm) = checkpoint.processors.inputs.get(key) {
        normalisation(text, norm);
    }
}

fn normalisation(text: &mut String, norm: &Norm) {
    let _ = writeln!(text, "normalisation = \"{}\"", norm.mode);
    if !norm.statistics.is_empty() {
        let _ = writeln!(text, "statistics = {}", quoted(STATISTICS));
    }
}

fn denoising(text: &mut String, config: &DiffusionConfig, condition: usize) {
    let _ = write!(
        text,
        "\n[diffusion]\n\
         condition = {condition}\n\
         horizon = {}\n\
         noise_scheduler_type = {}\n\
         num_train_timesteps = {}\n\
         num_inference_steps = {}\n\
         beta_schedule = {}\n\
         beta_start = {:?}\n\
         beta_end = {:?}\n\
         prediction_type = {}\n\
         clip_sample = {}\n\
         clip_sample_range = {:?}\n\
         seed = 0\n",
        config.horizon,
        quoted(&config.noise_scheduler_type),
        config.num_train_timesteps,
        config.num_inference_steps,
        quoted(&config.beta_schedule),
        config.beta_start,
        config.beta_end,
        quoted(&config.prediction_type),
        config.clip_sample,
        config.clip_sample_range,
    );
}

/// Where actions are thousands, as raw servo positions are, their digits end earlier.
fn tolerance(action: &Norm) -> f64 {
    let values = action.statistics.iter().flat_map(|(_, values)| values);
    let largest = values
        .map(|value| f64::from(value.abs()))
        .fold(0.0, f64::max);
    TOLERANCE * (largest / 200.0).max(1.0)
}
