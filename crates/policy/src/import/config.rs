//! `config.json` of a checkpoint: which policy it is, what it sees, and how its network is built.

use serde_json::{Map, Value};

use crate::chunk::MAX_KNOTS;
use crate::contract::STATE;

use super::refusals;

mod features;
mod fields;

pub(super) use features::Features;
use features::MAX_SIDE;
use fields::Fields;

/// The widest layer, and the most layers of a kind.
const MAX_WIDTH: usize = 1 << 16;
const MAX_LAYERS: usize = 64;

/// A checkpoint's config.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Config {
    pub(super) features: Features,
    /// `normalization_mapping`: feature type → mode, as it is written.
    pub(super) modes: Vec<(String, String)>,
    pub(super) kind: Kind,
}

/// Which policy.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Act(ActConfig),
    Diffusion(DiffusionConfig),
}

/// ACT, by LeRobot's names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ActConfig {
    pub(super) chunk_size: usize,
    pub(super) n_action_steps: usize,
    pub(super) temporal_ensemble_coeff: Option<f64>,
    pub(super) vision_backbone: String,
    pub(super) dilated: bool,
    pub(super) pre_norm: bool,
    pub(super) dim_model: usize,
    pub(super) n_heads: usize,
    pub(super) dim_feedforward: usize,
    pub(super) gelu: bool,
    pub(super) n_encoder_layers: usize,
    pub(super) n_decoder_layers: usize,
    pub(super) use_vae: bool,
    pub(super) latent_dim: usize,
}

/// Diffusion, by LeRobot's names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DiffusionConfig {
    pub(super) n_obs_steps: usize,
    pub(super) horizon: usize,
    pub(super) n_action_steps: usize,
    pub(super) vision_backbone: String,
    pub(super) resize_shape: Option<[usize; 2]>,
    pub(super) crop_shape: Option<[usize; 2]>,
    pub(super) use_group_norm: bool,
    pub(super) keypoints: usize,
    pub(super) separate_encoders: bool,
    pub(super) down_dims: Vec<usize>,
    pub(super) kernel_size: usize,
    pub(super) n_groups: usize,
    pub(super) step_embed_dim: usize,
    pub(super) film_scale: bool,
    pub(super) noise_scheduler_type: String,
    pub(super) num_train_timesteps: usize,
    pub(super) num_inference_steps: usize,
    pub(super) beta_schedule: String,
    pub(super) beta_start: f64,
    pub(super) beta_end: f64,
    pub(super) prediction_type: String,
    pub(super) clip_sample: bool,
    pub(super) clip_sample_range: f64,
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
        let (kind, known) = match kind {
            "act" => (Kind::Act(act(&fields)?), ACT_KEYS),
            "diffusion" => (Kind::Diffusion(diffusion(&fields)?), DIFFUSION_KEYS),
            other => return Err(refusals::policy(other)),
        };
        fields.only([COMMON_KEYS, known], ignored)?;
        let features = features::read(&map)?;
        if let Kind::Diffusion(config) = &kind {
            check_pictures(config, &features)?;
        }
        Ok(Self {
            modes: features::modes(&map)?,
            features,
            kind,
        })
    }

    /// LeRobot's name of the policy.
    pub(super) fn policy(&self) -> &'static str {
        match self.kind {
            Kind::Act(_) => "act",
            Kind::Diffusion(_) => "diffusion",
        }
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

const ACT_KEYS: &[&str] = &[
    "chunk_size",
    "replace_final_stride_with_dilation",
    "pre_norm",
    "dim_model",
    "n_heads",
    "dim_feedforward",
    "feedforward_activation",
    "n_encoder_layers",
    "n_decoder_layers",
    "use_vae",
    "latent_dim",
    "n_vae_encoder_layers",
    "temporal_ensemble_coeff",
    "dropout",
    "kl_weight",
    "optimizer_lr_backbone",
];

const DIFFUSION_KEYS: &[&str] = &[
    "horizon",
    "drop_n_last_frames",
    "resize_shape",
    "crop_ratio",
    "crop_shape",
    "crop_is_random",
    "use_group_norm",
    "spatial_softmax_num_keypoints",
    "use_separate_rgb_encoder_per_camera",
    "down_dims",
    "kernel_size",
    "n_groups",
    "diffusion_step_embed_dim",
    "use_film_scale_modulation",
    "gradient_checkpointing",
    "noise_scheduler_type",
    "num_train_timesteps",
    "beta_schedule",
    "beta_start",
    "beta_end",
    "prediction_type",
    "clip_sample",
    "clip_sample_range",
    "num_inference_steps",
    "compile_model",
    "compile_mode",
    "do_mask_loss_for_padding",
    "optimizer_betas",
    "optimizer_eps",
    "scheduler_name",
    "scheduler_warmup_steps",
];

fn act(fields: &Fields<'_>) -> Result<ActConfig, String> {
    let steps = fields.count("n_obs_steps", 1, MAX_LAYERS)?;
    if steps != 1 {
        return Err(format!(
            "n_obs_steps is {steps}, and LeRobot's ACT sees one observation"
        ));
    }
    let config = ActConfig {
        chunk_size: fields.count("chunk_size", 100, MAX_KNOTS)?,
        n_action_steps: fields.count("n_action_steps", 100, MAX_KNOTS)?,
        temporal_ensemble_coeff: fields.maybe_number("temporal_ensemble_coeff")?,
        vision_backbone: backbone(fields)?,
        dilated: fields.flag("replace_final_stride_with_dilation", false)?,
        pre_norm: fields.flag("pre_norm", false)?,
        dim_model: fields.count("dim_model", 512, MAX_WIDTH)?,
        n_heads: fields.count("n_heads", 8, MAX_WIDTH)?,
        dim_feedforward: fields.count("dim_feedforward", 3200, MAX_WIDTH)?,
        gelu: match fields.word("feedforward_activation", "relu")? {
            "relu" => false,
            "gelu" => true,
            other => {
                return Err(format!(
                    "feedforward_activation is {other}, and relu and gelu are imported (glu halves the width, which LeRobot's own layers do not take)"
                ));
            }
        },
        n_encoder_layers: fields.count("n_encoder_layers", 4, MAX_LAYERS)?,
        n_decoder_layers: fields.count("n_decoder_layers", 1, MAX_LAYERS)?,
        use_vae: fields.flag("use_vae", true)?,
        latent_dim: fields.count("latent_dim", 32, MAX_WIDTH)?,
    };
    if !config.dim_model.is_multiple_of(config.n_heads) || !config.dim_model.is_multiple_of(4) {
        return Err(format!(
            "dim_model is {} and n_heads {}: the first must be a multiple of the second and of 4",
            config.dim_model, config.n_heads
        ));
    }
    if config.n_action_steps > config.chunk_size {
        return Err(format!(
            "n_action_steps is {} and chunk_size {}: no more steps can be carried out than there are",
            config.n_action_steps, config.chunk_size
        ));
    }
    if config.temporal_ensemble_coeff.is_some() && config.n_action_steps != 1 {
        return Err(format!(
            "temporal_ensemble_coeff needs n_action_steps = 1, as in LeRobot; it is {}",
            config.n_action_steps
        ));
    }
    Ok(config)
}

fn diffusion(fields: &Fields<'_>) -> Result<DiffusionConfig, String> {
    let resize_shape = fields.pair("resize_shape", MAX_SIDE)?;
    let ratio = fields.number("crop_ratio", 1.0)?;
    if !(ratio > 0.0 && ratio <= 1.0) {
        return Err(format!(
            "crop_ratio is {ratio}, and must be above 0 and at most 1"
        ));
    }
    let num_train_timesteps = fields.count("num_train_timesteps", 100, 10_000)?;
    let config = DiffusionConfig {
        n_obs_steps: fields.count("n_obs_steps", 2, MAX_LAYERS)?,
        horizon: fields.count("horizon", 64, MAX_KNOTS)?,
        n_action_steps: fields.count("n_action_steps", 32, MAX_KNOTS)?,
        vision_backbone: backbone(fields)?,
        resize_shape,
        // LeRobot: with a resize, the crop follows from the ratio, or there is none.
        crop_shape: match resize_shape {
            Some(shape) if ratio < 1.0 => Some(shape.map(|side| cropped(side, ratio))),
            Some(_) => None,
            None => fields.pair("crop_shape", MAX_SIDE)?,
        },
        use_group_norm: fields.flag("use_group_norm", false)?,
        keypoints: fields.count("spatial_softmax_num_keypoints", 32, MAX_WIDTH)?,
        separate_encoders: fields.flag("use_separate_rgb_encoder_per_camera", true)?,
        down_dims: fields.counts("down_dims", &[512, 1024, 2048], MAX_WIDTH)?,
        kernel_size: fields.count("kernel_size", 5, 255)?,
        n_groups: fields.count("n_groups", 8, MAX_WIDTH)?,
        step_embed_dim: fields.count("diffusion_step_embed_dim", 128, MAX_WIDTH)?,
        film_scale: fields.flag("use_film_scale_modulation", true)?,
        noise_scheduler_type: fields.word("noise_scheduler_type", "DDPM")?.to_owned(),
        num_train_timesteps,
        num_inference_steps: fields.count("num_inference_steps", num_train_timesteps, 10_000)?,
        beta_schedule: fields
            .word("beta_schedule", "squaredcos_cap_v2")?
            .to_owned(),
        beta_start: fields.number("beta_start", 0.0001)?,
        beta_end: fields.number("beta_end", 0.02)?,
        prediction_type: fields.word("prediction_type", "epsilon")?.to_owned(),
        clip_sample: fields.flag("clip_sample", true)?,
        clip_sample_range: fields.number("clip_sample_range", 1.0)?,
    };
    check_diffusion(&config)?;
    Ok(config)
}

fn check_diffusion(config: &DiffusionConfig) -> Result<(), String> {
    let (horizon, history) = (config.horizon, config.n_obs_steps);
    if config.n_action_steps + history > horizon + 1 {
        return Err(format!(
            "n_action_steps is {}, and a horizon of {horizon} with n_obs_steps {history} has {} steps from now on",
            config.n_action_steps,
            (horizon + 1).saturating_sub(history)
        ));
    }
    let levels = config.down_dims.len();
    if levels > 12 || !horizon.is_multiple_of(1 << levels) {
        return Err(format!(
            "horizon is {horizon}, and with {levels} down_dims it must be a multiple of {}",
            1u64 << levels.min(63)
        ));
    }
    if !config.kernel_size.is_multiple_of(2)
        && config.step_embed_dim >= 4
        && config.step_embed_dim.is_multiple_of(2)
    {
        return Ok(());
    }
    Err(format!(
        "kernel_size is {} and diffusion_step_embed_dim {}: the first must be odd, the second even and at least 4",
        config.kernel_size, config.step_embed_dim
    ))
}

/// `int(side * ratio)`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn cropped(side: usize, ratio: f64) -> usize {
    (side as f64 * ratio) as usize
}

fn backbone(fields: &Fields<'_>) -> Result<String, String> {
    let name = fields.word("vision_backbone", "resnet18")?;
    match name.starts_with("resnet") {
        true => Ok(name.to_owned()),
        false => Err(format!(
            "vision_backbone is {name}, and LeRobot's ACT and Diffusion have ResNets only"
        )),
    }
}

fn check_pictures(config: &DiffusionConfig, features: &Features) -> Result<(), String> {
    if features.state.is_none() {
        return Err(format!(
            "input_features lacks {STATE}, which LeRobot's Diffusion needs"
        ));
    }
    let sizes: Vec<[usize; 2]> = features
        .images
        .iter()
        .map(|image| [image.height, image.width])
        .collect();
    if sizes.iter().any(|size| *size != sizes[0]) {
        return Err(
            "its cameras have pictures of different sizes, which LeRobot's Diffusion does not take"
                .to_owned(),
        );
    }
    let Some(size) = sizes.first() else {
        return Ok(());
    };
    let size = config.resize_shape.unwrap_or(*size);
    match config.crop_shape {
        Some(crop) if crop[0] > size[0] || crop[1] > size[1] || crop.contains(&0) => Err(format!(
            "crop_shape is {crop:?}, and the pictures have {size:?} pixels (height, width)"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
