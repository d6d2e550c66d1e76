//! One step of normalising or unnormalising, with its statistics.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::config::Features;
use super::super::weights::Weights;
use super::norm::{Norm, mode_of};
use super::steps::Step;
use crate::bundle::folder;
use crate::contract::ACTION;
use crate::error::PolicyError;

/// LeRobot's default `eps`, which our normalisation has, too.
const EPS: f64 = 1e-8;

/// A (un)normalizer_processor with its statistics.
pub(super) struct Normaliser {
    /// Feature key → its type.
    types: BTreeMap<String, String>,
    /// Feature type → mode.
    modes: BTreeMap<String, String>,
    only: Option<Vec<String>>,
    eps: f64,
    statistics: BTreeMap<String, Vec<f32>>,
}

impl Normaliser {
    pub(super) fn open(dir: &Path, step: &Step<'_>, path: &Path) -> Result<Self, PolicyError> {
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

    pub(super) fn input(&self, key: &str, features: &Features) -> Result<Norm, String> {
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
    pub(super) fn by(
        &self,
        key: &str,
        kind: &str,
        len: usize,
        forward: bool,
    ) -> Result<Norm, String> {
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

    pub(super) fn note(&self, key: &str, norm: &Norm) -> Option<String> {
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
            "the statistic `{key}.{name}` has {} numbers, and config.json implies {len}",
            values.len()
        ));
    }
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(format!("the statistic `{key}.{name}` contains {value}")),
        None => Ok(values.to_vec()),
    }
}
