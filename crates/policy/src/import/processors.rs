//! What LeRobot does before and after the network: renaming and normalisation.
//!
//! Since version 0.4 that stands in files of its own (`policy_preprocessor.json` and `policy_postprocessor.json`, with their statistics in
//! files of tensors); before, the statistics were buffers of the network.

use std::collections::BTreeMap;
use std::path::Path;

use crate::contract::ACTION;
use crate::error::PolicyError;

use super::config::{Config, Features};
use super::refusals;
use super::weights::Weights;

mod norm;
mod normaliser;
mod steps;

pub(super) use norm::Norm;
use norm::mode_of;
use normaliser::Normaliser;
use steps::{json, renaming, steps};

/// The files since version 0.4.
pub(super) const BEFORE: &str = "policy_preprocessor.json";
pub(super) const AFTER: &str = "policy_postprocessor.json";

/// What happens around the network.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Processors {
    /// Policy's key → what the robot calls it.
    pub(super) renamed: BTreeMap<String, String>,
    /// By the policy's keys.
    pub(super) inputs: BTreeMap<String, Norm>,
    pub(super) action: Norm,
    /// What is odd, and not wrong.
    pub(super) notes: Vec<String>,
}

/// Reads the files in `dir`, or, if there are none, the buffers in the weights.
///
/// # Errors
/// [`PolicyError`] if files are missing, are wrong, or do what is not imported.
pub(super) fn read(
    dir: &Path,
    config: &Config,
    weights: &mut Weights,
) -> Result<Processors, PolicyError> {
    let there = |name: &str| dir.join(name).exists();
    let old = weights.beginning_with("normalize_inputs.");
    match (there(BEFORE), there(AFTER)) {
        (true, true) => from_files(dir, config),
        (false, false) if !old.is_empty() => {
            let path = weights.path().to_owned();
            from_buffers(config, weights).map_err(|reason| PolicyError::Tensors { path, reason })
        }
        (before, after) => {
            let missing = [(before, BEFORE), (after, AFTER)];
            let missing = missing.iter().filter(|(there, _)| !there);
            let missing: Vec<&str> = missing.map(|(_, name)| *name).collect();
            Err(PolicyError::Checkpoint {
                path: dir.to_owned(),
                reason: format!(
                    "{} is missing, and the weights hold no statistics either, so nothing says how states and actions are normalised; \
                     copy the whole checkpoint folder",
                    missing.join(" and ")
                ),
            })
        }
    }
}

fn from_files(dir: &Path, config: &Config) -> Result<Processors, PolicyError> {
    let mut processors = Processors {
        renamed: BTreeMap::new(),
        inputs: BTreeMap::new(),
        action: Norm::identity(),
        notes: Vec::new(),
    };
    let before = dir.join(BEFORE);
    let wrong = |path: &Path| {
        let path = path.to_owned();
        move |reason: String| PolicyError::Checkpoint { path, reason }
    };
    let value = json(&before)?;
    for step in steps(&value).map_err(wrong(&before))? {
        match step.name {
            "rename_observations_processor" => {
                renaming(&step, &mut processors.renamed).map_err(wrong(&before))?;
            }
            "to_batch_processor" | "device_processor" => {}
            "normalizer_processor" => {
                let normaliser = Normaliser::open(dir, &step, &before)?;
                for key in keys(&config.features) {
                    let norm = normaliser.input(&key, &config.features);
                    let norm = norm.map_err(wrong(&before))?;
                    if let Some(note) = normaliser.note(&key, &norm) {
                        processors.notes.push(note);
                    }
                    processors.inputs.insert(key, norm);
                }
            }
            other => return Err(wrong(&before)(refusals::step(other))),
        }
    }
    let after = dir.join(AFTER);
    let value = json(&after)?;
    for step in steps(&value).map_err(wrong(&after))? {
        match step.name {
            "device_processor" | "to_batch_processor" => {}
            "unnormalizer_processor" => {
                let normaliser = Normaliser::open(dir, &step, &after)?;
                let norm = normaliser.by(ACTION, "ACTION", config.features.action, false);
                processors.action = norm.map_err(wrong(&after))?;
                processors
                    .notes
                    .extend(normaliser.note(ACTION, &processors.action));
            }
            other => return Err(wrong(&after)(refusals::step(other))),
        }
    }
    Ok(processors)
}

/// The policy's keys of what it sees.
fn keys(features: &Features) -> Vec<String> {
    let vectors = features.state.iter().chain(&features.environment);
    let vectors = vectors.map(|vector| vector.key.clone());
    let images = features.images.iter().map(|image| image.key.clone());
    vectors.chain(images).collect()
}

/// The layout before version 0.4: `normalize_inputs.buffer_<key with _ for .>.<statistic>` and so on.
fn from_buffers(config: &Config, weights: &mut Weights) -> Result<Processors, String> {
    let features = &config.features;
    let mut inputs = BTreeMap::new();
    let vectors = features.state.iter().map(|vector| (vector, "STATE"));
    let vectors = vectors.chain(features.environment.iter().map(|vector| (vector, "ENV")));
    let vectors = vectors.map(|(vector, kind)| (&vector.key, kind, vec![vector.len]));
    let images = features.images.iter();
    let images = images.map(|image| (&image.key, "VISUAL", vec![3, 1, 1]));
    for (key, kind, shape) in vectors.chain(images) {
        let norm = buffered(weights, "normalize_inputs", key, config.mode(kind), &shape)?;
        inputs.insert(key.clone(), norm);
    }
    let mode = config.mode("ACTION");
    let action = buffered(
        weights,
        "unnormalize_outputs",
        ACTION,
        mode,
        &[features.action],
    )?;
    for layer in [
        "normalize_inputs",
        "normalize_targets",
        "unnormalize_outputs",
    ] {
        weights.leave(&format!("{layer}."));
    }
    Ok(Processors {
        renamed: BTreeMap::new(),
        inputs,
        action,
        notes: vec![
            "its statistics lie in the weights: it is of LeRobot before version 0.4".to_owned(),
        ],
    })
}

fn buffered(
    weights: &mut Weights,
    layer: &str,
    key: &str,
    mode: &str,
    shape: &[usize],
) -> Result<Norm, String> {
    let (mode, names) = mode_of(mode)?;
    let buffer = key.replace('.', "_");
    let statistics = names.iter().map(|name| {
        let values = weights.take(&format!("{layer}.buffer_{buffer}.{name}"), shape)?;
        Ok((*name, values))
    });
    Ok(Norm {
        mode,
        statistics: statistics.collect::<Result<_, String>>()?,
    })
}
