//! What LeRobot does before and after the network: renaming and normalisation.
//!
//! Since version 0.4 that stands in files of its own (`policy_preprocessor.json` and `policy_postprocessor.json`, with statistics beside
//! them); before, the statistics were buffers of the network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::bundle::folder;
use crate::contract::ACTION;
use crate::error::PolicyError;

use super::config::{Config, Features};
use super::refusals;
use super::weights::Weights;

/// The files since version 0.4.
pub(super) const BEFORE: &str = "policy_preprocessor.json";
pub(super) const AFTER: &str = "policy_postprocessor.json";

/// LeRobot's default `eps`, which our normalisation has, too.
const EPS: f64 = 1e-8;

/// How one feature is normalised.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Norm {
    /// LeRobot's name of the mode.
    pub(super) mode: &'static str,
    /// By LeRobot's names, in the order that the mode has them; empty for `IDENTITY`.
    pub(super) statistics: Vec<(&'static str, Vec<f32>)>,
}

impl Norm {
    fn identity() -> Self {
        Self {
            mode: "IDENTITY",
            statistics: Vec::new(),
        }
    }
}

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

/// The mode of this name, and the statistics that it needs.
fn mode_of(name: &str) -> Result<(&'static str, &'static [&'static str]), String> {
    Ok(match name {
        "IDENTITY" => ("IDENTITY", &[]),
        "MEAN_STD" => ("MEAN_STD", &["mean", "std"]),
        "MIN_MAX" => ("MIN_MAX", &["min", "max"]),
        "QUANTILES" => ("QUANTILES", &["q01", "q99"]),
        "QUANTILE10" => ("QUANTILE10", &["q10", "q90"]),
        other => {
            return Err(format!(
                "its normalisation {other} is not known; LeRobot has IDENTITY, MEAN_STD, MIN_MAX, QUANTILES and QUANTILE10"
            ));
        }
    })
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

/// One step of a processor.
struct Step<'a> {
    name: &'a str,
    config: &'a Map<String, Value>,
    state_file: Option<&'a str>,
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

fn json(path: &Path) -> Result<Value, PolicyError> {
    let bytes = folder::read(path, folder::MAX_MANIFEST)?;
    serde_json::from_slice(&bytes).map_err(|error| PolicyError::Checkpoint {
        path: path.to_owned(),
        reason: format!("it is no JSON ({error}); take the file as LeRobot wrote it"),
    })
}

fn steps(value: &Value) -> Result<Vec<Step<'_>>, String> {
    let list = value.get("steps").and_then(Value::as_array);
    let list = list.ok_or("it has no list of `steps`, so it is no processor of LeRobot's")?;
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    let steps = list.iter().map(|step| {
        let word = |key: &str| step.get(key).and_then(Value::as_str);
        let name = word("registry_name").or_else(|| word("class"));
        Ok(Step {
            name: name.ok_or("it has a step without a `registry_name`")?,
            config: step
                .get("config")
                .and_then(Value::as_object)
                .unwrap_or(&EMPTY),
            state_file: word("state_file"),
        })
    });
    steps.collect()
}

fn renaming(step: &Step<'_>, renamed: &mut BTreeMap<String, String>) -> Result<(), String> {
    let Some(map) = step.config.get("rename_map").and_then(Value::as_object) else {
        return Ok(());
    };
    for (from, to) in map {
        let to = to.as_str().ok_or("its rename_map is no table of words")?;
        let earlier = renamed.remove(from);
        let from = earlier.unwrap_or_else(|| from.clone());
        if let Some(other) = renamed.insert(to.to_owned(), from.clone()) {
            return Err(format!(
                "its rename_map makes `{to}` of `{other}` and of `{from}`"
            ));
        }
    }
    Ok(())
}

/// The policy's keys of what it sees.
fn keys(features: &Features) -> Vec<String> {
    let vectors = features.state.iter().chain(&features.environment);
    let vectors = vectors.map(|vector| vector.key.clone());
    let images = features.images.iter().map(|image| image.key.clone());
    vectors.chain(images).collect()
}

/// A (un)normalizer_processor with its statistics.
struct Normaliser {
    /// Feature key → its type.
    types: BTreeMap<String, String>,
    /// Feature type → mode.
    modes: BTreeMap<String, String>,
    only: Option<Vec<String>>,
    eps: f64,
    statistics: BTreeMap<String, Vec<f32>>,
}

impl Normaliser {
    fn open(dir: &Path, step: &Step<'_>, path: &Path) -> Result<Self, PolicyError> {
        let wrong = |reason: &str| PolicyError::Checkpoint {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let table = |name: &str| {
            let table = step.config.get(name).and_then(Value::as_object);
            table.ok_or_else(|| wrong(&format!("its step `{}` lacks `{name}`", step.name)))
        };
        let types = table("features")?.iter().filter_map(|(key, feature)| {
            let kind = feature.get("type")?.as_str()?;
            Some((key.clone(), kind.to_owned()))
        });
        let modes = table("norm_map")?.iter().filter_map(|(kind, mode)| {
            let mode = mode.as_str()?;
            Some((kind.clone(), mode.to_owned()))
        });
        let only = step.config.get("normalize_observation_keys");
        let only = only.and_then(Value::as_array).map(|keys| {
            let keys = keys.iter().filter_map(Value::as_str);
            keys.map(str::to_owned).collect()
        });
        let eps = step.config.get("eps").and_then(Value::as_f64);
        let eps = eps.unwrap_or(EPS);
        if !(0.0..=1e-2).contains(&eps) {
            return Err(wrong(&format!("its eps is {eps}, and LeRobot's is 1e-8")));
        }
        let statistics = match step.state_file {
            Some(file) => statistics(&state_file(dir, file, path)?)?,
            None => BTreeMap::new(),
        };
        Ok(Self {
            types: types.collect(),
            modes: modes.collect(),
            only,
            eps,
            statistics,
        })
    }

    fn input(&self, key: &str, features: &Features) -> Result<Norm, String> {
        let chosen = self
            .only
            .as_ref()
            .is_none_or(|only| only.iter().any(|name| name == key));
        let Some(kind) = self.types.get(key).filter(|_| chosen) else {
            return Ok(Norm::identity());
        };
        let vectors = features.state.iter().chain(&features.environment);
        let len = vectors.clone().find(|vector| vector.key == key);
        self.by(key, kind, len.map_or(3, |vector| vector.len), true)
    }

    /// The statistics of `key`, `len` numbers each. LeRobot leaves alone what it has no statistics of.
    fn by(&self, key: &str, kind: &str, len: usize, forward: bool) -> Result<Norm, String> {
        let (mode, names) = mode_of(self.modes.get(kind).map_or("IDENTITY", String::as_str))?;
        let prefix = format!("{key}.");
        let known = self.statistics.keys().any(|name| {
            let rest = name.strip_prefix(&prefix);
            rest.is_some_and(|stat| !stat.contains('.'))
        });
        if !known {
            return Ok(Norm::identity());
        }
        let mut statistics = Vec::new();
        for name in names {
            let values = self.statistics.get(&format!("{key}.{name}"));
            let values = values
                .ok_or_else(|| format!("its statistics lack `{key}.{name}`, which {mode} needs"))?;
            statistics.push((*name, checked(key, name, values, len)?));
        }
        if forward && mode == "MEAN_STD" {
            // Ours is added in any case.
            #[allow(clippy::cast_possible_truncation)]
            let more = (self.eps - EPS) as f32;
            statistics[1].1.iter_mut().for_each(|std| *std += more);
        }
        Ok(Norm { mode, statistics })
    }

    fn note(&self, key: &str, norm: &Norm) -> Option<String> {
        let kind = match key {
            ACTION => "ACTION",
            _ => self.types.get(key)?,
        };
        let wanted = self.modes.get(kind).filter(|mode| *mode != "IDENTITY")?;
        (norm.mode == "IDENTITY").then(|| {
            format!("`{key}` is not normalised: {wanted} is wanted, and there are no statistics of it (LeRobot leaves it alone, too)")
        })
    }
}

fn state_file(dir: &Path, file: &str, named_in: &Path) -> Result<PathBuf, PolicyError> {
    match folder::inside(dir, file) {
        Err(PolicyError::Read { source, .. }) => Err(PolicyError::Checkpoint {
            path: named_in.to_owned(),
            reason: format!(
                "it names the statistics `{file}`, which cannot be read ({source}); copy the whole checkpoint folder"
            ),
        }),
        other => other,
    }
}

/// All statistics of a file. Other types than floats (counts) are of no use here.
fn statistics(path: &Path) -> Result<BTreeMap<String, Vec<f32>>, PolicyError> {
    folder::size(path, folder::MAX_TENSORS)?;
    let mut file = Weights::open(path)?;
    let mut statistics = BTreeMap::new();
    for name in file.beginning_with("") {
        if let Ok(values) = file.raw(&name) {
            statistics.insert(name, values);
        }
    }
    Ok(statistics)
}

fn checked(key: &str, name: &str, values: &[f32], len: usize) -> Result<Vec<f32>, String> {
    if values.len() != len {
        return Err(format!(
            "the statistic `{key}.{name}` has {} numbers, and config.json means {len}",
            values.len()
        ));
    }
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(format!("the statistic `{key}.{name}` contains {value}")),
        None => Ok(values.to_vec()),
    }
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
