//! `config.json` of a checkpoint: which policy it is, what it sees, and how its network is built.

use serde_json::{Map, Value};

use super::refusals;
use super::types::{self, Architecture, PolicyType};

mod features;
mod fields;

pub(super) use features::{Features, MAX_SIDE};
pub(super) use fields::{Fields, MAX_LAYERS, MAX_WIDTH};

/// A checkpoint's config.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) features: Features,
    /// `normalization_mapping`: feature type → mode, as it is written.
    pub(super) modes: Vec<(String, String)>,
    pub(super) policy: &'static PolicyType,
    pub(super) architecture: Box<dyn Architecture>,
}

impl Config {
    /// Reads the text of `config.json`. Keys in `ignored` may be there without being known.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub(super) fn parse(text: &[u8], ignored: &[String]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(text).map_err(|error| {
            format!("it is no JSON ({error}); take config.json as LeRobot wrote it")
        })?;
        let Value::Object(map) = value else {
            return Err("it is no JSON object".to_owned());
        };
        let kind = match map.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(_) => return Err("its `type` is no word".to_owned()),
            None => return Err(no_type(&map)),
        };
        let fields = Fields::new(&map);
        if fields.flag("use_peft", false)? {
            return Err(
                "use_peft is true: it holds an adapter (LoRA) and not the whole network; merge it into its base model with PEFT's \
                 `merge_and_unload`, save that, and import the result"
                    .to_owned(),
            );
        }
        let Some(policy) = types::find(kind) else {
            return Err(refusals::policy(kind, &types::titles()));
        };
        fields.only([COMMON_KEYS, policy.fields], ignored)?;
        let features = features::read(&map)?;
        Ok(Self {
            modes: features::modes(&map)?,
            architecture: (policy.read)(&fields, &features)?,
            features,
            policy,
        })
    }

    /// How the features of a type are normalised, by LeRobot's name of the mode.
    pub(super) fn mode(&self, feature_type: &str) -> &str {
        let found = self.modes.iter().find(|(kind, _)| kind == feature_type);
        found.map_or("IDENTITY", |(_, mode)| mode)
    }
}

fn no_type(map: &Map<String, Value>) -> String {
    if map.contains_key("input_shapes") {
        return "it is of LeRobot before version 2 (`input_shapes`, no `type`); convert it with LeRobot 0.1 \
                (`save_pretrained` after loading it), or train again"
            .to_owned();
    }
    if map.contains_key("peft_type") {
        return "it is the config of an adapter (LoRA), not of a whole policy; merge it into its base model first".to_owned();
    }
    "it has no `type`, so it is not the config of a LeRobot policy".to_owned()
}

/// What all of LeRobot's configs have.
const COMMON_KEYS: &[&str] = &[
    "type",
    "n_obs_steps",
    "input_features",
    "output_features",
    "device",
    "use_amp",
    "use_peft",
    "push_to_hub",
    "repo_id",
    "private",
    "tags",
    "license",
    "pretrained_path",
    "pretrained_revision",
    "normalization_mapping",
    "n_action_steps",
    "vision_backbone",
    "pretrained_backbone_weights",
    "optimizer_lr",
    "optimizer_weight_decay",
    "policy_action_contract",
];

#[cfg(test)]
mod tests;
