//! Diffusion: its config, its two networks, and how they are run: a denoising loop on the host.

use crate::bundle::ChunkSettings;
use crate::chunk::MAX_KNOTS;
use crate::contract::STATE;
use crate::import::config::{Features, Fields, MAX_LAYERS, MAX_SIDE, MAX_WIDTH};
use crate::import::nets::condition::{self, Looking};
use crate::import::nets::unet::{self, UNet};
use crate::import::quoted::quoted;
use crate::import::weights::Weights;

use super::architecture::{Architecture, Built, PolicyType};

/// Its entry in the registry.
pub(super) static TYPE: PolicyType = PolicyType {
    name: "diffusion",
    title: "Diffusion",
    fields: FIELDS,
    read,
};

const FIELDS: &[&str] = &[
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

/// LeRobot's prefix of all weights of Diffusion.
const PREFIX: &str = "diffusion.";

/// Diffusion, by LeRobot's names.
#[derive(Debug, Clone)]
struct Diffusion {
    looking: Looking,
    unet: UNet,
    n_action_steps: usize,
    noise_scheduler_type: String,
    num_train_timesteps: usize,
    num_inference_steps: usize,
    beta_schedule: String,
    beta_start: f64,
    beta_end: f64,
    prediction_type: String,
    clip_sample: bool,
    clip_sample_range: f64,
}

fn read(fields: &Fields<'_>, features: &Features) -> Result<Box<dyn Architecture>, String> {
    let num_train_timesteps = fields.count("num_train_timesteps", 100, 10_000)?;
    let config = Diffusion {
        looking: looking(fields)?,
        unet: UNet {
            horizon: fields.count("horizon", 64, MAX_KNOTS)?,
            down_dims: fields.counts("down_dims", &[512, 1024, 2048], MAX_WIDTH)?,
            kernel_size: fields.count("kernel_size", 5, 255)?,
            n_groups: fields.count("n_groups", 8, MAX_WIDTH)?,
            step_embed_dim: fields.count("diffusion_step_embed_dim", 128, MAX_WIDTH)?,
            film_scale: fields.flag("use_film_scale_modulation", true)?,
        },
        n_action_steps: fields.count("n_action_steps", 32, MAX_KNOTS)?,
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
    check_steps(&config)?;
    check_pictures(&config.looking, features)?;
    Ok(Box::new(config))
}

fn looking(fields: &Fields<'_>) -> Result<Looking, String> {
    let resize_shape = fields.pair("resize_shape", MAX_SIDE)?;
    let ratio = fields.number("crop_ratio", 1.0)?;
    if !(ratio > 0.0 && ratio <= 1.0) {
        return Err(format!(
            "crop_ratio is {ratio}, and must be above 0 and at most 1"
        ));
    }
    Ok(Looking {
        n_obs_steps: fields.count("n_obs_steps", 2, MAX_LAYERS)?,
        vision_backbone: fields.backbone()?,
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
    })
}

fn check_steps(config: &Diffusion) -> Result<(), String> {
    let (horizon, history) = (config.unet.horizon, config.looking.n_obs_steps);
    if config.n_action_steps + history > horizon + 1 {
        return Err(format!(
            "n_action_steps is {}, and a horizon of {horizon} with n_obs_steps {history} has {} steps from now on",
            config.n_action_steps,
            (horizon + 1).saturating_sub(history)
        ));
    }
    let levels = config.unet.down_dims.len();
    if levels > 12 || !horizon.is_multiple_of(1 << levels) {
        return Err(format!(
            "horizon is {horizon}, and with {levels} down_dims it must be a multiple of {}",
            1u64 << levels.min(63)
        ));
    }
    let (kernel, dim) = (config.unet.kernel_size, config.unet.step_embed_dim);
    if !kernel.is_multiple_of(2) && dim >= 4 && dim.is_multiple_of(2) {
        return Ok(());
    }
    Err(format!(
        "kernel_size is {kernel} and diffusion_step_embed_dim {dim}: the first must be odd, the second even and at least 4"
    ))
}

/// `int(side * ratio)`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn cropped(side: usize, ratio: f64) -> usize {
    (side as f64 * ratio) as usize
}

impl Architecture for Diffusion {
    fn summary(&self, features: &Features) -> String {
        format!(
            "Diffusion, {}, {} in {} steps",
            features.eyes(&self.looking.vision_backbone),
            self.noise_scheduler_type,
            self.num_inference_steps
        )
    }

    fn chunks(&self) -> ChunkSettings {
        let n_obs_steps = self.looking.n_obs_steps;
        ChunkSettings {
            chunk_size: self.unet.horizon + 1 - n_obs_steps,
            n_action_steps: self.n_action_steps,
            n_obs_steps,
            temporal_ensemble_coeff: None,
        }
    }

    fn build(&self, features: &Features, weights: &mut Weights) -> Result<Built, String> {
        let (encoder, condition) = condition::build(&self.looking, PREFIX, features, weights)?;
        let denoiser = unet::build(&self.unet, PREFIX, features.action, condition, weights)?;
        Ok(Built {
            networks: vec![("encoder", encoder), ("denoiser", denoiser)],
            sections: section(self, condition),
        })
    }
}

fn section(config: &Diffusion, condition: usize) -> String {
    format!(
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
        config.unet.horizon,
        quoted(&config.noise_scheduler_type),
        config.num_train_timesteps,
        config.num_inference_steps,
        quoted(&config.beta_schedule),
        config.beta_start,
        config.beta_end,
        quoted(&config.prediction_type),
        config.clip_sample,
        config.clip_sample_range,
    )
}

/// Whether it can see what it is shown.
fn check_pictures(looking: &Looking, features: &Features) -> Result<(), String> {
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
    let size = looking.resize_shape.unwrap_or(*size);
    match looking.crop_shape {
        Some(crop) if crop[0] > size[0] || crop[1] > size[1] || crop.contains(&0) => Err(format!(
            "crop_shape is {crop:?}, and the pictures have {size:?} pixels (height, width)"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crop_follows_from_the_resize() {
        let with = |text: &str| {
            let fields = serde_json::from_str(text).unwrap();
            looking(&Fields::new(&fields)).unwrap().crop_shape
        };
        let resized = r#"{"resize_shape": [64, 85], "crop_ratio": 0.9}"#;
        assert_eq!(with(resized), Some([57, 76]));
        let whole = r#"{"resize_shape": [64, 85], "crop_shape": [10, 10]}"#;
        assert_eq!(with(whole), None);
        assert_eq!(with(r#"{"crop_shape": [84, 84]}"#), Some([84, 84]));
    }
}
