//! The files of a bundle other than its networks: `policy.toml` and the statistics.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use safetensors::tensor::Dtype;
use ulna_core::Unit;
use ulna_outside::files;

use crate::bundle::golden::{little_endian, write_tensors};
use crate::bundle::{ChunkSettings, MANIFEST, folder};
use crate::contract::ACTION;
use crate::error::PolicyError;

use super::checkpoint::Checkpoint;
use super::identity::Identity;
use super::processors::Norm;
use super::quoted::quoted;

pub(super) const GOLDEN: &str = "golden.safetensors";
const STATISTICS: &str = "statistics.safetensors";

/// How far engines may be from the golden pair, robot units; a servo's step is five hundred times as large.
const TOLERANCE: f64 = 1e-4;

/// What is to be said of the networks.
#[derive(Debug)]
pub(super) struct Networks {
    /// Their roles.
    pub(super) roles: Vec<&'static str>,
    /// Sections that say how they are run.
    pub(super) sections: String,
}

/// The name of a network's file.
pub(super) fn file_of(role: &str) -> String {
    format!("{role}.onnx")
}

/// Writes `policy.toml` into `dir`; engines may be `tolerance` from its golden pair.
pub(super) fn write(
    dir: &Path,
    checkpoint: &Checkpoint,
    identity: &Identity,
    networks: &Networks,
    tolerance: f64,
) -> Result<(), PolicyError> {
    let text = text(checkpoint, identity, networks, tolerance);
    let path = dir.join(MANIFEST);
    files::replace(&path, |file| file.write_all(text.as_bytes()))
        .map_err(|source| PolicyError::Write { path, source })
}

/// Writes the statistics into `dir`.
pub(super) fn write_statistics(dir: &Path, checkpoint: &Checkpoint) -> Result<(), PolicyError> {
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

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

fn text(
    checkpoint: &Checkpoint,
    identity: &Identity,
    networks: &Networks,
    tolerance: f64,
) -> String {
    let mut text = head(checkpoint, identity, &networks.roles);
    let features = &checkpoint.config.features;
    let vectors = features.state.iter().chain(&features.environment);
    for vector in vectors {
        input(&mut text, checkpoint, &vector.key, &[vector.len], false);
    }
    for image in &features.images {
        let shape = [3, image.height, image.width];
        input(&mut text, checkpoint, &image.key, &shape, true);
    }
    let action = &checkpoint.processors.action;
    let _ = write!(text, "\n[action]\nshape = [{}]\n", features.action);
    normalisation(&mut text, action);
    chunk(&mut text, &checkpoint.config.architecture.chunks());
    text.push_str(&networks.sections);
    let _ = write!(
        text,
        "\n[golden]\nfile = {}\ntolerance = {tolerance:?}\n",
        quoted(GOLDEN)
    );
    text
}

fn head(checkpoint: &Checkpoint, identity: &Identity, roles: &[&'static str]) -> String {
    let config = &checkpoint.config;
    let summary = config.architecture.summary(&config.features);
    let graphs = roles.iter();
    let graphs = graphs.map(|role| format!("{role} = {}", quoted(&file_of(role))));
    let graphs: Vec<String> = graphs.collect();
    format!(
        "# Written by `ulna policy import` from a LeRobot checkpoint. crates/policy/policy-toml.md has every field.\n\
         schema = 1\n\
         name = {}\n\
         summary = {}\n\
         robot_type = {}\n\
         joints = {}\n\
         units = \"{}\"\n\
         fps = {:?}\n\
         graphs = {{ {} }}\n",
        quoted(&identity.name),
        quoted(&format!("{summary}, imported from LeRobot")),
        list(&identity.robot_types),
        list(&identity.joints),
        match identity.unit {
            Unit::M100 => "m100",
            _ => "degrees",
        },
        identity.fps,
        graphs.join(", "),
    )
}

fn chunk(text: &mut String, chunks: &ChunkSettings) {
    let _ = write!(
        text,
        "\n[chunk]\nchunk_size = {}\nn_action_steps = {}\n",
        chunks.chunk_size, chunks.n_action_steps
    );
    if chunks.n_obs_steps > 1 {
        let _ = writeln!(text, "n_obs_steps = {}", chunks.n_obs_steps);
    }
    if let Some(coeff) = chunks.temporal_ensemble_coeff {
        let _ = writeln!(text, "temporal_ensemble_coeff = {coeff:?}");
    }
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

/// How far engines may be apart. Where actions are thousands, as raw servo positions are, their digits end earlier.
pub(super) fn tolerance(checkpoint: &Checkpoint) -> f64 {
    let action = &checkpoint.processors.action;
    let values = action.statistics.iter().flat_map(|(_, values)| values);
    let largest = values
        .map(|value| f64::from(value.abs()))
        .fold(0.0, f64::max);
    TOLERANCE * (largest / 200.0).max(1.0)
}
